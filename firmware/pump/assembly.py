# SPDX-License-Identifier: MIT
"""The composition root: builds everything from a board's data, connects it, holds no logic.

This module builds delivery and records; `front` builds the rest. Both are needed at power-up only,
so no part may keep a reference to one of their functions.
"""

from pump.alarm.absence import Absence
from pump.alarm.heartbeat import Heartbeat
from pump.alarm.manager import AlarmManager
from pump.clock import Monotonic
from pump.delivery.calibration import Calibrations
from pump.delivery.dispenser import Dispenser
from pump.delivery.ledger import Ledger
from pump.delivery.reservoir import Reservoir
from pump.hal import files
from pump.infusion.infusion import Infusion
from pump.infusion.orders import DISPENSER
from pump.infusion.reservoir_guard import ReservoirGuard
from pump.lock import Lock
from pump.prescription.staging import Staging
from pump.records.event_log import FOLDER as LOG_FOLDER
from pump.records.event_log import EventLog
from pump.records.event_recorder import EventRecorder
from pump.records.journal import Journal
from pump.records.mirrored_records import FOLDERS, MirroredRecords
from pump.records.settings import Settings
from pump.supervisor import Supervisor
from pump.therapy.bolus_log import BolusLog
from pump.therapy.daily_limit import DailyLimit
from pump.therapy.forecast import Forecast
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
        self.infusion = Infusion(
            dispenser=self.dispenser,
            ledger=self.ledger,
            clock=self.clock,
            boluses=BolusLog(),
            day=DailyLimit(),
            forecast=Forecast(board.PUMP["min_rate_nl_d"]),
            calibration=self.calibrations.current(),
        )
        self.reservoir = Reservoir(board.PUMP["reservoir_nl"], board.PUMP["dead_nl"])
        self.reservoir_guard = ReservoirGuard(
            self.reservoir,
            infusion=self.infusion,
            dispenser=self.dispenser,
            ledger=self.ledger,
        )
        self._build_memory(board, hal)
        self.rotor = self._rotor_guard(board, hal)
        from pump.front import Front  # after the records are restored: see there

        self.front = Front(self, board, hal)
        unload("pump.front")

    def parts(self):
        """Name -> part, for the arguments of `App`."""
        front = self.front
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
            "annunciator": front.annunciator,
            "monitor": front.monitor,
            "self_test": front.self_test,
            "orders": front.orders,
            "errors": front.errors,
            "link": front.link,
            "port": self.port,
            "folders": self.folders,
            "may_resume": self.may_resume,
        }

    def _tasks(self):
        """(name, poll) of each task, in the order in which they are polled."""
        front = self.front
        tasks = [
            ("console", front.link.poll),
            (DISPENSER, self.dispenser.renew),
            ("reservoir", self.reservoir_guard.poll),  # may stop steps that were just planned
        ]
        if self.rotor is not None:
            tasks.append(("rotor", self.rotor.poll))
        if self.rtc is not None:
            from pump.beat import Beat

            tasks.append(("beat", Beat(self.rtc, self.settings, self.infusion).poll))
        tasks += (
            ("infusion", self.infusion.poll),
            ("staging", self.staging.poll),
            ("panel", front.panel.poll),  # before the tasks that show its effects
            ("monitor", front.monitor.poll),
            ("annunciator", front.annunciator.poll),
            ("memory", self.settings.poll),
            ("clocks", front.time_check.poll),
            ("self-test", front.self_test.poll),
            ("conditions", front.conditions.poll),
        )
        return tuple(tasks)

    def _build_memory(self, board, hal):
        """Build the records, and restore the state from them."""
        is_prepared = any(map(files.is_there, FOLDERS))  # made by deployment
        copies = tuple(map(files.Files, FOLDERS))
        log = files.Files(LOG_FOLDER)
        self.folders = copies + (log,)
        twins, self.log = MirroredRecords(copies, board.NAME), EventLog(log, 0)
        scratch = hal.scratch()
        self.watchdog = Watchdog(hal.watchdog_timer(), scratch, self.clock)
        self.journal = Journal(
            twins,
            log=self.log,
            clock=self.clock,
            ledger=self.ledger,
            infusion=self.infusion,
            scratch=scratch,
            watchdog=self.watchdog,
        )
        self.dispenser.record(self.journal)
        self.events = EventRecorder(self.log, self.clock, self.infusion.forecast)
        self.settings = Settings(
            twins,
            journal=self.journal,
            events=self.events,
            clock=self.clock,
            dispenser=self.dispenser,
            infusion=self.infusion,
            staging=self.staging,
            alarms=self.alarms,
            alarm_owners=(self.alarms, self.absence),
            setup_owners=self._setup_owners(),
            folders=(log,) + copies,
        )
        self.rtc = hal.rtc(board)
        self._recover(twins, scratch, is_prepared, hal.reset_cause())

    def _setup_owners(self):
        """The owners of the record `setup`, in the order of their places in it."""
        forecast = self.infusion.forecast
        first = forecast, self.infusion.line, self.calibrations, self.reservoir
        return first + (self.lock, self.heartbeat, forecast.grid)

    def _recover(self, twins, scratch, is_prepared, cause):
        """Restore the state from the records, then free the memory that this takes."""
        from pump.records.recovery import Recovery

        recovery = Recovery(
            twins=twins,
            log=self.log,
            journal=self.journal,
            settings=self.settings,
            clock=self.clock,
            ledger=self.ledger,
            infusion=self.infusion,
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
        """The rotor guard; None on a board without a rotor sensor."""
        counter = hal.rotor(board)
        if counter is None:
            return None
        from pump.rotor_guard import RotorGuard

        return RotorGuard(
            board.ROTOR["steps_per_pulse"],
            counter=counter,
            engine=self.engine,
            dispenser=self.dispenser,
            infusion=self.infusion,
            note=self.events.note,
        )


def _steps_per_rev(board):
    return board.PUMP["full_steps"] * board.PUMP["microsteps"]


def _min_period_us(board):
    return 1_000_000 // board.DRIVER["max_steps_s"]
