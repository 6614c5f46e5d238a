# SPDX-License-Identifier: MIT
"""The rotor judge: whether the pump head's rotor follows the steps, by a sensor's pulses.

Pure. A pulse comes every `steps_per_pulse` steps of the motor, called a distance. All windows are
in steps, that is in volume, never in time. Over any number of steps a healthy rotor gives as many
pulses as they contain whole distances, or one more; no phase and no rate is assumed.

    stall     no pulse for more than 2 distances
    slip      surely less than 90 % over 10 distances or more (GIP 1.2.3); 80 distances at most,
              so a rotor that does 89 % may never be found
    over-run  surely more than 110 % over such a window (GIP 1.2.2); 3 pulses or more than the
              steps since the youngest anchor hold; 2 pulses while no step goes out
    faulty    3 distances since power-up without one pulse; or 2, 3 or 4 pulses a distance from
              power-up on, over 10 distances: no stepper can do that

One pulse line leaves ambiguities. A stalled rotor and a sensor that dies during a delivery look
the same: judged a stall, the safe side. A rotor that has not turned since power-up and an
unplugged sensor look the same: judged a faulty sensor, and the pump runs on with an alarm. The
direction is not seen. A sensor that chatters on the edge of a magnet and a rotor that moves by
itself look the same: judged an over-run, the safe side.
"""

from micropython import const

STALLED, RECOVERED, SLIPPED, OVERRAN, FAULTY = range(5)

_STALL = const(2)  # distances
_SILENCE = const(3)
_WINDOW = const(10)
_ANCHORS = const(8)  # at most, one window apart
_PLAY = const(1)  # pulses


class Anchor:
    """Start of a window: `pulses` had come when `steps` to `most` steps were emitted."""

    def __init__(self, steps, most, pulses):
        self.steps = steps
        self.most = most
        self.pulses = pulses


class RotorJudge:
    """Counts are since power-up.

    is_stalled, is_over: found, and no step emitted since. is_slipping: until a window is surely at
    90 % or above. is_faulty: the sensor. missed_steps: steps that the rotor did not follow, to
    within a distance per finding; last_steps: those of the last finding.
    """

    def __init__(self, steps_per_pulse):
        self.steps_per_pulse = steps_per_pulse
        self.is_stalled = self.is_over = self.is_slipping = self.is_faulty = False
        self.missed_steps = self.last_steps = 0
        self._multiples = [2, 3, 4]  # pulses per distance that fit all counts up to now
        self._is_multiple = False
        self._is_awaited = False  # stalled, and no pulse since
        self._begin(0, 0)

    def look(self, steps, pulses, ahead=0):
        """Judge the counts. Returns a finding, or None. ahead: steps while pulses were read.

        After STALLED and OVERRAN the caller is to stop the motor, then to call `stopped`.
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
        """The motor was stopped for a finding: count missed steps, and begin new windows."""
        if self.is_stalled:
            self._miss(steps - self._after)
            self._is_awaited = True
        self._begin(steps, pulses)

    def _begin(self, steps, pulses):
        """Begin the windows here."""
        self._origin = self._last = Anchor(steps, steps, pulses)
        self._anchors = [self._last]
        self._after = self._seen = steps  # step counts between which the last pulse came
        self._rest_pulses = pulses

    def _restarted(self, steps):
        """Steps go out again: clear the findings that stopped the motor."""
        if steps > self._origin.steps:
            self.is_stalled = self.is_over = False

    def _at_rest(self, pulses):
        """Judge while no step goes out: the rotor must not move."""
        if pulses - self._rest_pulses <= _PLAY:
            return None
        is_new, self.is_over = not self.is_over, True
        return OVERRAN if is_new else None

    def _judge(self, now):
        self._narrow(now)
        if now.pulses == 0:
            return self._silent(now)
        if self.is_faulty and not self._is_multiple:  # the sensor works after all
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
        """Judge while no pulse has come since power-up."""
        is_new = not self.is_faulty and now.steps > _SILENCE * self.steps_per_pulse
        if is_new:
            self.is_faulty = True
            self._miss(0)
        return FAULTY if is_new else None

    def _narrow(self, now):
        """Drop the multiples that the pulses contradict."""
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
        """Whether there are more pulses than any phase and one pulse of play allow."""
        most = (now.most - anchor.steps) // self.steps_per_pulse + 1
        return now.pulses - anchor.pulses > most + _PLAY

    def _compare(self, now, anchor):
        """Judge one window: surely less than 90 %, surely more than 110 %, or neither."""
        pulses, distance = now.pulses - anchor.pulses, self.steps_per_pulse
        least, most = now.steps - anchor.most, now.most - anchor.steps
        since = min(now.most - self._last.steps, distance)  # steps since the last pulse, at most
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
        """The rotor runs ahead, or the sensor has multiplied its pulses since power-up."""
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
