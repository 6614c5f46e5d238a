# SPDX-License-Identifier: MIT
"""A cycle: pieces of a schedule that repeat for ever, from any phase on. See `schedule`.

Sums over the pieces are made once, so that the time of an answer does not depend on the number of
cycles passed. They take most of the memory of a week; all cycles of the same pieces share them.
"""

from pump.kinds import PERIODIC


def steps_of(due, whole, step):
    """Whole steps of a dose of `whole` units if `due` of them are due. step: see `schedule`."""
    amount, over = step
    return min(-(-due * over // amount), whole * over // amount)


class RateTable:
    """The pieces of a cycle, each an amount at a constant rate; some amount is above 0.

    count: of pieces. starts: the start of each, then the cycle's end. sums: amounts due by then.
    doses: the periodic boluses in it, (start_us, duration_us, amount in units).
    unit_us: factor from starts to microseconds and from sums to units of a schedule. A week in
    minutes fits 16 bits that way, and its sums 64 (7 days at 1000 mL/hr: below 2**48).
    """

    def __init__(self, count, starts, sums, doses=(), unit_us=1):
        self.count = count
        self._starts, self._sums = starts, sums
        self.doses = doses
        self.unit_us = unit_us

    def start_us(self, index):
        """The start of a piece; for index `count` the end of the cycle."""
        return self._starts[index] * self.unit_us

    def sum(self, index):
        """Units due before a piece; for index `count` those of the whole cycle."""
        return self._sums[index] * self.unit_us

    def at_us(self, in_cycle_us):
        """The index of the piece at an instant of the cycle."""
        return _index(self._starts, self.count, in_cycle_us // self.unit_us)

    def of(self, units):
        """The index of the piece in which unit number `units` + 1 of the cycle becomes due."""
        return _index(self._sums, self.count, units // self.unit_us)

    def piece(self, index):
        """(amount, duration) of a piece, in units of sums and starts: their ratio is the rate."""
        amount = self._sums[index + 1] - self._sums[index]
        return amount, self._starts[index + 1] - self._starts[index]


class Cycle:
    """Repeats `pieces` for ever: a RateTable, or rows (duration_us, amount, dose_amount).

    dose_amount: the part of the amount that is a periodic bolus; 0: none.
    phase_us: time in the cycle at t_us == 0. Of a dose under way then, only the rest counts.
    """

    def __init__(self, pieces, phase_us=0):
        self._pieces = pieces if isinstance(pieces, RateTable) else _table(pieces)
        self._length_us = self._pieces.start_us(self._pieces.count)
        self._whole = self._pieces.sum(self._pieces.count)  # units of a cycle
        self._phase_us = phase_us % self._length_us
        self._before = 0  # units of the cycle due before t_us == 0
        self._before = self.due(0)

    def due(self, t_us):
        """Units due by `t_us`."""
        cycles, in_cycle_us, index = self._place(t_us)
        pieces = self._pieces
        amount, duration = pieces.piece(index)
        in_piece = amount * (in_cycle_us - pieces.start_us(index)) // duration
        return cycles * self._whole + pieces.sum(index) + in_piece - self._before

    def when(self, amount):
        """The first microsecond by which `amount` is due."""
        if amount <= 0:
            return 0
        pieces = self._pieces
        cycles, before = divmod(amount + self._before - 1, self._whole)
        index = pieces.of(before)
        missing = before + 1 - pieces.sum(index)
        amount, duration = pieces.piece(index)
        start_us = cycles * self._length_us + pieces.start_us(index) - self._phase_us
        return start_us - (-missing * duration // amount)

    def until(self, t_us):
        """The end of the piece at t_us."""
        _, in_cycle_us, index = self._place(t_us)
        return t_us + self._pieces.start_us(index + 1) - in_cycle_us

    def changes(self, t_us):
        """The end of each piece and the units due by then, for ever."""
        pieces = self._pieces
        cycles, in_cycle_us, index = self._place(t_us)
        cycle_us, before = t_us - in_cycle_us, cycles * self._whole - self._before
        while True:
            for piece in range(index + 1, pieces.count + 1):
                yield cycle_us + pieces.start_us(piece), before + pieces.sum(piece)
            cycle_us, before, index = cycle_us + self._length_us, before + self._whole, 0

    def rate(self, t_us):
        """Units a microsecond of the piece at t_us, its dose included, rounded down."""
        amount, duration = self._pieces.piece(self._place(t_us)[2])
        return amount // duration

    def period_us(self, _t_us):
        """The length of the cycle."""
        return self._length_us

    def doses(self, t_us, step):
        """One count of the steps of all periodic boluses from t_us == 0 on; key: the cycle."""
        if not self._pieces.doses:
            return ()
        steps = sum([self._dose_steps(dose, t_us, step) for dose in self._pieces.doses])
        return ((self, PERIODIC, 0, steps),)

    def _dose_steps(self, dose, t_us, step):
        """Steps of one dose and of its repetitions; only the first one can be partial."""
        whole, at_us = dose[2], self._phase_us + t_us
        before = _due(dose, self._phase_us)
        steps = steps_of(_due(dose, at_us) - before, whole - before, step)
        cycles, in_cycle_us = divmod(at_us, self._length_us)
        if cycles:
            steps += (cycles - 1) * steps_of(whole, whole, step)
            steps += steps_of(_due(dose, in_cycle_us), whole, step)
        return steps

    def _place(self, t_us):
        """(whole cycles since the phase was 0, time in the cycle, index of the piece)."""
        cycles, in_cycle_us = divmod(self._phase_us + t_us, self._length_us)
        return cycles, in_cycle_us, self._pieces.at_us(in_cycle_us)


def _table(rows):
    """The RateTable of rows (duration_us, amount, dose_amount)."""
    starts, sums, doses = [0], [0], []
    for duration, amount, dose_amount in rows:
        if dose_amount:
            doses.append((starts[-1], duration, dose_amount))
        starts.append(starts[-1] + duration)
        sums.append(sums[-1] + amount)
    return RateTable(len(starts) - 1, starts, sums, doses)


def _due(dose, at_us):
    """Units of the first occurrence of a dose due `at_us` after the cycle's start."""
    start_us, duration_us, amount = dose
    return amount * min(max(at_us - start_us, 0), duration_us) // duration_us


def _index(values, high, value):
    """The last index, below `high`, of a number in `values` that is `value` or less."""
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if values[middle] <= value:
            low = middle
        else:
            high = middle
    return low
