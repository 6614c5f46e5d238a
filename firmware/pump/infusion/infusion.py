# SPDX-License-Identifier: MIT
"""The infusion: the delivery under way, and its changes. It gives schedules to the dispenser.

The regular therapy follows the schedule of the active prescription; a bolus is given over it, or
alone; a bridge before it. Instants (`_us`) are on the monotonic clock; the wall clock only places
a day pattern. Callers have checked before that a change is allowed.
"""

from micropython import const

from pump import state
from pump.faults import Refused
from pump.infusion.active_dose import ActiveDose
from pump.infusion.change import Change
from pump.infusion.modes import Alone, Bridge, Prime, Scheduled, Stopped, Trial
from pump.kinds import BASAL, JOG, PRIME, TRIAL
from pump.prescription.prescription import FLEX, Prescription
from pump.therapy import bolus_log
from pump.therapy.fluid_path import FluidPath
from pump.therapy.plan import PlanRow
from pump.therapy.schedule import Constant, Sequence, Superimposed
from pump.units import DAY_US

_FG_PER_NG = const(1_000_000)  # nl * ng_ml are femtograms
_US_PER_MIN = const(60_000_000)
_NOTE_US = const(2_000_000)  # interval at which delivered drug is noted for LIMit:DAY


class Infusion:
    """day: the `DailyLimit`. The other collaborators are what their names say, see `assembly`.

    mode: one of `modes`. line: the `FluidPath`. rows: the delivery from now on, as rows of a
    `plan`. active_dose: the dose under way, or None. prescription: the one that runs, or ran last.
    is_observed: an observation has ended by itself and is not acknowledged. carry: fraction of a
    step that the next regular delivery begins with. replaced: (until_us, nl_d, ng_d) of the rate
    that a `follow` has replaced, which is delivered until then; nl_d 0: the mode was not SIMPLE.
    """

    active_dose: "ActiveDose"  # types without None, as most users have checked
    prescription: "Prescription"

    def __init__(self, *, dispenser, ledger, clock, boluses, day, forecast, calibration):
        self._dispenser = dispenser
        self._ledger = ledger
        self._clock = clock
        self.boluses = boluses
        self.day = day
        self.forecast = forecast
        self.grid = forecast.grid
        self.calibration = calibration
        self._stopped = Stopped(self)  # made now: a stop must not need memory
        self.mode = self._stopped
        self.line = FluidPath()
        self.rows = ()
        self.active_dose = None  # pyright: ignore[reportAttributeAccessIssue]
        self.prescription = None  # pyright: ignore[reportAttributeAccessIssue]
        self.is_observed = False
        self.carry = 0
        self.replaced = (0, 0, 0)
        self._note_us = 0  # when delivered drug is to be noted next
        self._origin_us = 0  # when the time of the dispenser was 0

    # Questions

    def now_us(self):
        """Now, in the time of the delivery."""
        if self._dispenser.is_active():
            return self._origin_us + self._dispenser.time_us()
        return self._clock.now_us()

    def next_us(self):
        """When a change made now takes effect: at the end of the queue."""
        if self._dispenser.is_active():
            return self._origin_us + self._dispenser.planned_us()
        return self._clock.now_us()

    def is_regular(self):
        """True while the active prescription, or the bridge before it, is delivered."""
        return self.mode.is_regular

    def is_dosing(self):
        """True while drug is delivered to the patient: not stopped, jogging or priming."""
        return self.mode.is_dosing

    def is_giving(self):
        """True while a bolus, bridge, prime, trial or periodic dose is delivered."""
        return self.mode.is_giving()

    def needs_wall(self):
        """True while a day pattern is delivered although the wall clock is not set."""
        is_flex = self.mode.is_regular and self.prescription.mode == FLEX
        return is_flex and not self.forecast.wall.is_set

    def busy_until_us(self, within_us=0):
        """The end in microseconds of a dose or observation under way, or None.

        That is a bolus, bridge, prime, trial, observation or periodic dose; of periodic doses also
        one that is under way `within_us` after a change made now would take effect.
        """
        return self.mode.busy_until_us(within_us)

    def given_ng(self):
        """The drug delivered of the dose under way, in nanograms, rounded down."""
        self._dispenser.settle()
        return self.active_dose.given_ng()

    # Changes that would be made

    def to_deliver(self, prescription, wall=None):
        """The Change for delivering a prescription's regular therapy, after the present queue.

        wall: a wall clock instead of the one in use.
        """
        pattern, dose = self._pattern(prescription, wall), self.active_dose
        at_us = self.mode.in_force_us(self.next_us())
        row = self._row(prescription, at_us, wall)
        if dose is not None and dose.end_us > at_us:
            schedule = Superimposed(dose.dose, row.schedule, elapsed_us=at_us - dose.start_us)
            row = PlanRow(at_us, schedule, row.ng_ml)
        return Change(self._going_on(at_us) + (row,), prescription, pattern)

    def to_bridge(self, prescription, dose):
        """The Change for a bridge from now on, and the prescription after it."""
        step_fg = self.calibration.drug_fg(1, prescription.concentration_ng_ml)
        rows = self.forecast.bridged(prescription, self._clock.now_us(), dose, step_fg)
        return Change(rows, prescription)

    def to_give(self, dose):
        """The Change for a dose: over the regular therapy, or alone while stopped."""
        if not self.mode.is_regular:
            return Change((PlanRow(self.now_us(), dose, dose.ng_ml),), dose=dose)
        at_us, prescription = self.next_us(), self.prescription
        row = self._row(prescription, at_us)
        new = PlanRow(at_us, Superimposed(dose, row.schedule), row.ng_ml)
        rows = self._going_on(at_us) + (new,)
        return Change(rows, prescription, self._pattern(prescription), dose)

    def excess_ng(self, change, limit_ng):
        """The most drug of any 24 h in nanograms if a change exceeds the limit; else 0."""
        self._note_day()
        dose, new = change.dose, change.new()
        ends_us = max(change.ends_us(), self.active_dose.end_us if self.active_dose else 0)
        return self.day.excess_ng(
            change.rows,
            limit_ng,
            now_us=self._clock.now_us(),
            last_us=max(new.at_us, ends_us),
            step_fg=self.calibration.drug_fg(1, new.ng_ml),
            carry_fg=self._carry_fg(new.ng_ml),
            pattern=change.pattern if self.active_dose is None else None,
            instead_of=self.rows or None,
            dose_fg=dose.amount // DAY_US * dose.ng_ml if dose is not None else 0,
        )

    # Starts

    def start(self, change):
        """Deliver the prescription of a change that was made just before."""
        new = change.new()
        self._begin(new.at_us, new.schedule, self._batch(change.prescription), self.carry)
        self.grid.anchor(change.prescription, new.at_us)
        self._begin_regular(change, new.at_us, Scheduled(self))
        self.line.fill(change.prescription.concentration_ng_ml, change.prescription.drug)

    def bridge(self, change, dose):
        """Deliver `dose`, the old drug in the line, and the prescription after it.

        change: from `to_bridge`, made just before.
        """
        at_us, prescription, new = change.rows[0].at_us, change.prescription, change.new()
        bridged = Sequence(dose, dose.duration_us, new.schedule)
        programmed_ng = dose.amount // DAY_US * dose.ng_ml // _FG_PER_NG
        active = self._active(dose, at_us, programmed_ng)
        self._begin(at_us, bridged, self._batch(prescription), self.carry, active=active)
        self.grid.anchor(prescription, new.at_us)
        self._begin_regular(change, new.at_us, Bridge(self))
        self.line.bridge(dose.ng_ml, prescription.concentration_ng_ml)

    def alone(self, dose, programmed_ng, drug, observation_us=0):
        """Deliver a dose while stopped, then stop again; after a trial comes its observation."""
        at_us = self._clock.now_us()
        batch = (dose.kind, self.calibration.pl_per_rev, dose.ng_ml)
        active = self._active(dose, at_us, programmed_ng)
        steps = self.calibration.steps_in(dose.amount)
        self._begin(at_us, dose, batch, 0, limit_steps=steps, active=active)
        if dose.kind == PRIME:
            self.mode = Prime(self, drug)
            self.line.prime(dose.ng_ml, drug)
            return
        is_trial = dose.kind == TRIAL
        self.mode = Trial(self, observation_us) if is_trial else Alone(self, state.BOLUS)
        self.line.fill(dose.ng_ml, drug)
        self.rows = (PlanRow(at_us, dose, dose.ng_ml),)

    def over(self, change, programmed_ng):
        """Deliver the dose of a change that was made just before, over the regular therapy."""
        new = change.new()
        self.active_dose = self._active(change.dose, new.at_us, programmed_ng)
        try:
            self._dispenser.record_follow()
        except Exception:
            self.active_dose = None  # pyright: ignore[reportAttributeAccessIssue]
            raise
        self._dispenser.follow(new.schedule, self._batch(self.prescription))
        self.boluses.add(self.active_dose.record)
        self.rows = change.rows

    def jog(self, steps, millirevs_min):
        """Turn the motor by `steps`, at `millirevs_min` thousandths of a revolution a minute."""
        schedule = Constant(millirevs_min * self.calibration.steps_per_rev)
        batch = (JOG, self.calibration.pl_per_rev, 0)
        self._origin_us = self._clock.now_us()
        self._dispenser.start(schedule, (_US_PER_MIN * 1000, 1), batch, limit_steps=steps)
        self.mode = Alone(self, state.JOG, is_dosing=False)

    # Changes and ends

    def committed(self, prescription):
        """To be called after a commit: a regular delivery follows the new prescription."""
        if self.mode.is_regular:
            self.follow(prescription)
        else:
            self.grid.keep(prescription)

    def record_follow(self):
        """Write the records of a `follow` before it. Raise Refused if that fails."""
        if self.mode.is_regular:
            self._dispenser.record_follow()

    def follow(self, prescription):
        """Deliver another prescription, or the same one by another clock, from the queue's end.

        It is never refused: `record_follow` has been.
        """
        at_us, change, dose = self.next_us(), self.to_deliver(prescription), self.active_dose
        from_us, schedule, _ = change.new()
        self.grid.anchor(prescription, from_us)
        self.replaced = (at_us,) + self.prescription.simple_rate()
        self.prescription = prescription
        if from_us > at_us:  # after the bridge
            elapsed_us = at_us - dose.start_us
            schedule = Sequence(dose.dose, from_us - at_us, schedule, elapsed_us=elapsed_us)
        self._dispenser.follow(schedule, self._batch(prescription))
        self._go_along(change)

    def abort(self):
        """End the dose or observation under way at once; a running regular therapy goes on.

        If the record of its restart cannot be written to flash, it ends, too: raises Refused.
        """
        self.mode.abort()

    def stop(self):
        """Stop the motor at once; all delivery ends. An observation goes on."""
        self.mode.stop()

    def poll(self, now_us):
        """Note delivered drug, and end a dose that is complete. Returns the next end, or None."""
        if now_us >= self._note_us:
            self._note_us = now_us + _NOTE_US
            self._note_day()
            self._drop_rows()
        return self.mode.poll()

    # For the modes

    def moves(self):
        """True while the dispenser is active."""
        return self._dispenser.is_active()

    def is_past(self, at_us):
        """True from the instant `at_us` of the clock on."""
        return self._clock.now_us() >= at_us

    def in_us(self, left_us):
        """The instant of the clock `left_us` from now."""
        return self._clock.now_us() + left_us

    def observed(self):
        """End an observation whose time is over."""
        self.mode, self.is_observed = self._stopped, True

    def complete(self, dose):
        """End a complete delivery that was given alone. dose: its `ActiveDose`; None: a jog."""
        self.mode, self.rows = self._stopped, ()
        if dose is not None:
            self.finish(bolus_log.COMPLETED)

    def end(self, outcome):
        """Stop; end the regular therapy and the dose under way, with `outcome`."""
        at_us = self.now_us()
        _, carry = self.halt(outcome)
        self.rows = ()
        self._note_day()
        self.day.stop()
        self.mode.rests(at_us, carry)
        self.mode = self._stopped

    def halt(self, outcome):
        """Stop the motor at once; end the dose under way. Returns as `Dispenser.stop`."""
        stopped = self._dispenser.stop()
        if self.active_dose is not None:
            self.finish(outcome)
        return stopped

    def restart(self, outcome):
        """End the dose under way at once; the regular therapy goes on as if not stopped.

        If the record of its restart cannot be written to flash, it ends, too: raises Refused.
        """
        try:
            self._dispenser.prepare()
        except Refused:
            pass  # the dose ends even if flash fails
        stopped = self.halt(outcome)
        self._origin_us += stopped[0]
        at_us, prescription = self._origin_us, self.prescription
        row = self._row(prescription, at_us)
        self.grid.begin(at_us)
        step = self.calibration.step_in_nl_d_us()
        try:
            self._dispenser.restart(row.schedule, step, self._batch(prescription), stopped)
        except Refused:
            self.end(outcome)
            raise
        self.rows = (row,)

    def finish(self, outcome):
        """End the dose under way: record its outcome and the drug given."""
        given_ng, active = self.given_ng(), self.active_dose
        self.boluses.end(active.record, outcome, given_ng, self._clock.now_us())
        if self.mode.is_regular and outcome != bolus_log.COMPLETED:
            self.day.stray(self.calibration.drug_fg(1, active.dose.ng_ml))
        self.active_dose = None  # pyright: ignore[reportAttributeAccessIssue]

    # Private

    def _batch(self, prescription):
        return BASAL, self.calibration.pl_per_rev, prescription.concentration_ng_ml

    def _begin(self, at_us, schedule, batch, carry, limit_steps=None, active=None):
        """Start the dispenser. active: its dose, or None. If that is refused, nothing changes."""
        step = self.calibration.step_in_nl_d_us()
        # The records that are written by the start contain it.
        self.active_dose = active  # pyright: ignore[reportAttributeAccessIssue]
        try:
            self._dispenser.start(schedule, step, batch, carry=carry, limit_steps=limit_steps)
        except Exception:
            self.active_dose = None  # pyright: ignore[reportAttributeAccessIssue]
            raise
        self._origin_us = at_us
        self.is_observed = False
        if active is not None:
            self.boluses.add(active.record)

    def _begin_regular(self, change, at_us, mode):
        """Set the state of a regular delivery. at_us: periodic doses from then on are given."""
        self.prescription = change.prescription
        self.grid.begin(at_us)
        self.mode = mode
        self._go_along(change)

    def _go_along(self, change):
        """Take over the rows of a change; LIMit:DAY follows its pattern from the last row on."""
        self.rows = change.rows
        pattern = change.pattern or self._pattern(self.prescription)
        self.day.follow(change.new().at_us, pattern)

    def _row(self, prescription, at_us, wall=None):
        step_fg = self.calibration.drug_fg(1, prescription.concentration_ng_ml)
        return self.forecast.row(prescription, at_us, wall, step_fg)

    def _pattern(self, prescription, wall=None):
        """The `Pattern` of a prescription's regular therapy, for LIMit:DAY."""
        step_fg = self.calibration.drug_fg(1, prescription.concentration_ng_ml)
        return self.forecast.pattern(prescription, wall, step_fg)

    def _going_on(self, at_us):
        """The present rows that begin before `at_us`."""
        self._drop_rows()
        return tuple([row for row in self.rows if row.at_us < at_us])

    def _drop_rows(self):
        """Drop rows that are over: each may hold the memory of a week."""
        now_us = self._clock.now_us()
        while len(self.rows) > 1 and self.rows[1].at_us <= now_us:
            self.rows = self.rows[1:]

    def _carry_fg(self, ng_ml):
        """Drug due as a fraction of a step, not yet delivered, in femtograms."""
        carry = self._dispenser.carry() if self.mode.is_regular else self.carry
        amount, over = self.calibration.step_in_nl_d_us()
        return max(carry, 0) * ng_ml // (over * DAY_US) if amount else 0

    def _note_day(self):
        self.day.note(self._clock.now_us(), self._ledger.dosed_fg())

    def _active(self, dose, at_us, programmed_ng):
        record = self.boluses.next(dose.kind, programmed_ng, at_us, dose.duration_us)
        self._dispenser.settle()
        return ActiveDose(dose, at_us, record, self._ledger, self.calibration)
