# SPDX-License-Identifier: MIT
"""The composition root: builds everything from a board's data, passes it on, holds no logic.

Needed at power-up only, so nothing that stays may keep a function of this module.
"""

from pump import VERSION
from pump.alarm.absence import Absence
from pump.alarm.annunciator import Annunciator
from pump.alarm.heartbeat import Heartbeat
from pump.alarm.manager import AlarmManager
from pump.alarm.monitor import Monitor
from pump.clock import Monotonic
from pump.consequences import SILENCE, Consequences
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
from pump.console.lock import Lock
from pump.console.lock import rows as lock_rows
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
from pump.hal import files, program
from pump.progress import Progress
from pump.records.event_log import FOLDER as LOG_FOLDER
from pump.records.event_log import EventLog
from pump.records.event_recorder import EventRecorder
from pump.records.journal import Journal
from pump.records.mirrored_records import FOLDERS, MirroredRecords
from pump.records.settings import Settings
from pump.selftest import SelfTest
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

_FOR_RECOVERY = (
    "pump.records.recovery",
    "pump.records.interruption",
    "pump.records.schemas",
    "pump.records.loading",
)


class Assembly:
    """The parts, each made of those before it. board: its data. hal: the module of its port."""

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
        self._build_orders(board, hal)
        self._build_console(board, hal)

    def parts(self):
        """Name -> part, of those that are needed while it runs: see `app`."""
        return {
            "tasks": self._tasks(),
            "clock": self.clock,
            "supervisor": self.supervisor,
            "engine": self.engine,
            "dispenser": self.dispenser,
            "journal": self.journal,
            "note": self.events.note,
            "settings": self.settings,
            "watchdog": self.watchdog,
            "annunciator": self.annunciator,
            "monitor": self.monitor,
            "self_test": self.self_test,
            "control": self.control,
            "errors": self.errors,
            "link": self.link,
            "port": self.port,
            "folders": self.folders,
            "may_resume": self.may_resume,
        }

    def _tasks(self):
        """(name, poll) of each task, in the order in which they are polled."""
        tasks = [
            ("console", self.link.poll),
            (DISPENSER, self.dispenser.renew),
            ("supply", self.supply.poll),  # stops what the dispenser has just planned
        ]
        if self.rotor is not None:
            tasks.append(("rotor", self.rotor.poll))
        if self.rtc is not None:
            from pump.beat import Beat

            tasks.append(("beat", Beat(self.rtc, self.settings, self.treatment).poll))
        tasks += (
            ("treatment", self.treatment.poll),
            ("staging", self.staging.poll),
            ("panel", self.panel.poll),  # before who sees what has come of it
            ("monitor", self.monitor.poll),
            ("annunciator", self.annunciator.poll),
            ("memory", self.settings.poll),
            ("clocks", self.time_check.poll),
            ("self-test", self.self_test.poll),
            ("conditions", self.conditions.poll),
        )
        return tuple(tasks)

    def _build_memory(self, board, hal):
        """What survives a reset, and what it brings back."""
        is_prepared = any(map(files.is_there, FOLDERS))  # deployment has made them
        copies = tuple(map(files.Files, FOLDERS))
        log = files.Files(LOG_FOLDER)
        self.folders = copies + (log,)
        twins, self.log = MirroredRecords(copies, board.NAME), EventLog(log, 0)
        scratch = hal.scratch()
        self.watchdog = Watchdog(hal.watchdog_timer(), scratch, self.clock)
        delivery = self.clock, self.ledger, self.treatment
        self.journal = Journal(twins, self.log, delivery, scratch, self.watchdog)
        self.dispenser.record(self.journal)
        self.events = EventRecorder(self.log, self.clock, self.treatment.outlook)
        self.settings = Settings(
            twins,
            self.journal,
            self.events,
            (self.clock, self.dispenser, self.treatment, self.staging),
            alarms=self.alarms,
            owners=self._owners(),
            folders=(log,) + copies,
        )
        self.rtc = hal.rtc(board)
        self._recover(twins, scratch, is_prepared, hal.reset_cause())

    def _owners(self):
        """Who shares the record `alarms`, and who `setup`, in the order of the places in it."""
        outlook = self.treatment.outlook
        alarms = self.alarms, self.absence
        setup = outlook, self.treatment.line, self.calibrations, self.reservoir
        return alarms, setup + (self.lock, self.heartbeat, outlook.grid)

    def _recover(self, twins, scratch, is_prepared, cause):
        """Bring back what was kept. A board gets the memory back that this takes."""
        from pump.records.recovery import Recovery

        recovery = Recovery(
            twins=twins,
            log=self.log,
            journal=self.journal,
            settings=self.settings,
            clock=self.clock,
            ledger=self.ledger,
            treatment=self.treatment,
            staging=self.staging,
            calibrations=self.calibrations,
            reservoir=self.reservoir,
            scratch=scratch,
            rtc=self.rtc,
            is_prepared=is_prepared,
        )
        self.may_resume = recovery.restore()
        self.lock.begin()
        self.boot = cause, self.clock.now_us(), self.folders
        recovery.report(cause, self.events.note)
        for module in _FOR_RECOVERY:
            unload(module)
        self.settings.begin()

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
            note=self.events.note,
        )

    def _build_alarms(self, board, hal):
        """What watches, and what is heard and seen of it."""
        speaker = hal.speaker(board)
        self.annunciator = Annunciator(
            speaker, hal.lamps(board), self.alarms, self.clock, self.supervisor.wake_by
        )
        self.panel = Panel(self.clock, self.annunciator.signal)
        self._build_self_test(hal)
        self.monitor = Monitor(
            self.alarms,
            self.absence,
            self.clock,
            treatment=self.treatment,
            staging=self.staging,
            supply=self.supply,
            journal=self.journal,
            settings=self.settings,
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
        self.self_test = SelfTest(
            self.clock,
            self.supervisor.trip,
            self.events.note,
            program=program,
            time_check=self.time_check,
            dispenser=self.dispenser,
            settings=self.settings,
            log=self.log,
            panel=self.panel,
            watchdog=self.watchdog,
            annunciator=self.annunciator,
        )

    def _build_orders(self, board, hal):
        """What may be ordered, what comes of it, and the buttons: they order what commands do."""
        self.control = Control(
            self.treatment,
            (self.dispenser, self.supply, self.calibrations),
            self.staging,
            self.supervisor,
            (board.PUMP, min(board.DRIVER["max_steps_s"], FASTEST_STEPS_S)),
            settings=self.settings,
            rtc=self.rtc,
            alarms=self.alarms,
            self_test=self.self_test,
        )
        self.dosing = Dosing(
            self.control, self.treatment, self.annunciator.signal, self.events.note
        )
        self.status = Status()
        self.conditions = Conditions(self.status, self.control, self.alarms)
        self.consequences = Consequences(
            supervisor=self.supervisor,
            dispenser=self.dispenser,
            supply=self.supply,
            settings=self.settings,
            note=self.events.note,
            monitor=self.monitor,
            annunciator=self.annunciator,
            conditions=self.conditions,
        )
        self.panel.tell(self.consequences.of_button)
        stop, silence, patient = hal.button_lines(board, self.rest)
        self.panel.add(stop, HELD, self.control.stop, "STOP")
        self.panel.add(silence, PRESSED, self.annunciator.pause, SILENCE)
        self.panel.add(patient, PRESSED, self.dosing.patient, "BOLUS")

    def _build_console(self, board, hal):
        self.errors = ErrorQueue(self.status)
        tree = Tree(self._sections(board, hal), self.lock.need_open)
        session = Session(tree, self.errors, therapy.STOP, self.consequences.follow)
        self.link = Link(self.port, session, self.errors, self.clock, self.heartbeat.hear)

    def _sections(self, board, hal):
        """The command tree: how headers begin, what makes the rows, and of what."""
        control, staging, dispenser = self.control, self.staging, self.dispenser
        progress = Progress(self.treatment, dispenser)
        identity = "ITB-Pump,%s,%s,%s" % (board.NAME, hal.unique_id(), VERSION)
        whole = control, self.supervisor, self.clock, self.boot, self.heartbeat, program.sums
        common = self.status, self.errors, identity, staging.discard, control.self_test
        sound = self.monitor, self.annunciator, self.clock
        return (
            ("*", ieee488.rows, common),
            ("SY ST", ieee488.required_rows, (self.status, self.errors)),
            ("SY", system.rows, whole),
            ("SY", lock_rows, (self.lock, self.settings, self.events.note)),
            ("PR", prescription.rows, (control, staging)),
            ("TH", therapy.rows, (control,)),
            ("BO PR BR", bolus.rows, (self.dosing, progress, self.treatment.boluses)),
            ("DE", delivery.rows, (progress, dispenser, self.ledger, self.rotor)),
            ("RE", reservoir.rows, (control, self.supply)),
            ("MO", motor.rows, (control, board.DRIVER)),
            ("AL", alarm.rows, (self.alarms, self.absence) + sound),
            ("LO", log.rows, (self.log,)),
        )


def _steps_per_rev(board):
    return board.PUMP["full_steps"] * board.PUMP["microsteps"]


def _min_period_us(board):
    return 1_000_000 // board.DRIVER["max_steps_s"]
