# SPDX-License-Identifier: MIT
"""The planner: turns an amount due over time into runs of equal steps for the step engine.

Pure. It follows the cumulative target, so no error accumulates: at the end of every chunk the
steps planned are exactly floor(amount due / amount per step), and the last step of the chunk falls
on the very microsecond it is due. A run is `(count, period_us)`: `count` times wait one period,
then step; count 0 is a delay. A chunk is at most two runs, the longer period first, so inside it a
step is never early, and late by at most a quarter of a microsecond for every step of the chunk. A
chunk never spans a change of rate, unless it is a single step. At a fast rate the first chunk
absorbs the rest of an interval already begun: its steps are then late by up to one interval.
"""

from micropython import const

CHUNK_US = const(800_000)  # the longest chunk
COUNT_MAX = const(4095)  # the most steps in one chunk
FASTEST_STEPS_S = const(5118)  # COUNT_MAX in a chunk; at faster rates chunks get shorter
# From this many steps a chunk on, the rest of an interval is spread over the chunk: its periods
# get shorter by 2 us at most (800 ms / 640, over 640). A run of its own would be too short.
_MANY = const(640)
_LATE_US = const(2_000)  # more than rounding can make a step late (COUNT_MAX / 4)


class PlannedSegment:
    """A schedule in force from `base_us` on, when `base_steps` were planned and `carry` was due.

    base: (base_us, base_steps, carry), carry in 1/amount of a step. step: (amount, over), see
    `Planner`.
    """

    def __init__(self, schedule, base, step):
        self.schedule = schedule
        self.base_us, self.base_steps, self.carry = base
        self.step = step

    def due(self, t_us):
        """Amount due by `t_us`, in 1/amount of a step, counted from the base."""
        return self.schedule.due(t_us - self.base_us) * self.step[1] + self.carry

    def steps_due(self, t_us):
        """Whole steps due by `t_us`, since the delivery began."""
        return self.base_steps + self.due(t_us) // self.step[0]

    def when(self, steps):
        """The first microsecond by which `steps` steps of the delivery are due."""
        needed = (steps - self.base_steps) * self.step[0] - self.carry
        return self.base_us + self.schedule.when(-(-needed // self.step[1]))

    def until(self, t_us):
        """The instant at which the rate in force at `t_us` changes, or None."""
        until_us = self.schedule.until(t_us - self.base_us)
        return None if until_us is None else self.base_us + until_us


class Planner:
    """Plans one delivery.

    schedule: see `pump.therapy.schedule`; its time counts from the start of the delivery.
    step: (amount, over): one step is worth amount / over units of the schedule.
    carry: amount due but not stepped when this delivery starts, in 1/amount of a step; limited to
    one step or, at a fast rate, to the rounding error of a chunk: no backlog is made up.
    limit_steps: the delivery ends after so many steps; None: it never ends by itself.
    min_period_us: no two steps are planned closer than this.
    begin_us: the first run begins then; steps due by then are emitted at once.
    """

    def __init__(self, schedule, step, *, carry=0, limit_steps=None, min_period_us=1, begin_us=0):
        amount, over = step
        most = amount
        if schedule.due(CHUNK_US) * over >= _MANY * amount:
            most += schedule.due(_LATE_US) * over
        carry = min(max(carry, -most), most)
        self._step = step
        self._segments = [
            PlannedSegment(schedule, (0, 0, carry), step)
        ]  # the last one is being planned
        self._limit_steps = limit_steps
        self._min_period_us = min_period_us
        self._is_on_step = False  # whether the planned part ends with a step that is on time
        self.end_us = begin_us  # end of the plan, from the start of the delivery
        self.steps = 0  # steps planned so far

    @property
    def segment(self):
        """The last segment, along which the next chunk is planned."""
        return self._segments[-1]

    def is_complete(self):
        """Whether a limited delivery has been planned to its last step."""
        return self._limit_steps is not None and self.steps >= self._limit_steps

    def next_runs(self):
        """The next chunk as a tuple of runs, at most two; empty when complete."""
        if self.is_complete():
            return ()
        wait_us = self.segment.when(self.steps + 1) - self.end_us
        if wait_us > CHUNK_US:
            return self._delay(min(CHUNK_US, wait_us - self._min_period_us))
        horizon_us = self._horizon_us()
        count = self.segment.steps_due(self.end_us + horizon_us) - self.steps
        if count < 1:
            return self._chunk(1)  # an interval in which the rate changes
        if self._is_on_step or (count >= _MANY and wait_us * count <= horizon_us):
            return self._chunk(count)
        if wait_us <= 0:
            return self._chunk(self.segment.steps_due(self.end_us) - self.steps)  # overdue
        return self._chunk(1)  # the rest of an interval; later steps keep their period

    def follow(self, schedule):
        """Follow another schedule from the end of what is planned; the fraction is carried."""
        carry = self.carry(self.end_us, self.steps)
        if self.segment.base_us == self.end_us:
            self._segments.pop()  # no step was planned by that segment
        base = (self.end_us, self.steps, carry)
        self._segments.append(PlannedSegment(schedule, base, self._step))
        self._is_on_step = False

    def carry(self, t_us, steps):
        """Amount due by `t_us` beyond `steps`, in 1/amount of a step; below 0 when ahead.

        t_us: not before the last `forget`.
        """
        segment = self.segment_at(t_us)
        return segment.due(t_us) - (steps - segment.base_steps) * self._step[0]

    def segment_at(self, t_us):
        """The segment in force at `t_us`, which is not before the last `forget`."""
        index = len(self._segments) - 1
        while index and self._segments[index].base_us > t_us:
            index -= 1
        return self._segments[index]

    def forget(self, t_us):
        """Drop the segments that ended before `t_us`."""
        while len(self._segments) > 1 and self._segments[1].base_us <= t_us:
            self._segments.pop(0)

    def _horizon_us(self):
        """How far to plan: one chunk, not past a change of rate; short pieces are avoided."""
        until_us = self.segment.until(self.end_us)
        if until_us is None or until_us - self.end_us >= 2 * CHUNK_US:
            return CHUNK_US
        left_us = until_us - self.end_us
        return left_us if left_us <= CHUNK_US else left_us // 2

    def _delay(self, delay_us):
        self.end_us += delay_us
        self._is_on_step = False
        return ((0, delay_us),)

    def _chunk(self, count):
        count = min(count, COUNT_MAX)
        if self._limit_steps is not None:
            count = min(count, self._limit_steps - self.steps)
        due_us = self.segment.when(self.steps + count) - self.end_us
        span_us = max(due_us, count * self._min_period_us)
        period_us, longer = divmod(span_us, count)
        self._is_on_step = span_us == due_us  # else the next interval is a shorter one
        self.steps += count
        self.end_us += span_us
        runs = ((longer, period_us + 1), (count - longer, period_us))
        return runs if longer else runs[1:]
