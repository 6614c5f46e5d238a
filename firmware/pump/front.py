# SPDX-License-Identifier: MIT
"""The front of the pump: alarms and self-test, orders, buttons and console.

The second part of the composition root. It is loaded after the records have been restored: with
the console, the largest room, in the heap there would be too little memory for them.
"""

from pump import VERSION
from pump.alarm.annunciator import Annunciator
from pump.alarm.monitor import Monitor
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
from pump.console.lock import rows as lock_rows
from pump.console.panel import Panel
from pump.console.session import Session
from pump.console.status import Status
from pump.console.tree import Tree
from pump.delivery.planner import FASTEST_STEPS_S
from pump.hal import program
from pump.infusion.bolus_orders import BolusOrders
from pump.infusion.interlocks import Interlocks
from pump.infusion.orders import Orders
from pump.infusion.progress import Progress
from pump.selftest import SelfTest
from pump.timecheck import TimeCheck


class Front:
    """The parts, each made of those before it. whole: the `Assembly`, with all lower parts.

    board: its data. hal: the module of its port.
    """

    def __init__(self, whole, board, hal):
        self._whole = whole
        self._build_alarms(board, hal)
        self._build_orders(board, hal)
        self._build_console(board, hal)

    def _build_alarms(self, board, hal):
        """Build the monitor, the annunciator, the panel and the self-test."""
        whole, speaker = self._whole, hal.speaker(board)
        self.annunciator = Annunciator(
            speaker, hal.lamps(board), whole.alarms, whole.clock, whole.supervisor.wake_by
        )
        self.panel = Panel(whole.clock, self.annunciator.signal)
        self._build_self_test(hal)
        self.monitor = Monitor(
            whole.alarms,
            whole.absence,
            whole.clock,
            infusion=whole.infusion,
            staging=whole.staging,
            reservoir_guard=whole.reservoir_guard,
            journal=whole.journal,
            settings=whole.settings,
            panel=self.panel,
            self_test=self.self_test,
            supervisor=whole.supervisor,
            heartbeat=whole.heartbeat,
            has_buzzer=speaker is not None,
            fitted=whole.rotor.conditions() if whole.rotor is not None else (),
        )

    def _build_self_test(self, hal):
        """Build the time check and the self-test."""
        whole = self._whole
        self.time_check = TimeCheck(whole.clock, hal.stopwatch())
        self.self_test = SelfTest(
            whole.clock,
            whole.supervisor.trip,
            whole.events.note,
            program=program,
            time_check=self.time_check,
            dispenser=whole.dispenser,
            settings=whole.settings,
            log=whole.log,
            panel=self.panel,
            watchdog=whole.watchdog,
            annunciator=self.annunciator,
        )

    def _build_orders(self, board, hal):
        """Build the orders, their consequences, and the buttons, which give the same orders."""
        whole = self._whole
        self.interlocks = Interlocks(
            pump=board.PUMP,
            max_steps_s=min(board.DRIVER["max_steps_s"], FASTEST_STEPS_S),
            supervisor=whole.supervisor,
            settings=whole.settings,
            staging=whole.staging,
            dispenser=whole.dispenser,
            infusion=whole.infusion,
        )
        self.orders = Orders(
            interlocks=self.interlocks,
            infusion=whole.infusion,
            dispenser=whole.dispenser,
            reservoir_guard=whole.reservoir_guard,
            calibrations=whole.calibrations,
            staging=whole.staging,
            supervisor=whole.supervisor,
            settings=whole.settings,
            rtc=whole.rtc,
            alarms=whole.alarms,
            self_test=self.self_test,
        )
        self.bolus_orders = BolusOrders(
            interlocks=self.interlocks,
            infusion=whole.infusion,
            reservoir_guard=whole.reservoir_guard,
            staging=whole.staging,
            supervisor=whole.supervisor,
            signal=self.annunciator.signal,
            note=whole.events.note,
        )
        self.status = Status()
        self.conditions = Conditions(self.status, self.orders, whole.alarms)
        self.consequences = Consequences(
            supervisor=whole.supervisor,
            dispenser=whole.dispenser,
            reservoir_guard=whole.reservoir_guard,
            settings=whole.settings,
            note=whole.events.note,
            monitor=self.monitor,
            annunciator=self.annunciator,
            conditions=self.conditions,
        )
        self.panel.tell(self.consequences.of_button)
        stop, silence, patient = hal.button_lines(board, whole.rest)
        self.panel.add(stop, HELD, self.orders.stop, "STOP")
        self.panel.add(silence, PRESSED, self.annunciator.pause, SILENCE)
        self.panel.add(patient, PRESSED, self.bolus_orders.patient, "BOLUS")

    def _build_console(self, board, hal):
        whole = self._whole
        self.errors = ErrorQueue(self.status)
        tree = Tree(self._sections(board, hal), whole.lock.require_open)
        then = self.consequences
        session = Session(tree, self.errors, therapy.STOP, then.follow, then.settle)
        self.link = Link(whole.port, session, self.errors, whole.clock, whole.heartbeat.hear)
        whole.settings.listen = self.link.listen

    def _sections(self, board, hal):
        """The sections of the command tree: (heads, rows, arguments), see `Tree`."""
        whole, orders = self._whole, self.orders
        infusion, dispenser, staging = whole.infusion, whole.dispenser, whole.staging
        progress = Progress(infusion, dispenser)
        identity = "ITB-Pump,%s,%s,%s" % (board.NAME, hal.unique_id(), VERSION)
        clock, lock = whole.clock, whole.lock
        system_parts = orders, whole.supervisor, clock, whole.boot, whole.heartbeat, program.sums
        common = self.status, self.errors, identity, staging.discard, orders.self_test
        sound = self.monitor, self.annunciator, clock
        return (
            ("*", ieee488.rows, common),
            ("SY ST", ieee488.required_rows, (self.status, self.errors)),
            ("SY", system.rows, system_parts),
            ("SY", lock_rows, (lock, whole.settings, whole.events.note)),
            ("PR", prescription.rows, (orders, self.interlocks, staging)),
            ("TH", therapy.rows, (orders,)),
            ("BO PR BR", bolus.rows, (self.bolus_orders, progress, infusion.boluses)),
            ("DE", delivery.rows, (progress, dispenser, whole.ledger, whole.rotor)),
            ("RE", reservoir.rows, (staging, whole.reservoir_guard)),
            ("MO", motor.rows, (orders, board.DRIVER)),
            ("AL", alarm.rows, (whole.alarms, whole.absence) + sound),
            ("LO", log.rows, (whole.log,)),
        )
