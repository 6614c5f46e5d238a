# SPDX-License-Identifier: MIT
"""Recorders of alarm signals: the pulses of a buzzer, the changes of a lamp.

Pulses are kept as trains, so that hours of alarms fit in memory. Levels are logical, true is on;
times are integer nanoseconds since power-up, and come in order.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

LAMPS = ("lamp", "lamp_red", "lamp_yellow")  # names of lamps in board files
Level = TypeVar("Level", int, bool)


class Train(NamedTuple):
    """Pulses of one width, a period apart; period_ns is 0 for a single one."""

    first_ns: int
    period_ns: int
    width_ns: int
    many: int


KEPT = 1 << 17  # trains of pulses, or changes of a level; older ones are dropped


class Half(NamedTuple):
    """A train's edges in one direction, before the call for those in the other direction."""

    is_on: bool
    t_ns: int
    period_ns: int
    many: int


class Buzzer:
    """The pulses at the buzzer's pin; off at power-up."""

    def __init__(self) -> None:
        self.is_on = False
        self.last_ns: int | None = None  # time of the last edge
        self._rise_ns = 0  # rise of the present pulse
        self._half: Half | None = None
        self.clear()

    @property
    def count(self) -> int:
        """The number of pulses, the present one included."""
        return self._finished + self.is_on

    def clear(self) -> None:
        """Drop all ended pulses."""
        self._finished = 0
        self._trains: deque[Train] = deque(maxlen=KEPT)

    def pulses(self) -> Iterator[tuple[int, int]]:
        """Yield (rise_ns, width_ns) of each ended pulse."""
        for first_ns, period_ns, width_ns, many in self._trains:
            for n in range(many):
                yield first_ns + n * period_ns, width_ns

    def change(self, is_on: bool, t_ns: int, period_ns: int = 0, count: int = 1) -> None:
        """The pin went on or off `count` times, `period_ns` apart, the first time at t_ns.

        For a count above 1 the next call has the edges in the other direction, with the same
        period and count; the edges of both calls alternate.
        """
        half, self._half = self._half, None
        told = Half(is_on, t_ns, period_ns, count)
        if half is not None:
            self._join(half, told)
        elif count == 1:
            self._edge(is_on, t_ns)
        elif is_on == self.is_on:
            raise ValueError(f"{told} comes first and changes nothing")
        else:
            self._half = told

    def _edge(self, is_on: bool, t_ns: int) -> None:
        if is_on == self.is_on:
            return
        if self.last_ns is not None and t_ns < self.last_ns:
            raise ValueError(f"edge at {t_ns} ns comes before the last, {self.last_ns} ns")
        if is_on:
            self._rise_ns = t_ns
        else:
            self._add(Train(self._rise_ns, 0, t_ns - self._rise_ns, 1))
        self.is_on, self.last_ns = is_on, t_ns

    def _join(self, half: Half, told: Half) -> None:
        """Make pulses of the edges of both directions."""
        gap_ns = told.t_ns - half.t_ns
        is_other_way = told.is_on != half.is_on and told[2:] == half[2:]
        if not is_other_way or not 0 <= gap_ns <= half.period_ns:
            raise ValueError(f"{told} does not belong to {half}")
        _, first_ns, period_ns, count = half
        self._edge(half.is_on, first_ns)
        if half.is_on:
            self._add(Train(first_ns, period_ns, gap_ns, count))
        else:
            self._add(Train(told.t_ns, period_ns, period_ns - gap_ns, count - 1))
        self._rise_ns = told.t_ns + (count - 1) * period_ns
        self.is_on, self.last_ns = told.is_on, self._rise_ns

    def _add(self, train: Train) -> None:
        self._finished += train.many
        if not self._trains or not self._extend(self._trains[-1], train):
            period_ns = train.period_ns if train.many > 1 else 0
            self._trains.append(train._replace(period_ns=period_ns))

    def _extend(self, last: Train, train: Train) -> bool:
        """Extend the last train if the new one continues it; returns True then."""
        gap_ns = train.first_ns - last.first_ns - (last.many - 1) * last.period_ns
        is_alike = train.width_ns == last.width_ns and gap_ns > 0
        if not is_alike or last.period_ns not in (0, gap_ns):
            return False
        if train.many > 1 and train.period_ns != gap_ns:
            return False
        count = last.many + train.many
        self._trains[-1] = Train(last.first_ns, gap_ns, last.width_ns, count)
        return True


class Lamp:
    """The changes of a lamp, as (t_ns, is_on); off at power-up."""

    def __init__(self) -> None:
        self.is_on = False
        self.changes: list[tuple[int, bool]] = []

    def clear(self) -> None:
        """Drop all changes."""
        self.changes.clear()

    def change(self, is_on: bool, t_ns: int, period_ns: int = 0, count: int = 1) -> None:
        """The pin went on or off; trains as in `Buzzer.change`."""
        if count > 1 or is_on != self.is_on:
            self.is_on = is_on
            weave(self.changes, is_on, t_ns, period_ns, count)


def weave(
    changes: list[tuple[int, Level]], level: Level, t_ns: int, period_ns: int, count: int
) -> None:
    """Append `count` changes to a level; a train alternates with the one appended before it."""
    new = [(t_ns + n * period_ns, level) for n in range(count)]
    if count > 1 and changes and changes[-1][0] > t_ns:
        before = changes[-count:]
        del changes[-count:]
        new = [change for pair in zip(before, new, strict=True) for change in pair]
    changes += new
    if len(changes) > KEPT:
        del changes[: KEPT // 2]
