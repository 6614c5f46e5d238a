# SPDX-License-Identifier: MIT
"""The rotor judge: whether the pump head's rotor turns as the steps say, by a sensor's pulses.

Pure. A pulse comes every `steps_per_pulse` steps of the motor, a distance. All windows are of
steps, so of volume, never of time. A healthy rotor gives, over any number of steps, as many pulses
as whole distances are in it, or one more: nothing else is taken for granted, no phase and no rate.

    stall     no pulse for more than 2 distances
    slip      surely less than 90 % over 10 distances or more (GIP 1.2.3); 80 distances at most,
              so a rotor that does 89 % may never be found
    over-run  surely more than 110 % over such a window (GIP 1.2.2); 3 pulses or more than the
              steps since the youngest anchor hold; 2 pulses while no step goes out
    faulty    3 distances since power-up without one pulse; or 2, 3 or 4 pulses a distance from
              power-up on, over 10 distances: no stepper can do that

One pulse line cannot tell everything apart. A rotor that stalls and a sensor that dies in the
midst of a delivery look the same: that is a stall, the safe side. A rotor that has not turned
since power-up and a sensor that is unplugged look the same: that is a faulty sensor, and the pump
runs on with an alarm. Which way the rotor turns is not seen, nor is a sensor that chatters on the
edge of a magnet told from a rotor that moves by itself: that is an over-run, the safe side.
"""

from micropython import const

STALLED, RECOVERED, SLIPPED, OVERRAN, FAULTY = range(5)

_STALL = const(2)  # distances
_SILENCE = const(3)
_WINDOW = const(10)
_ANCHORS = const(8)  # a window apart
_PLAY = const(1)  # pulses


class Anchor:
    """Where windows begin: `pulses` had come when `steps` to `most` steps were out."""

    def __init__(self, steps, most, pulses):
        self.steps = steps
        self.most = most
        self.pulses = pulses


class RotorJudge:
    """Counts are since power-up.

    is_stalled, is_over: found, and no step has gone out since. is_slipping: until a window is
    surely at 90 % or above. missed_steps: that the rotor did not follow, to within a distance for
    each finding; last_steps: of the last one.
    """

    def __init__(self, steps_per_pulse):
        self.steps_per_pulse = steps_per_pulse
        self.is_stalled = self.is_over = self.is_slipping = self.is_faulty = False
        self.missed_steps = self.last_steps = 0
        self._multiples = [2, 3, 4]  # pulses a distance that all up to now would fit to
        self._is_multiple = False
        self._is_awaited = False  # stalled before, and no pulse since
        self._begin(0, 0)

    def look(self, steps, pulses, ahead=0):
        """Judge the counts; a finding, or None. `ahead`: steps more while pulses were read.

        After STALLED and OVERRAN the motor is to be stopped, and `stopped` told.
        """
        most, last = steps + ahead, self._last
        has_moved = most > last.steps
        if has_moved:
            self._restarted(steps)
            found = self._judge(Anchor(steps, most, pulses))
        else:
            found = self._at_rest(pulses)
        if pulses != last.pulses:
            self._after, self._seen = last.steps, most
        if has_moved:
            self._rest_pulses = pulses
        self._last = Anchor(steps, most, pulses)
        return found

    def stopped(self, steps, pulses):
        """The motor has been stopped for a finding: count what was missed, and begin anew."""
        if self.is_stalled:
            self._miss(steps - self._after)
            self._is_awaited = True
        self._begin(steps, pulses)

    def _begin(self, steps, pulses):
        """Windows begin here."""
        self._origin = self._last = Anchor(steps, steps, pulses)
        self._anchors = [self._last]
        self._after = self._seen = steps  # the last pulse: it came between the two
        self._rest_pulses = pulses

    def _restarted(self, steps):
        """Steps go out: what a stop has answered is over."""
        if steps > self._origin.steps:
            self.is_stalled = self.is_over = False

    def _at_rest(self, pulses):
        """The rotor must not move while no step goes out."""
        if pulses - self._rest_pulses <= _PLAY:
            return None
        is_new, self.is_over = not self.is_over, True
        return OVERRAN if is_new else None

    def _judge(self, now):
        self._narrow(now)
        if now.pulses == 0:
            return self._silent(now)
        if self.is_faulty and not self._is_multiple:  # it was not unplugged for good
            self.is_faulty = False
            self._begin(now.steps, now.pulses)
            return None
        if now.pulses == self._last.pulses:
            if now.steps - self._seen > _STALL * self.steps_per_pulse:
                self.is_stalled = True
                return STALLED
        elif self._is_awaited:
            self._is_awaited = False
            return RECOVERED
        return None if self._is_multiple else self._weigh(now)

    def _silent(self, now):
        """Not one pulse since power-up."""
        is_new = not self.is_faulty and now.steps > _SILENCE * self.steps_per_pulse
        if is_new:
            self.is_faulty = True
            self._miss(0)
        return FAULTY if is_new else None

    def _narrow(self, now):
        """Drop the multiples that the pulses do not fit to."""
        origin, distance = self._origin, self.steps_per_pulse
        least = (now.steps - origin.most) // distance
        most = (now.most - origin.steps) // distance + 1
        pulses = now.pulses - origin.pulses
        self._multiples = [m for m in self._multiples if m * least <= pulses <= m * most]

    def _weigh(self, now):
        """Compare pulses with steps, over each window."""
        found = None
        if self._is_ahead(now, self._anchors[-1]):
            found = self._too_many(now)
        for anchor in self._anchors:
            if found is None and self._is_window(now, anchor):
                found = self._compare(now, anchor)
        if found is None and self._is_window(now, self._anchors[-1]):
            self._anchors = self._anchors[1 - _ANCHORS :] + [now]
        return found

    def _is_window(self, now, anchor):
        return now.steps - anchor.most >= _WINDOW * self.steps_per_pulse

    def _is_ahead(self, now, anchor):
        """Whether more pulses have come than any phase and a pulse of play can give."""
        most = (now.most - anchor.steps) // self.steps_per_pulse + 1
        return now.pulses - anchor.pulses > most + _PLAY

    def _compare(self, now, anchor):
        """Less than 90 % for sure, more than 110 % for sure, or neither."""
        pulses, distance = now.pulses - anchor.pulses, self.steps_per_pulse
        least, most = now.steps - anchor.most, now.most - anchor.steps
        since = min(now.most - self._last.steps, distance)  # the youngest pulse, at most
        is_pulse = now.pulses != self._last.pulses  # without one it may be a stall
        if is_pulse and (pulses * distance + since) * 10 < 9 * least:
            self.is_slipping = True
            self._miss(least - pulses * distance)
            self._anchors = [now]
            return SLIPPED
        if (pulses - 1) * distance * 10 > 11 * most:
            return self._too_many(now)
        if (pulses - 1) * distance * 10 >= 9 * most:
            self.is_slipping = False
        return None

    def _too_many(self, now):
        """The rotor runs ahead, or the sensor has counted each pulse more than once ever since."""
        if not self._multiples:
            self.is_over = True
            return OVERRAN
        if not self._is_window(now, self._origin):
            return None
        self.is_faulty = self._is_multiple = True
        return FAULTY

    def _miss(self, steps):
        self.last_steps = steps
        self.missed_steps += steps
