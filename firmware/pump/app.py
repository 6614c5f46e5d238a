# SPDX-License-Identifier: MIT
"""The composition root: builds everything from a board's data, passes it on, holds no logic."""

import gc

from pump import VERSION
from pump.alarm import patterns
from pump.alarm.absence import Absence
from pump.alarm.annunciator import Annunciator
from pump.alarm.heartbeat import Heartbeat
from pump.alarm.manager import PAUSE_US, AlarmManager
from pump.alarm.monitor import Monitor
from pump.clock import Monotonic
from pump.console import ieee488
from pump.console.buttons import HELD, PRESSED
from pump.console.commands import (
    alarm,
    bolus,
    delivery,
    log,
    motor,
    prescription,
    reservoir,
    system,
    therapy,
)
from pump.console.conditions import Conditions
from pump.console.errors import ErrorQueue
from pump.console.link import Link
from pump.console.lock import Lock, has_pin
from pump.console.panel import Panel
from pump.console.session import Session
from pump.console.status import Status
from pump.console.tree import Tree
from pump.control import DISPENSER, Control
from pump.delivery.calibration import Calibrations
from pump.delivery.dispenser import Dispenser
from pump.delivery.ledger import Ledger
from pump.delivery.planner import FASTEST_STEPS_S
from pump.delivery.reservoir import Reservoir
from pump.dosing import Dosing
from pump.faults import BUTTON_DOWN, NAMES, RESET_LOOP, WATCHDOG_OFF, Refused, name_in
from pump.hal import files
from pump.journal import Journal
from pump.memory import Memory
from pump.progress import Progress
from pump.selftest import SelfTest
from pump.store.events import COMMAND, FAULT, SELF_TEST_FAILED, TASK_LATE
from pump.store.log import FOLDER as LOG_FOLDER
from pump.store.log import EventLog
from pump.store.twins import FOLDERS, Twins
from pump.supervisor import Supervisor
from pump.supply import Supply
from pump.therapy.boluses import Boluses
from pump.therapy.daily_limit import DailyLimit
from pump.therapy.outlook import Outlook
from pump.therapy.staging import Staging
from pump.timecheck import TimeCheck
from pump.treatment import Treatment
from pump.unload import unload
from pump.watchdog import Watchdog

# Subsystems whose commands change nothing of the pump: how a host is answered, what is staged.
_UNRECORDED = ("*CL", "*ES", "*OP", "*RS", "*SR", "*WA", "STA", "PRE")
_COMMIT = "PRES:COMM"  # which the store makes an event of
_SETUP = ("RES", "MOT", "SYS", "ALA")  # and those whose change is in flash before the answer
_RUBBISH_BYTES = 16_384
_SUMS = "/lib/pump/sums.txt"
# The queue is sure for 1.2 s; both copies of a record take 0.85 s of the slowest flash.
_DEADLINES_US = {"console": 1_000_000, "memory": 1_000_000, DISPENSER: 1_000_000}
_FOR_RECOVERY = ("pump.recovery", "pump.interruption", "pump.store.shapes", "pump.store.loading")
_SILENCE = "SILENCE"  # the button whose change is, too


class App:
    """The pump of one board. `board` is its data, `hal` the module of its port."""

    def __init__(self, board, hal):
        self.clock = Monotonic()
        self.port = hal.console_port(board, self.clock)
        self.rest = hal.Rest(self.clock, self.port)
        self.supervisor = Supervisor(self.clock, self.rest)
        self.engine = hal.step_engine(board, self.clock)
        self.ledger = Ledger(_steps_per_rev(board))
        self.dispenser = Dispenser(self.engine, self.clock, self.ledger, _min_period_us(board))
        self.staging = Staging(self.clock, board.PUMP["min_rate_nl_d"])
        self.alarms, self.absence = AlarmManager(), Absence()
        self.heartbeat, self.lock = Heartbeat(), Lock(self.clock, hal.random_bytes)
        self.calibrations = Calibrations(board.PUMP["pl_per_rev"], _steps_per_rev(board))
        self.treatment = Treatment(
            (self.dispenser, self.ledger, self.clock),
            (Boluses(), DailyLimit()),
            Outlook(board.PUMP["min_rate_nl_d"]),
            self.calibrations.current(),
        )
        self.reservoir = Reservoir(board.PUMP["reservoir_nl"], board.PUMP["dead_nl"])
        delivery = self.treatment, self.dispenser, self.ledger
        self.supply = Supply(self.reservoir, delivery)
        self._build_memory(board, hal)
        self.rotor = self._rotor_guard(board, hal)
        self._build_alarms(board, hal)
        self.control = Control(
            self.treatment,
            (self.dispenser, self.supply, self.calibrations),
            self.staging,
            self.supervisor,
            (board.PUMP, min(board.DRIVER["max_steps_s"], FASTEST_STEPS_S)),
            memory=self.memory,
            rtc=self.rtc,
            alarms=self.alarms,
        )
        self.dosing = Dosing(self.control, self.treatment, self._signal_refused)
        self._add_buttons(board, hal)
        self._build_console(board, hal)
        self.tasks = (
            ("console", self.link.poll),
            (DISPENSER, self.dispenser.renew),
            ("supply", self.supply.poll),  # stops what the dispenser has just planned
        )
        if self.rotor is not None:
            self.tasks += (("rotor", self.rotor.poll),)
        if self.rtc is not None:
            from pump.beat import Beat

            self.tasks += (("beat", Beat(self.rtc, self.memory, self.treatment).poll),)
        self.tasks += (
            ("treatment", self.treatment.poll),
            ("staging", self.staging.poll),
            ("panel", self.panel.poll),  # before who sees what has come of it
            ("monitor", self.monitor.poll),
            ("annunciator", self.annunciator.poll),
            ("memory", self.memory.poll),
            ("clocks", self.time_check.poll),
            ("self-test", self.self_test.poll),
            ("conditions", self.conditions.poll),
        )

    def run(self):
        """Run until `SYSTem:SERVice`; whatever ends it, the pump is stopped afterwards."""
        ways_down = (
            self.journal.stopping,  # alone ahead of the stop: a word is written, it cannot fail
            self.engine.stop,
            self.dispenser.halt,
            self.annunciator.alarm,
        )
        self._reports = self.errors.push, self._log_fault
        self.supervisor.install(self.tasks, ways_down, self._reports, self.watchdog.feed)
        self.supervisor.watch(_DEADLINES_US, self._note_late)
        gc.collect()  # what importing and building left behind
        self.watchdog.start()
        if self.watchdog.is_looping:
            self.supervisor.trip(RESET_LOOP, "the watchdog has bitten three times")
        self.monitor.look()  # where an alarm is about to sound, the self-test makes no tone
        if self._test() == 0 and self.may_resume:
            self._resume()
        self.monitor.look()
        gc.threshold(_RUBBISH_BYTES)  # little, so that what stays is not scattered amid rubbish
        try:
            self.supervisor.run()
            self.link.flush()
        finally:
            self.dispenser.halt()
            self.annunciator.close()
            self.memory.close()
            self.port.close()
        self.watchdog.stop()  # not where an error ends it: a reset brings the pump up again

    def _build_memory(self, board, hal):
        """What survives a reset, and what it brings back."""
        is_prepared = any(map(files.is_there, FOLDERS))  # deployment has made them
        copies = tuple(map(files.Files, FOLDERS))
        log = files.Files(LOG_FOLDER)
        self.folders = copies + (log,)
        twins, self.log = Twins(copies, board.NAME), EventLog(log, 0)
        scratch = hal.scratch()
        self.watchdog = Watchdog(hal.watchdog_timer(), scratch, self.clock)
        delivery = self.clock, self.ledger, self.treatment
        self.journal = Journal(twins, self.log, delivery, scratch, self.watchdog)
        self.dispenser.record(self.journal)
        self.memory = Memory(
            (twins, self.log),
            self.journal,
            (self.clock, self.dispenser, self.treatment, self.staging),
            (self.calibrations, self.reservoir),
            alarms=self.alarms,
            absence=self.absence,
            lock=self.lock,
            heartbeat=self.heartbeat,
        )
        self.rtc = hal.rtc(board)
        self._recover(twins, scratch, is_prepared, hal.reset_cause())

    def _recover(self, twins, scratch, is_prepared, cause):
        """Bring back what was kept. A board gets the memory back that this takes."""
        from pump.recovery import Recovery

        recovery = Recovery(
            twins=twins,
            log=self.log,
            journal=self.journal,
            memory=self.memory,
            clock=self.clock,
            ledger=self.ledger,
            treatment=self.treatment,
            staging=self.staging,
            calibrations=self.calibrations,
            reservoir=self.reservoir,
            alarms=self.alarms,
            absence=self.absence,
            lock=self.lock,
            heartbeat=self.heartbeat,
            scratch=scratch,
            rtc=self.rtc,
            is_prepared=is_prepared,
        )
        self.may_resume = recovery.restore()
        self.lock.begin()
        self.boot = (cause, self.clock.now_us(), self.folders)
        recovery.report(cause)
        for module in _FOR_RECOVERY:
            unload(module)
        self.memory.begin()

    def _rotor_guard(self, board, hal):
        """What watches the rotor; None on a board that has no sensor for it."""
        counter = hal.rotor(board)
        if counter is None:
            return None
        from pump.rotor_guard import RotorGuard

        return RotorGuard(
            board.ROTOR["steps_per_pulse"],
            counter=counter,
            engine=self.engine,
            dispenser=self.dispenser,
            treatment=self.treatment,
            note=self.memory.note,
        )

    def _build_alarms(self, board, hal):
        """What watches, and what is heard and seen of it."""
        speaker = hal.speaker(board)
        self.annunciator = Annunciator(
            speaker, hal.lamps(board), self.alarms, self.clock, self.supervisor.wake_by
        )
        self.panel = Panel(self.clock, self.annunciator.signal, self._after_button)
        self._build_self_test(hal)
        self.monitor = Monitor(
            self.alarms,
            self.absence,
            self.clock,
            treatment=self.treatment,
            staging=self.staging,
            supply=self.supply,
            journal=self.journal,
            memory=self.memory,
            panel=self.panel,
            self_test=self.self_test,
            supervisor=self.supervisor,
            heartbeat=self.heartbeat,
            has_buzzer=speaker is not None,
            fitted=self.rotor.conditions() if self.rotor is not None else (),
        )

    def _build_self_test(self, hal):
        """What is tested before anything moves, and every hour."""
        self.time_check = TimeCheck(self.clock, hal.stopwatch())

        def load():
            from pump import selftest_parts as parts

            quiet = (
                parts.program(parts.Sums(_SUMS, _is_in_files, files.parts)),
                parts.memory(),
                parts.clocks(self.time_check),
                parts.engine(self.dispenser),
                parts.records(self.memory),
            )
            others = (BUTTON_DOWN, self.panel.is_clear), (WATCHDOG_OFF, self.watchdog.is_armed)
            return quiet, (parts.things(*others), self.annunciator.test_outputs)

        self.self_test = SelfTest(load, self.clock, self.supervisor.trip, self._note_failed)

    def _test(self):
        """*TST?: 0, or the number of a fault, or of the first part of the self-test that fails.

        While anything is delivered the self-test is not made: its last result counts.
        """
        if not self.control.self_test() and not self.dispenser.is_active():
            self.self_test.run()
        return self.control.self_test() or self.self_test.failed()

    def _note_failed(self, number):
        self.memory.note(SELF_TEST_FAILED, "%d %s" % (number, name_in(NAMES, number)))

    def _note_late(self, name, late_ms):
        self.memory.note(TASK_LATE, "%s %d ms" % (name, late_ms))

    def _add_buttons(self, board, hal):
        """What the buttons order: the same as commands do."""
        stop, silence, patient = hal.button_lines(board, self.rest)
        self.panel.add(stop, HELD, self.control.stop, "STOP")
        self.panel.add(silence, PRESSED, self._silence, _SILENCE)
        self.panel.add(patient, PRESSED, self.dosing.patient, "BOLUS")

    def _build_console(self, board, hal):
        self.status = Status()
        self.errors = ErrorQueue(self.status)
        tree = Tree(self._sections(board, hal), self.lock.need_open)
        self.conditions = Conditions(self.status, self.control, self.alarms)
        session = Session(tree, self.errors, therapy.STOP, self._after_command)
        self.link = Link(self.port, session, self.errors, self.clock, self.heartbeat.hear)

    def _lock_rows(self):
        from pump.console.commands import lock  # few pumps have a PIN, and none has it tried often

        return lock.rows(self.lock, self.memory)

    def _resume(self):
        """The regular therapy goes on where the reset ended it, unless something is against it."""
        try:
            self.control.resume()
        except Refused as refused:
            for report in self._reports:
                report(refused.code, refused.detail)

    def _after_command(self, header, arguments):
        self._go_on()
        if not header.endswith("?") and header[:3] not in _UNRECORDED:
            shown = "" if has_pin(header) else ",".join(arguments)
            text = (header + " " + shown).rstrip()
            self._record_order(text, header[:3] in _SETUP)
        elif header.startswith(_COMMIT):
            self.monitor.look()
        self.conditions.refresh()

    def _after_button(self, name):
        self._go_on()
        self._record_order("BUTTON " + name, name == _SILENCE)
        self.conditions.refresh()

    def _go_on(self):
        """What runs goes on however long orders take."""
        self.dispenser.renew(0)  # a line of many commands must not outlast the lease
        self.supply.poll(0)

    def _record_order(self, text, is_setup):
        """Bring what an order has changed to the alarms and to flash."""
        self.memory.note(COMMAND, text)
        self.monitor.look()
        self.annunciator.poll()  # it sounds before flash is written
        self.memory.watch()  # what begins and ends in one message is told, too
        if not self.dispenser.is_active():
            self.memory.settle()  # what is stopped is not under way any more
        if is_setup:
            self.memory.sync()
        self.monitor.look()  # whether flash has taken it
        self.memory.watch()

    def _silence(self):
        self.alarms.pause(PAUSE_US, self.clock.now_us())

    def _signal_refused(self):
        self.annunciator.signal(patterns.REFUSED)

    def _log_fault(self, code, detail):
        self.memory.note(FAULT, "%d %s" % (code, detail))

    def _sections(self, board, hal):
        """The command tree: (how headers begin, what makes the rows) of each section."""
        progress = Progress(self.treatment, self.dispenser)
        identity = "ITB-Pump,%s,%s,%s" % (board.NAME, hal.unique_id(), VERSION)
        common = self.status, self.errors, lambda: identity, self.staging.discard, self._test
        whole = self.control, self.supervisor, self.clock, self.boot, self.heartbeat, _sums
        sound = self.monitor, self.annunciator, self.clock
        return (
            ("SY", lambda: system.rows(*whole)),  # the shorter one first
            ("* SY ST", lambda: ieee488.rows(*common)),
            ("SY", self._lock_rows),
            ("PR", lambda: prescription.rows(self.control, self.staging)),
            ("TH", lambda: therapy.rows(self.control)),
            ("BO PR BR", lambda: bolus.rows(self.dosing, progress, self.treatment.boluses)),
            ("DE", lambda: delivery.rows(progress, self.dispenser, self.ledger, self.rotor)),
            ("RE", lambda: reservoir.rows(self.control, self.supply)),
            ("MO", lambda: motor.rows(self.control, board.DRIVER)),
            ("AL", lambda: alarm.rows(self.alarms, self.absence, *sound)),
            ("LO", lambda: log.rows(self.log)),
        )


def _sums():
    """The sums of the program's files, in parts; OSError where they are no files."""
    return files.parts(_SUMS)


def _is_in_files():
    """Whether the firmware is files on this board, not frozen into its image."""
    return files.is_there("/lib/pump")


def _steps_per_rev(board):
    return board.PUMP["full_steps"] * board.PUMP["microsteps"]


def _min_period_us(board):
    return 1_000_000 // board.DRIVER["max_steps_s"]
