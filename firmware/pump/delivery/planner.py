# SPDX-License-Identifier: MIT
"""The planner: from an amount due over time to runs of equal steps for the step engine.

Pure. It follows the cumulative target, so error never accumulates: at the end of every chunk the
steps planned are exactly floor(amount due / amount per step), and the last step of the chunk falls
on the very microsecond it is due. A run is `(count, period_us)`: `count` times wait one period,
then step; count 0 is a delay. A chunk is at most two runs, the longer period first, so inside it a
step is never early, and late by at most a quarter of a microsecond for every step of the chunk.
At a fast rate the first chunk takes up what is left of an interval: it begins late by up to that.
"""

from micropython import const

CHUNK_US = const(800_000)  # the longest piece planned at once
COUNT_MAX = const(4095)  # the most steps in one chunk
# From so many steps a chunk on, the rest of an interval is spread over the chunk: that makes its
# periods shorter by 2 us at most (800 ms / 640, over 640); a run of its own would last no time.
_MANY = const(640)
_LATE_US = const(2_000)  # more than rounding can make a step late (COUNT_MAX / 4)


class _Stretch:
    """A schedule in force from `base_us` on, when `base_steps` were planned and `owed` was due."""

    def __init__(self, schedule, base_us, base_steps, owed):
        self.schedule = schedule
        self.base_us = base_us
        self.base_steps = base_steps
        self.owed = owed


class Planner:
    """Plans one delivery.

    schedule: has `due(t_us)` and `when(amount)`, counting from the start of the delivery.
    step: (amount, over): one step is worth amount / over units of the schedule.
    owed: what was due but not stepped when this delivery starts, in 1/amount of a step. Of it
    counts one step, and at a fast rate what rounding in a chunk can leave; nothing is caught up.
    limit_steps: the delivery ends after so many steps; None: it never ends by itself.
    min_period_us: no two steps are planned closer than this.
    """

    def __init__(self, schedule, step, *, owed=0, limit_steps=None, min_period_us=1):
        self._amount, self._over = step
        most = self._amount
        if schedule.due(CHUNK_US) * self._over >= _MANY * self._amount:
            most += schedule.due(_LATE_US) * self._over
        owed = min(max(owed, -most), most)
        self._stretches = [_Stretch(schedule, 0, 0, owed)]  # the last one is planned along
        self._limit_steps = limit_steps
        self._min_period_us = min_period_us
        self._is_on_step = False  # whether the planned part ends with a step that is on time
        self.end_us = 0  # end of what is planned, from the start of the delivery
        self.steps = 0  # steps planned so far

    def is_complete(self):
        """True when a limited delivery has been planned to its last step."""
        return self._limit_steps is not None and self.steps >= self._limit_steps

    def next_runs(self):
        """The next chunk as a tuple of runs, at most two; empty when complete."""
        if self.is_complete():
            return ()
        wait_us = self._when(self.steps + 1) - self.end_us
        if wait_us > CHUNK_US:
            return self._delay(min(CHUNK_US, wait_us - self._min_period_us))
        count = self._steps_due(self.end_us + CHUNK_US) - self.steps
        is_more_than_an_interval = wait_us * count > CHUNK_US
        if not self._is_on_step and (count < _MANY or is_more_than_an_interval):
            return self._chunk(1)  # what is there of an interval; those after it keep their period
        return self._chunk(count)

    def follow(self, schedule):
        """Follow another schedule from the end of what is planned; the fraction is carried."""
        owed = self.owed(self.end_us, self.steps)
        if self._stretches[-1].base_us == self.end_us:
            self._stretches.pop()  # nothing was planned along it
        self._stretches.append(_Stretch(schedule, self.end_us, self.steps, owed))
        self._is_on_step = False

    def owed(self, t_us, steps):
        """Due by `t_us` and not among `steps`, in 1/amount of a step; below 0 when ahead.

        `t_us` is not before the last `forget`.
        """
        index = len(self._stretches) - 1
        while index and self._stretches[index].base_us > t_us:
            index -= 1
        stretch = self._stretches[index]
        return self._due(stretch, t_us) - (steps - stretch.base_steps) * self._amount

    def forget(self, t_us):
        """Drop what was in force only before `t_us`."""
        while len(self._stretches) > 1 and self._stretches[1].base_us <= t_us:
            self._stretches.pop(0)

    def _delay(self, delay_us):
        self.end_us += delay_us
        self._is_on_step = False
        return ((0, delay_us),)

    def _chunk(self, count):
        count = min(count, COUNT_MAX)
        if self._limit_steps is not None:
            count = min(count, self._limit_steps - self.steps)
        due_us = self._when(self.steps + count) - self.end_us
        span_us = max(due_us, count * self._min_period_us)
        period_us, longer = divmod(span_us, count)
        self._is_on_step = span_us == due_us  # else the next interval is shorter than the others
        self.steps += count
        self.end_us += span_us
        runs = ((longer, period_us + 1), (count - longer, period_us))
        return runs if longer else runs[1:]

    def _due(self, stretch, t_us):
        return stretch.schedule.due(t_us - stretch.base_us) * self._over + stretch.owed

    def _steps_due(self, t_us):
        stretch = self._stretches[-1]
        return stretch.base_steps + self._due(stretch, t_us) // self._amount

    def _when(self, steps):
        stretch = self._stretches[-1]
        needed = (steps - stretch.base_steps) * self._amount - stretch.owed
        return stretch.base_us + stretch.schedule.when(-(-needed // self._over))
