# SPDX-License-Identifier: MIT
"""The composition root: builds everything from a board's data, passes it on, holds no logic."""

import gc

from pump import VERSION
from pump.alarm.manager import AlarmManager
from pump.clock import Monotonic
from pump.console import ieee488
from pump.console.commands import (
    alarm,
    bolus,
    delivery,
    motor,
    prescription,
    reservoir,
    system,
    therapy,
)
from pump.console.conditions import Conditions
from pump.console.errors import ErrorQueue
from pump.console.link import Link
from pump.console.session import Session
from pump.console.status import Status
from pump.console.tree import Tree
from pump.control import DISPENSER, Control
from pump.delivery.calibration import Calibrations
from pump.delivery.dispenser import Dispenser
from pump.delivery.ledger import Ledger
from pump.delivery.reservoir import Reservoir
from pump.dosing import Dosing
from pump.progress import Progress
from pump.supervisor import Supervisor
from pump.supply import Supply
from pump.therapy.boluses import Boluses
from pump.therapy.outlook import Outlook
from pump.therapy.staging import Staging
from pump.therapy.window import Window
from pump.treatment import Treatment
from pump.watch import Watch


class App:
    """The pump of one board. `board` is its data, `hal` the module of its port."""

    def __init__(self, board, hal):
        self.clock = Monotonic()
        self.port = hal.console_port(board)
        self.supervisor = Supervisor(self.clock, hal.Rest(self.clock, self.port))
        self.engine = hal.step_engine(board, self.clock)
        self.ledger = Ledger(_steps_per_rev(board))
        self.dispenser = Dispenser(self.engine, self.clock, self.ledger, _min_period_us(board))
        self.staging = Staging(self.clock, board.PUMP["min_rate_nl_d"])
        self.alarms = AlarmManager()
        self.calibrations = Calibrations(board.PUMP["pl_per_rev"], _steps_per_rev(board))
        self.treatment = Treatment(
            (self.dispenser, self.ledger, self.clock),
            (Boluses(), Window()),
            Outlook(board.PUMP["min_rate_nl_d"]),
            self.calibrations.current(),
        )
        self.reservoir = Reservoir(board.PUMP["reservoir_nl"], board.PUMP["dead_nl"])
        delivery = self.treatment, self.dispenser, self.ledger
        self.supply = Supply(self.reservoir, delivery, self.alarms)
        self.control = Control(
            self.treatment,
            (self.dispenser, self.supply, self.calibrations),
            self.staging,
            self.supervisor,
            (board.PUMP, board.DRIVER["max_steps_s"]),
        )
        self.status = Status()
        self.errors = ErrorQueue(self.status)
        tree = Tree(self._rows(board, hal))
        conditions = Conditions(self.status, self.control, self.alarms)

        def after_command():
            self.dispenser.renew(0)  # a line of many commands must not outlast the lease
            self.supply.poll(0)
            conditions.refresh()

        session = Session(tree, self.errors, after_command, urgent=(therapy.STOP,))
        self.link = Link(self.port, session, self.errors)
        self.tasks = (
            ("console", self.link.poll),
            (DISPENSER, self.dispenser.renew),
            ("supply", self.supply.poll),  # stops what the dispenser has just planned
            ("treatment", self.treatment.poll),
            ("staging", self.staging.poll),
            ("watch", Watch(self.alarms, self.treatment, self.staging).poll),
            ("conditions", conditions.poll),
        )

    def run(self):
        """Run until `SYSTem:SERVice`; whatever ends it, the pump is stopped afterwards."""
        ways_down = (self.engine.stop, self.dispenser.halt)
        self.supervisor.install(self.tasks, ways_down, self.errors.push)
        gc.collect()  # what importing and building left behind
        try:
            self.supervisor.run()
            self.link.flush()
        finally:
            self.dispenser.halt()
            self.port.close()

    def _rows(self, board, hal):
        dosing = Dosing(self.control, self.treatment)
        progress = Progress(self.treatment, self.dispenser)
        identity = "ITB-Pump,%s,%s,%s" % (board.NAME, hal.unique_id(), VERSION)
        return (
            ieee488.rows(
                self.status,
                self.errors,
                lambda: identity,
                self.staging.discard,
                self.control.self_test,
            )
            + system.rows(self.control, self.supervisor, self.clock)
            + prescription.rows(self.control, self.staging)
            + therapy.rows(self.control)
            + bolus.rows(dosing, progress, self.treatment.boluses)
            + delivery.rows(progress, self.dispenser, self.ledger)
            + reservoir.rows(self.control, self.supply)
            + motor.rows(self.control, board.DRIVER)
            + alarm.rows(self.alarms)
        )


def _steps_per_rev(board):
    return board.PUMP["full_steps"] * board.PUMP["microsteps"]


def _min_period_us(board):
    return 1_000_000 // board.DRIVER["max_steps_s"]
