# SPDX-License-Identifier: MIT
"""The treatment: what is being delivered now, and how that changes. Therapy meets delivery here.

The regular therapy runs along the schedule of the active prescription; a bolus goes over it, or
alone; a bridge goes before it. Instants (`_us`) are on the monotonic clock; the wall clock only
places a day pattern. Whether something is allowed has been decided by those who call this.
"""

from micropython import const

from pump import state
from pump.faults import Refused
from pump.giving import Giving
from pump.kinds import BASAL, CLINICIAN, JOG, PRIME, TRIAL
from pump.prescription.prescription import FLEX, Prescription
from pump.state import OBSERVATION, RUNNING, STOPPED
from pump.therapy import bolus_log
from pump.therapy.fluid_path import FluidPath
from pump.therapy.schedule import Constant, Sequence, Superimposed
from pump.units import DAY_US

_FG_PER_NG = const(1_000_000)  # nl * ng_ml are femtograms
_US_PER_MIN = const(60_000_000)
_NOTE_US = const(2_000_000)  # how well it is known when drug went out
_SETTLE_US = const(20_000)  # from the end of a dose until its last step is booked for sure

_ALONE = {CLINICIAN: state.BOLUS, TRIAL: state.TRIAL, PRIME: state.PRIME}


class Treatment:
    """day: the `DailyLimit`. The other collaborators are what their names say, see `assembly`.

    mode: a state of `THERapy:STATe?`, or JOG. line: which drug the tube holds. rows: what goes
    out from now on, as a `plan` has it.
    """

    def __init__(self, *, dispenser, ledger, clock, boluses, day, forecast, calibration):
        self._dispenser = dispenser
        self._ledger = ledger
        self._clock = clock
        self.boluses = boluses
        self.day = day
        self.forecast = forecast
        self.grid = forecast.grid
        self.calibration = calibration
        self.mode = STOPPED
        self.line = FluidPath()
        self.rows = ()
        self.giving: "Giving" = None  # pyright: ignore[reportAttributeAccessIssue]
        # What runs, or ran last.
        self.prescription: "Prescription" = None  # pyright: ignore[reportAttributeAccessIssue]
        self.observed_us = 0  # the end of the observation
        self.is_observed = False  # it has ended by itself, and nobody has taken note
        self._note_us = 0  # when what is out is to be noted next
        self._origin_us = 0  # when the delivery's own time began
        self._owed = 0  # fraction of a step that the next regular delivery begins with

    def now_us(self):
        """Now, as the schedules see it."""
        if self._dispenser.is_active():
            return self._origin_us + self._dispenser.time_us()
        return self._clock.now_us()

    def next_us(self):
        """When a change made now is in force."""
        if self._dispenser.is_active():
            return self._origin_us + self._dispenser.planned_us()
        return self._clock.now_us()

    def is_regular(self):
        """True while the active prescription is delivered, or its bridge."""
        return self.mode in (RUNNING, state.BRIDGE)

    def is_dosing(self):
        """True while drug is given: the motor does not rest, only turn, or fill the line."""
        return self.mode not in (STOPPED, OBSERVATION, state.JOG, state.PRIME)

    def needs_wall(self):
        """True while a day pattern is delivered without a wall clock that can be relied on."""
        is_flex = self.is_regular() and self.prescription.mode == FLEX
        return is_flex and not self.forecast.wall.is_set

    def is_giving(self):
        """True while a bolus, bridge, prime, trial or periodic dose goes out."""
        if self.giving is not None:
            return True
        if self.mode != RUNNING or not self.grid.is_laid():
            return False
        return self.grid.dose(self.now_us()) is not None

    def busy_until_us(self, within_us=0):
        """The end of what is under way besides the regular therapy, or None.

        That is a bolus, bridge, prime, trial or periodic dose, now or when a change made now would
        be in force, or so much later.
        """
        if self.mode == OBSERVATION:
            return self.observed_us
        if self.giving is not None:
            return self.giving.end_us
        if self.mode == RUNNING and self.grid.is_laid():
            now_us, next_us = self.now_us(), self.next_us() + within_us
            dose = self.grid.dose(now_us) or self.grid.dose(next_us)
            return dose[1] if dose else None
        return None

    # What begins

    def start(self, prescription, ahead):
        """Deliver the prescription. ahead: what `ahead` has just answered about it."""
        at_us, schedule, _ = ahead[-1]
        self._begin(at_us, schedule, self._batch(prescription), self._owed)
        self.grid.anchor(prescription, at_us)
        self._begin_regular(prescription, at_us, RUNNING)
        self.line.fill(prescription.concentration_ng_ml, prescription.drug)
        self._go_along(ahead)

    def bridged(self, prescription, dose):
        """What a bridge from now on would deliver, as rows."""
        step_fg = self.calibration.drug_fg(1, prescription.concentration_ng_ml)
        return self.forecast.bridged(prescription, self._clock.now_us(), dose, step_fg)

    def bridge(self, prescription, dose, ahead):
        """Deliver `dose`, the old drug that is in the way, and the prescription after it.

        ahead: what `bridged` has just answered.
        """
        (at_us, _, _), (end_us, schedule, _) = ahead
        bridged = Sequence(dose, dose.duration_us, schedule)
        programmed_ng = dose.amount // DAY_US * dose.ng_ml // _FG_PER_NG
        giving = self._giving(dose, at_us, programmed_ng)
        self._begin(at_us, bridged, self._batch(prescription), self._owed, giving=giving)
        self.grid.anchor(prescription, end_us)
        self._begin_regular(prescription, end_us, state.BRIDGE)
        self.line.bridge(dose.ng_ml, prescription.concentration_ng_ml)
        self._go_along(ahead)

    def alone(self, dose, programmed_ng, drug, observation_us=0):
        """Deliver a dose of a drug while stopped, and be stopped again; observe then a trial."""
        at_us = self._clock.now_us()
        batch = (dose.kind, self.calibration.pl_per_rev, dose.ng_ml)
        giving = self._giving(dose, at_us, programmed_ng)
        giving.drug, giving.observation_us = drug, observation_us
        steps = self.calibration.steps_in(dose.amount)
        self._begin(at_us, dose, batch, 0, limit_steps=steps, giving=giving)
        self.mode = _ALONE[dose.kind]
        if dose.kind == PRIME:
            self.line.prime(dose.ng_ml, drug)
        else:
            self.line.fill(dose.ng_ml, drug)
            self.rows = ((at_us, dose, dose.ng_ml),)

    def over(self, dose, programmed_ng):
        """Deliver a dose over the regular therapy that runs."""
        rows = self.with_dose(dose)
        at_us, schedule, _ = rows[-1]
        self.giving = self._giving(dose, at_us, programmed_ng)
        try:
            self._dispenser.record_follow()
        except Exception:
            self.giving = None  # pyright: ignore[reportAttributeAccessIssue]
            raise
        self._dispenser.follow(schedule, self._batch(self.prescription))
        self.boluses.add(self.giving.record)
        self.rows = rows

    def with_dose(self, dose):
        """The rows of a dose over the regular therapy that runs."""
        at_us = self.next_us()
        _, schedule, ng_ml = self._row(self.prescription, at_us)
        return self._going_on(at_us) + ((at_us, Superimposed(dose, schedule), ng_ml),)

    def jog(self, steps, millirevs_min):
        """Turn by `steps` at thousandths of a revolution a minute."""
        schedule = Constant(millirevs_min * self.calibration.steps_per_rev)
        batch = (JOG, self.calibration.pl_per_rev, 0)
        self._origin_us = self._clock.now_us()
        self._dispenser.start(schedule, (_US_PER_MIN * 1000, 1), batch, limit_steps=steps)
        self.mode = state.JOG

    # What changes, and ends

    def committed(self, prescription):
        """Another prescription is active now: what runs follows it."""
        if self.is_regular():
            self.change(prescription)
        else:
            self.grid.keep(prescription)

    def record_change(self):
        """Before a `change`: all of it that goes on record. Refused where that fails."""
        if self.is_regular():
            self._dispenser.record_follow()

    def change(self, prescription):
        """Deliver another prescription, or the same one by another clock, from the queue's end.

        It cannot be refused: see `record_change`.
        """
        at_us, ahead, giving = self.next_us(), self.ahead(prescription), self.giving
        from_us, schedule, _ = ahead[-1]
        self.grid.anchor(prescription, from_us)
        self.prescription = prescription
        if from_us > at_us:  # behind the bridge
            elapsed_us = at_us - giving.start_us
            schedule = Sequence(giving.dose, from_us - at_us, schedule, elapsed_us=elapsed_us)
        self._dispenser.follow(schedule, self._batch(prescription))
        self._go_along(ahead)

    def ahead(self, prescription, wall=None):
        """What a start or change would deliver, as rows: what runs, and this from the last on.

        wall: another wall clock than the one in use.
        """
        at_us, giving = self.next_us(), self.giving
        is_giving = giving is not None and giving.end_us > at_us
        if is_giving and self.mode == state.BRIDGE:
            at_us = giving.end_us
        row = self._row(prescription, at_us, wall)
        if is_giving and self.mode != state.BRIDGE:
            schedule = Superimposed(giving.dose, row[1], elapsed_us=at_us - giving.start_us)
            row = (at_us, schedule, row[2])
        return self._going_on(at_us) + (row,)

    def pattern(self, prescription, wall=None):
        """The regular therapy of a prescription, as LIMit:DAY knows it again."""
        step_fg = self.calibration.drug_fg(1, prescription.concentration_ng_ml)
        return self.forecast.pattern(prescription, wall, step_fg)

    def excess_ng(self, rows, limit_ng, ends_us=0, **known):
        """The drug of some 24 h that rows, instead of what runs, bring above a limit; 0: of none.

        ends_us: the end of a dose among them. known: as `DailyLimit.excess_ng` has it.
        """
        self._note_day()
        ends_us = max(ends_us, self.giving.end_us if self.giving else 0)
        return self.day.excess_ng(
            rows,
            limit_ng,
            now_us=self._clock.now_us(),
            last_us=max(rows[-1][0], ends_us),
            step_fg=self.calibration.drug_fg(1, rows[-1][2]),
            owed_fg=self._owed_fg(rows[-1][2]),
            **known,
        )

    def abort(self):
        """End the bolus under way, at once; a regular therapy that runs goes on.

        Where flash takes no record that it may, it ends, too: Refused.
        """
        if self.mode == RUNNING and self.is_giving():
            try:
                self._dispenser.prepare()
            except Refused:
                pass  # the bolus ends whatever flash does
            stopped = self._halt(bolus_log.ABORTED)
            self._origin_us += stopped[0]
            at_us, prescription = self._origin_us, self.prescription
            row = self._row(prescription, at_us)
            self.grid.begin(at_us)
            step = self.calibration.step_in_nl_d_us()
            try:
                self._dispenser.restart(row[1], step, self._batch(prescription), stopped)
            except Refused:
                self._end(bolus_log.ABORTED)
                raise
            self.rows = (row,)
        elif self.mode == OBSERVATION or self.giving is not None:
            self._end(bolus_log.ABORTED)

    def stop(self):
        """Stop whatever moves, at once. An observation goes on: it is there to be watched."""
        if self.mode == OBSERVATION:
            self._halt(bolus_log.STOPPED)
        else:
            self._end(bolus_log.STOPPED)

    def poll(self, now_us):
        """Notice what is out, and what has ended. Returns when the next end is due, or None."""
        if now_us >= self._note_us:
            self._note_us = now_us + _NOTE_US
            self._note_day()
        if self.mode == OBSERVATION:
            if self._clock.now_us() < self.observed_us:
                return self.observed_us
            self.mode = STOPPED
            self.is_observed = True
        elif self.mode != STOPPED and not self._dispenser.is_active():
            self._ended()
        elif self.giving is not None and self.is_regular():
            left_us = self.giving.end_us + _SETTLE_US - self.now_us()
            if left_us > 0:
                return self._clock.now_us() + left_us
            self._finish(bolus_log.COMPLETED)
            if self.mode == state.BRIDGE:
                self.mode = RUNNING
                prescription = self.prescription
                self.line.fill(prescription.concentration_ng_ml, prescription.drug)
        return None

    # What is asked

    def given_ng(self):
        """What has been delivered of the dose under way, rounded down."""
        self._dispenser.settle()
        return self.giving.given_ng()

    # Within

    def _batch(self, prescription):
        return BASAL, self.calibration.pl_per_rev, prescription.concentration_ng_ml

    def _begin(self, at_us, schedule, batch, owed, limit_steps=None, giving=None):
        """Start the dispenser; giving: with a dose. Where that is refused, nothing has changed."""
        step = self.calibration.step_in_nl_d_us()
        # The records that are written now have it.
        self.giving = giving  # pyright: ignore[reportAttributeAccessIssue]
        try:
            self._dispenser.start(schedule, step, batch, owed=owed, limit_steps=limit_steps)
        except Exception:
            self.giving = None  # pyright: ignore[reportAttributeAccessIssue]
            raise
        self._origin_us = at_us
        self.is_observed = False
        if giving is not None:
            self.boluses.add(giving.record)

    def _begin_regular(self, prescription, at_us, mode):
        """at_us: periodic doses from then on are given."""
        self.prescription = prescription
        self.grid.begin(at_us)
        self.mode = mode

    def _go_along(self, rows):
        """The regular therapy is that of the last row, from then on."""
        self.rows = rows
        self.day.follow(rows[-1][0], self.pattern(self.prescription))

    def _row(self, prescription, at_us, wall=None):
        step_fg = self.calibration.drug_fg(1, prescription.concentration_ng_ml)
        return self.forecast.row(prescription, at_us, wall, step_fg)

    def _going_on(self, at_us):
        """What goes out up to an instant, as rows."""
        begun = [row for row in self.rows if row[0] < at_us]
        now_us = self._clock.now_us()
        while len(begun) > 1 and begun[1][0] <= now_us:
            begun.pop(0)
        return tuple(begun)

    def _owed_fg(self, ng_ml):
        """Drug that is due of a step that is not out, in femtograms."""
        owed = self._dispenser.owed() if self.is_regular() else self._owed
        amount, over = self.calibration.step_in_nl_d_us()
        return max(owed, 0) * ng_ml // (over * DAY_US) if amount else 0

    def _note_day(self):
        self.day.note(self._clock.now_us(), self._ledger.dosed_fg())

    def _giving(self, dose, at_us, programmed_ng):
        record = self.boluses.next(dose.kind, programmed_ng, at_us, dose.duration_us)
        self._dispenser.settle()
        return Giving(dose, at_us, record, self._ledger, self.calibration)

    def _ended(self):
        """The delivery has ended by itself: a dose alone is out, or a fault has stopped it."""
        giving = self.giving
        is_out = giving is None or giving.steps() >= giving.whole_steps()
        if self.is_regular() or not is_out:
            self._end(bolus_log.FAULT)
            return
        mode, self.mode = self.mode, STOPPED
        self.rows = ()
        if giving is not None:
            self._finish(bolus_log.COMPLETED)
        if mode == state.TRIAL:
            self.mode = OBSERVATION
            self.observed_us = giving.end_us + giving.observation_us
        elif mode == state.PRIME:
            self.line.primed(giving.dose.ng_ml, giving.drug)

    def _end(self, outcome):
        """Stop; the regular therapy and the dose under way are over."""
        was_regular, at_us = self.is_regular(), self.now_us()
        _, owed = self._halt(outcome)
        self.rows = ()
        self._note_day()
        self.day.stop()
        if was_regular:
            self._owed = owed
            self.grid.end(at_us)
        if self.mode == state.BRIDGE and self.grid.anchor_us > at_us:
            self.grid.forget()  # it was to be laid after the bridge
        self.mode = STOPPED

    def _halt(self, outcome):
        """Stop the motor at once; the dose under way is over. Returns as `Dispenser.stop`."""
        stopped = self._dispenser.stop()
        if self.giving is not None:
            self._finish(outcome)
        return stopped

    def _finish(self, outcome):
        """The dose under way is over; what it gave is on record."""
        given_ng, giving = self.given_ng(), self.giving
        at_us = self._clock.now_us()
        self.boluses.end(giving.record, outcome, given_ng, at_us)
        if self.is_regular() and outcome != bolus_log.COMPLETED:
            self.day.stray(self.calibration.drug_fg(1, giving.dose.ng_ml))
        self.giving = None  # pyright: ignore[reportAttributeAccessIssue]
