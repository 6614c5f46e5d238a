# SPDX-License-Identifier: MIT
"""The rotor guard: stops the delivery when the rotor does not follow, or runs ahead.

Only for boards with a rotor sensor. The motor stops first, then the finding is logged. Missed
steps are never made up.
"""

from pump.alarm import conditions
from pump.delivery.rotor import OVERRAN, RECOVERED, SLIPPED, STALLED, RotorJudge
from pump.records import event_codes
from pump.units import ml_of_pl

_EVENTS = {
    STALLED: event_codes.ROTOR_STALLED,
    RECOVERED: event_codes.ROTOR_RECOVERED,
    SLIPPED: event_codes.ROTOR_SLIPPED,
    OVERRAN: event_codes.ROTOR_OVERRAN,
}


class RotorGuard:
    """counter: of the sensor's pulses, `count()`. engine: of the motor, `emitted()`.

    dispenser: has `is_active`. infusion: has `stop`, `calibration`. note(code, text): logs an
    event.
    """

    def __init__(self, steps_per_pulse, *, counter, engine, dispenser, infusion, note):
        self._judge = RotorJudge(steps_per_pulse)
        self._counter = counter
        self._engine = engine
        self._dispenser = dispenser
        self._infusion = infusion
        self._note = note

    def poll(self, _now_us):
        """Judge the counts, at every wake."""
        steps, pulses = self._engine.emitted(), self._counter.count()
        found = self._judge.look(steps, pulses, self._engine.emitted() - steps)
        if found in (STALLED, OVERRAN):
            self._stop()
        if found in _EVENTS:
            self._note(_EVENTS[found], self._text(found))

    def counts(self):
        """(pulses, steps that they stand for, upper bound of missed steps) since power-up."""
        pulses, judge = self._counter.count(), self._judge
        return pulses, pulses * judge.steps_per_pulse, judge.missed_steps

    def conditions(self):
        """(code, predicate) of each alarm condition, for the monitor."""
        judge = self._judge
        return (
            (conditions.MOTOR_STALL, lambda: judge.is_stalled),
            (conditions.UNDER_INFUSION, lambda: judge.is_slipping),
            (conditions.OVER_INFUSION, lambda: judge.is_over),
            (conditions.ROTOR_SENSOR_FAULTY, lambda: judge.is_faulty),
        )

    def _stop(self):
        """Stop the motor first; missed steps are counted when it stands."""
        if self._dispenser.is_active():
            self._infusion.stop()
        self._judge.stopped(self._engine.emitted(), self._counter.count())

    def _text(self, found):
        """Missed steps, and mL at most; for an over-run the counts of pulses and steps."""
        if found in (STALLED, SLIPPED):
            steps = self._judge.last_steps
        elif found == RECOVERED:
            steps = self._judge.missed_steps
        else:
            return "%d pulses, %d steps" % (self._counter.count(), self._engine.emitted())
        calibration = self._infusion.calibration
        volume = ml_of_pl(calibration.volume_pl(steps)) if calibration.pl_per_rev else "NONE"
        return "%d steps %s mL" % (steps, volume)
