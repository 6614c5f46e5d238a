# SPDX-License-Identifier: MIT
"""Control: what an operator may do with pump and therapy, and when. Boluses: see `dosing`.

The console and the buttons call it; it refuses, or it acts. Stopping is never refused.
"""

from micropython import const

from pump.alarm.conditions import INTERRUPTED, STORE_DAMAGED
from pump.delivery.calibration import is_plausible
from pump.faults import (
    ALREADY_RUNNING,
    BOLUS_IN_PROGRESS,
    CLOCK_REFUSED,
    IMPLAUSIBLE,
    IN_SERVICE,
    INVALID_PRESCRIPTION,
    LIMIT_EXCEEDED,
    LINE_NOT_CLEARED,
    NO_PRESCRIPTION,
    NOT_CALIBRATED,
    NOT_STOPPED,
    NOTHING_TO_CONFIRM,
    OBSERVING,
    PUMP_FAULT,
    SOFT_LIMIT,
    UNCONFIRMED,
    WITNESS_MISMATCH,
    Refused,
)
from pump.state import FAULT, OBSERVATION, RUNNING, SERVICE, STOPPED
from pump.therapy import validation
from pump.therapy.limits import PumpLimits
from pump.therapy.prescription import FLEX
from pump.therapy.sums import sums
from pump.therapy.wall import Wall
from pump.therapy.wall import text as wall_text
from pump.units import ml_of_pl, seconds, ug, ug_ml

DISPENSER = "dispenser"  # the task that renews the lease

_S_PER_DAY = const(86_400)
_APPLY_US = const(3_000_000)  # from when a commit is judged until it is in force, at most
_US_PER_MS = const(1000)
_PL_PER_NL = const(1000)


class Control:
    """Start, stop, jog, commit, calibrate, set the clock.

    delivery: (dispenser, `Supply`, `Calibrations`). treatment, staging: as their modules say.
    supervisor: has `fault` and `is_ending`. limits: (`PUMP` of the board's data, steps a second
    that the motor can do). settings: what is written before. rtc: a clock with a battery, or None.
    alarms: the manager. self_test: see `selftest`.
    """

    def __init__(
        self, treatment, delivery, staging, supervisor, limits, *, settings, rtc, alarms, self_test
    ):
        self.treatment = treatment
        self._dispenser, self.supply, self.calibrations = delivery
        self._staging = staging
        self._supervisor = supervisor
        self._limits = limits
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
        if self.treatment.is_regular():
            raise Refused(ALREADY_RUNNING)
        self.need_confirmed()
        self.resume()

    def resume(self):
        """Deliver the active prescription, confirmed or not: where a reset ended it, say."""
        active = self.need_active()
        self._supervisor.tidy()
        self.need_line(active.concentration_ng_ml, active.drug)
        self.supply.need_start(sums(active, self.limits().min_nl_d).highest_nl_d)
        self.need_day(
            active, LIMIT_EXCEEDED, self.treatment.ahead(active), self.treatment.pattern(active)
        )
        self.treatment.start(active, self.treatment.ahead(active))  # as of now: that took a while
        self.wake()

    def stop(self):
        """Stop whatever moves, at once. Never refused."""
        self.treatment.stop()

    def end(self):
        """End the firmware, with safe outputs: stopped, or after a fault, when nothing moves.

        What is wrong then may be its files.
        """
        if self._supervisor.fault is None:
            self.need_stopped()
        self._supervisor.end()

    def confirm(self):
        """A human has taken note that a reset ended a delivery, or that records are lost."""
        if not self.settings.is_open():
            raise Refused(NOTHING_TO_CONFIRM)
        self.settings.confirm()
        for code in (INTERRUPTED, STORE_DAMAGED):
            if code in self._alarms.shown():
                self._alarms.acknowledge(code)

    def jog(self, steps, millirevs_min):
        """Turn by `steps` at thousandths of a revolution a minute; stopped only."""
        self.need_stopped()
        self.need_confirmed()
        if steps:
            volume_pl = self.treatment.calibration.volume_pl(steps)
            self.supply.need(-(-volume_pl // _PL_PER_NL))
            self.treatment.jog(steps, millirevs_min)
            self.wake()

    def commit(self, token, *names):
        """Activate the staged prescription; a running delivery follows it, fraction and all.

        names: exactly the soft limits that it exceeds.
        """
        self.need_fit()
        self.need_no_bolus(_APPLY_US)
        self._supervisor.tidy()
        staged, active = self._staging.staged(), self._staging.active
        self._need_valid(staged)
        self._staging.check(token)
        self._need_named(staged, names)
        if self.treatment.is_regular():
            if staged.concentration_ng_ml != active.concentration_ng_ml:
                raise Refused(NOT_STOPPED, "another concentration needs a stop and a bridge")
            drugs = staged.drug.lower(), active.drug.lower()
            if "" not in drugs and drugs[0] != drugs[1]:
                raise Refused(NOT_STOPPED, "another drug needs a stop")
            ahead = self.treatment.ahead(staged)
            self.need_day(staged, LIMIT_EXCEEDED, ahead, self.treatment.pattern(staged))
        self._dispenser.renew(0)  # to validate and to write a week takes a while
        self.treatment.record_change()
        past = self._staging.past()
        pl_per_rev = self.treatment.calibration.pl_per_rev
        self.settings.commit(staged, past, pl_per_rev)
        self._staging.activate(staged, past, pl_per_rev)
        self.treatment.committed(staged)

    def calibrate(self, pl_per_rev):
        """Set the volume of a revolution; stopped only. What is owed keeps its volume."""
        self.need_stopped()
        self._calibrate(pl_per_rev)

    def run(self, steps, millirevs_min):
        """Turn as `jog` does, to calibrate by what comes out."""
        before = self._dispenser.settle()
        self.jog(steps, millirevs_min)
        self.calibrations.begin(before, steps, self._dispenser.begun)

    def measured(self, volume_nl):
        """Calibrate by the last run: so much of it came out. A run is used once."""
        self.need_stopped()
        emitted = self._dispenser.settle()
        steps = self.calibrations.run_steps(emitted, self._dispenser.begun)
        self._calibrate(self.calibrations.measured_pl(volume_nl, steps))
        self.calibrations.forget()

    def set_clock(self, wall_s):
        """Set the wall clock; a day pattern that runs follows it, nothing else does."""
        wall = Wall()
        wall.set(wall_s, self.treatment.now_us())
        prescription = self.treatment.prescription
        is_followed = self.treatment.is_regular() and prescription.mode == FLEX
        if is_followed:
            ahead = self.treatment.ahead(prescription, wall)
            self.need_day(
                prescription, CLOCK_REFUSED, ahead, self.treatment.pattern(prescription, wall)
            )
            self.treatment.record_change()
        self._set_rtc(wall_s)
        self.treatment.outlook.wall = wall
        if is_followed:
            self.treatment.change(prescription)

    def limits(self):
        """What the pump can deliver, with the calibration in force."""
        self.need_calibrated()
        pump, max_steps_s = self._limits
        calibration = self.treatment.calibration
        motor_nl_d = calibration.volume_pl(max_steps_s * _S_PER_DAY) // 1000
        step = (calibration.pl_per_rev, calibration.steps_per_rev)
        return PumpLimits(pump["min_rate_nl_d"], min(pump["max_rate_nl_d"], motor_nl_d), *step)

    def problems(self):
        """What keeps the staged prescription from being committed, as sentences."""
        self._supervisor.tidy()
        found = validation.problems(self._staging.staged(), self.limits())
        self._dispenser.renew(0)  # a week takes half a second, and `soft` may follow
        return found

    def soft(self):
        """What must be named to commit the staged prescription: (name, sentence) each."""
        return self._soft(self._staging.staged())

    def self_test(self):
        """0, or the number of a fault, or of the first part of the self-test that fails.

        While anything is delivered the self-test is not made: its last result counts.
        """
        if not self._fault() and not self._dispenser.is_active():
            self._self_test.run()
        return self._fault() or self._self_test.failed()

    def _fault(self):
        """0, or the code of the fault that stopped the pump or that the step counts show now."""
        if self._supervisor.fault is None and not self._dispenser.is_active():
            commanded, emitted, witness, _ = self._dispenser.totals()
            if not commanded == emitted == witness:
                self._supervisor.trip(WITNESS_MISMATCH)
        return self._supervisor.fault or 0

    def wake(self):
        """The dispenser has something to do."""
        self._supervisor.wake(DISPENSER)

    def active(self):
        """The active prescription, or None."""
        return self._staging.active

    # What is needed

    def need_fit(self):
        """Refuse after a fault, and once the firmware is ending."""
        if self._supervisor.fault is not None:
            raise Refused(PUMP_FAULT)
        if self._supervisor.is_ending:
            raise Refused(IN_SERVICE)

    def need_confirmed(self):
        """Refuse while an interruption or a loss has not been confirmed."""
        if self.settings.is_open():
            raise Refused(UNCONFIRMED)

    def need_stopped(self):
        """Refuse unless the pump is stopped, with nothing to observe, and fit to go on."""
        self.need_fit()
        self.treatment.poll(0)
        if self._dispenser.is_active():
            raise Refused(NOT_STOPPED)
        self.need_no_bolus()  # an observation, then: nothing moves

    def need_active(self):
        """The active prescription, to be delivered from a stop; refused without a valid one."""
        self.need_stopped()
        return self.need_prescription()

    def need_prescription(self):
        """The active prescription; refused when there is none, or the pump cannot do it."""
        self.need_calibrated()
        active = self._staging.active
        if active is None:
            raise Refused(NO_PRESCRIPTION)
        self._need_valid(active)
        self._need_same_head()
        return active

    def need_calibrated(self):
        """Refuse while the volume of a step is not known."""
        if not self.treatment.calibration.pl_per_rev:
            raise Refused(NOT_CALIBRATED)

    def need_no_bolus(self, within_us=0):
        """Refuse while anything but the regular therapy is under way, or begins within a time."""
        self.treatment.poll(0)
        until_us = self.treatment.busy_until_us(within_us)
        if until_us is None:
            return
        left_us = max(until_us - self.treatment.now_us(), 0)
        code = OBSERVING if self.treatment.mode == OBSERVATION else BOLUS_IN_PROGRESS
        raise Refused(code, "%s s left" % seconds(left_us // _US_PER_MS))

    def need_line(self, ng_ml, drug):
        """Refuse while the line holds another drug or concentration, or two."""
        line = self.treatment.line
        if line.is_clear(ng_ml, drug):
            return
        if not line.is_of(drug):
            raise Refused(LINE_NOT_CLEARED, "the line holds %s, not %s" % (line.drug, drug))
        strengths = ug_ml(line.ng_ml), ug_ml(ng_ml)
        if line.is_mixed:
            raise Refused(LINE_NOT_CLEARED, "still in part %s ug/mL in the line" % strengths[0])
        raise Refused(LINE_NOT_CLEARED, "the line holds %s ug/mL, not %s" % strengths)

    def need_day(self, prescription, code, rows, pattern=None, **dose):
        """Refuse a plan by which more than LIMit:DAY would go out in some 24 h.

        rows: what would be delivered, as `Treatment.ahead` answers it. pattern: of the regular
        therapy, where it is one. dose: ends_us and dose_fg of one that is new in it. What went out
        or goes on without the plan is no reason to refuse one that lowers it.
        """
        limit_ng = prescription.limit_day_ng
        if not limit_ng:
            return
        treatment = self.treatment
        if treatment.giving is not None:
            pattern = None
        instead_of = treatment.rows if treatment.rows else None
        known = {"pattern": pattern, "instead_of": instead_of}
        excess_ng = treatment.excess_ng(rows, limit_ng, **known, **dose)
        if excess_ng:
            doses = ug(excess_ng), ug(limit_ng)
            raise Refused(code, "%s ug within 24 h, above LIMit:DAY %s" % doses)

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
        before = self.calibrations.set(pl_per_rev, self.treatment.now_us())
        try:
            self.settings.keep_setup()
        except Refused:
            self.calibrations.take_back(before)
            raise
        self.treatment.calibration = self.calibrations.current()

    def _need_valid(self, prescription):
        found = validation.problems(prescription, self.limits())
        if found:
            raise Refused(INVALID_PRESCRIPTION, found[0])

    def _need_same_head(self):
        """Refuse the active prescription where the head is said to be quite another one since."""
        before, now = self._staging.pl_per_rev, self.treatment.calibration.pl_per_rev
        if before and not is_plausible(now, before):
            volumes = ml_of_pl(now), ml_of_pl(before)
            text = "%s mL a revolution; committed with %s: commit it again" % volumes
            raise Refused(IMPLAUSIBLE, text)

    def _need_named(self, staged, names):
        needed = [name for name, _ in self._soft(staged)]
        if sorted(names) != sorted(needed):
            raise Refused(SOFT_LIMIT, "to be named: %s" % (",".join(needed) or "none"))

    def _soft(self, prescription):
        before = self._staging.before(self.treatment.now_us())
        return validation.soft(prescription, self.limits(), before)
