# SPDX-License-Identifier: MIT
"""An operator's orders to pump and therapy; for those of boluses see `bolus_orders`.

The console and the buttons call them. The interlocks judge an order; it is refused or carried out.
A stop is never refused.
"""

from micropython import const

from pump.alarm.conditions import INTERRUPTED, STORE_DAMAGED
from pump.faults import (
    ALREADY_RUNNING,
    CLOCK_REFUSED,
    NOTHING_TO_CONFIRM,
    WITNESS_MISMATCH,
    Refused,
)
from pump.prescription.daily_totals import daily_totals
from pump.prescription.prescription import FLEX
from pump.room import with_room
from pump.state import FAULT, RUNNING, SERVICE, STOPPED
from pump.therapy.wall_clock import WallClock
from pump.therapy.wall_clock import text as wall_text

DISPENSER = "dispenser"  # the task that renews the lease

_APPLY_US = const(3_000_000)  # the longest time from judging a commit until it takes effect
_PL_PER_NL = const(1000)


class Orders:
    """Start, stop, jog, commit, calibrate, set the clock.

    interlocks: judge each order. supervisor: has `fault`, `is_ending`, `tidy`, `trip` and `wake`.
    settings: the records in flash. rtc: a clock with a battery, or None. alarms: the manager.
    self_test: see `selftest`. The others are what their names say.
    """

    def __init__(
        self,
        *,
        interlocks,
        infusion,
        dispenser,
        reservoir_guard,
        calibrations,
        staging,
        supervisor,
        settings,
        rtc,
        alarms,
        self_test,
    ):
        self.interlocks = interlocks
        self.infusion = infusion
        self._dispenser = dispenser
        self._reservoir_guard = reservoir_guard
        self.calibrations = calibrations
        self._staging = staging
        self._supervisor = supervisor
        self.settings = settings
        self._rtc = rtc
        self._alarms = alarms
        self._self_test = self_test

    def state(self):
        """The state of the pump, one of `pump.state`."""
        if self._supervisor.fault is not None:
            return FAULT
        if self._supervisor.is_ending:
            return SERVICE
        return RUNNING if self._dispenser.is_active() else STOPPED

    def start(self):
        """Deliver the active prescription from now on."""
        if self.infusion.is_regular():
            raise Refused(ALREADY_RUNNING)
        self.interlocks.require_confirmed()
        self.resume()

    def resume(self):
        """As `start`, but without a confirmation: after a reset has ended a delivery, say."""
        active = with_room(self._judge_start)
        self.infusion.start(self.infusion.to_deliver(active))  # made again: judging took time
        self._supervisor.wake(DISPENSER)

    def stop(self):
        """Stop the motor at once. Never refused."""
        self.infusion.stop()

    def end(self):
        """End the firmware with safe outputs. Raise Refused unless stopped, or after a fault.

        It must be possible after a fault, which may be an error in its files.
        """
        if self._supervisor.fault is None:
            self.interlocks.require_stopped()
        self._supervisor.end()

    def confirm(self):
        """Confirm that a reset ended a delivery, or that records are lost."""
        if not self.settings.needs_confirmation():
            raise Refused(NOTHING_TO_CONFIRM)
        self.settings.confirm()
        for code in (INTERRUPTED, STORE_DAMAGED):
            if code in self._alarms.shown():
                self._alarms.acknowledge(code)

    def jog(self, steps, millirevs_min):
        """Turn as `Infusion.jog` does; stopped only. Raise Refused without enough volume."""
        self.interlocks.require_stopped()
        self.interlocks.require_confirmed()
        if steps:
            volume_pl = self.infusion.calibration.volume_pl(steps)
            self._reservoir_guard.require_volume(-(-volume_pl // _PL_PER_NL))
            self.infusion.jog(steps, millirevs_min)
            self._supervisor.wake(DISPENSER)

    def commit(self, token, *names):
        """Activate the staged prescription; a delivery follows and keeps its fraction of a step.

        names: exactly the soft limits that it exceeds.
        """
        infusion = self.infusion
        staged = with_room(self._judge_commit, token, names)
        self._dispenser.renew(0)  # validation of a week takes a while
        infusion.record_follow()
        past, pl_per_rev = self._staging.past(), infusion.calibration.pl_per_rev
        self.settings.commit(staged, past, pl_per_rev)
        self._staging.activate(staged, past, pl_per_rev)
        infusion.committed(staged)

    def calibrate(self, pl_per_rev):
        """Set the volume of a revolution; stopped only. Volume still owed stays the same."""
        self.interlocks.require_stopped()
        self._calibrate(pl_per_rev)

    def start_calibration_run(self, steps, millirevs_min):
        """Turn as `jog` does, to calibrate by the volume delivered."""
        before = self._dispenser.settle()
        self.jog(steps, millirevs_min)
        self.calibrations.begin(before, steps, self._dispenser.begun)

    def calibrate_from_run(self, volume_nl):
        """Calibrate by the last run, which delivered `volume_nl`. A run is used once."""
        self.interlocks.require_stopped()
        emitted = self._dispenser.settle()
        steps = self.calibrations.run_steps(emitted, self._dispenser.begun)
        self._calibrate(self.calibrations.measured_pl(volume_nl, steps))
        self.calibrations.forget()

    def set_clock(self, wall_s):
        """Set the wall clock; of deliveries only a running day pattern follows it."""
        wall, infusion = WallClock(), self.infusion
        wall.set(wall_s, infusion.now_us())
        prescription = infusion.prescription
        is_followed = infusion.is_regular() and prescription.mode == FLEX
        if is_followed:
            with_room(self._judge_clock, prescription, wall)
            infusion.record_follow()
        self._set_rtc(wall_s)
        infusion.forecast.wall = wall
        if is_followed and infusion.is_regular():  # no STOP has come while flash was written
            infusion.follow(prescription)

    def self_test(self):
        """0, the number of a fault, or of the first part of the self-test that fails.

        During a delivery no test is run: the last result counts.
        """
        if not self._fault() and not self._dispenser.is_active():
            self._self_test.run()
        return self._fault() or self._self_test.failed()

    def _judge_start(self):
        """Return the active prescription. Raise Refused unless it may be delivered now."""
        interlocks = self.interlocks
        active = interlocks.require_active()
        self._supervisor.tidy()
        interlocks.require_line(active.concentration_ng_ml, active.drug)
        highest_nl_d = daily_totals(active, interlocks.limits().min_nl_d).highest_nl_d
        self._reservoir_guard.require_start(highest_nl_d)
        interlocks.require_day(active, self.infusion.to_deliver(active))
        return active

    def _judge_commit(self, token, names):
        """Return the staged prescription. Raise Refused unless it may be committed now."""
        interlocks, infusion = self.interlocks, self.infusion
        interlocks.require_fit()
        interlocks.require_no_bolus(_APPLY_US)
        staged = self._staging.staged()
        interlocks.require_committable(staged, token, names)
        self._supervisor.tidy()  # the rates of a week need memory
        if infusion.is_regular():
            interlocks.require_same_drug(staged)
            interlocks.require_day(staged, infusion.to_deliver(staged))
        return staged

    def _judge_clock(self, prescription, wall):
        """Raise Refused unless a day pattern may follow another wall clock."""
        change = self.infusion.to_deliver(prescription, wall)
        self.interlocks.require_day(prescription, change, CLOCK_REFUSED)

    def _fault(self):
        """0, or the code of the fault that stopped the pump, or that unequal step counts cause."""
        if self._supervisor.fault is None and not self._dispenser.is_active():
            commanded, emitted, witness, _ = self._dispenser.totals()
            if not commanded == emitted == witness:
                self._supervisor.trip(WITNESS_MISMATCH)
        return self._supervisor.fault or 0

    def _set_rtc(self, wall_s):
        if self._rtc is None:
            return
        self.settings.distrust()
        try:
            self._rtc.write(wall_text(wall_s))
        except OSError:
            refusal = Refused(CLOCK_REFUSED, "the battery clock does not answer")
        else:
            self.settings.is_matched = True
            return
        raise refusal

    def _calibrate(self, pl_per_rev):
        before = self.calibrations.set(pl_per_rev, self.infusion.now_us())
        try:
            self.settings.keep_setup()
        except Refused:
            self.calibrations.take_back(before)
            raise
        self.infusion.calibration = self.calibrations.current()
