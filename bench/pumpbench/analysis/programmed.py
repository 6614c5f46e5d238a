# SPDX-License-Identifier: MIT
"""The programmed delivery as steps due over time, in fractions, independent of the firmware.

The steps due are a sum of ramps: one for each rate of the day, one for each bolus. Some instants
are known to the host only as a window, in which the board read a line, or ended its queue. Each is
computed from the first step that depends on it, must lie in its window, and is exact for all later
steps. Times are microseconds of the recorder's clock, rates steps a microsecond. Pure.
"""

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

US_PER_DAY = 86_400_000_000
LEASE_US = 2_000_000  # the longest time from a command until its bolus begins: the queue's end
START_US = 100_000  # the longest time from a start or abort until the pump's delivery time runs
# The limit of the lateness of a step: rounding in a chunk, once for the step and once for the one
# that an instant was computed from.
LATE_US = 10
FAR_US = 10 * US_PER_DAY  # later than anything here


class Window(NamedTuple):
    """The earliest and the latest instant at which something happened."""

    from_us: Fraction | int
    to_us: Fraction | int


class Bolus(NamedTuple):
    """A granted bolus. Counts are of steps since the start of the therapy."""

    steps: Fraction  # its amount
    duration_us: int
    asked: Window
    after_steps: int  # commanded when it was granted: the step after those is the first it moves
    aborted: Window | None = None
    aborted_after: int = 0  # emitted when it was aborted


class Plan(NamedTuple):
    """The programmed rates of a day, each from a second of the day on, and the boluses."""

    rates: Sequence[tuple[int, Fraction]]
    midnight: Window  # 00:00 of the day of the start
    started: Window
    boluses: Sequence[Bolus] = ()


class Late(NamedTuple):
    """The lateness of step n (from 1 on), below 0 if it was early, and the limit of its error."""

    n: int
    late_us: Fraction
    limit_us: Fraction


class Ramp(NamedTuple):
    """`rate` steps a microsecond between two instants."""

    from_us: Fraction
    to_us: Fraction
    rate: Fraction

    def due(self, t_us: Fraction | int) -> Fraction:
        """Steps due by an instant."""
        return self.rate * max(min(t_us, self.to_us) - self.from_us, 0)


class Course:
    """The steps due since the start of the therapy. found: contradictions to the plan, sentences.

    aborts_us: when boluses were aborted. Steps that become due during the restart of the pump are
    made right after it.
    """

    def __init__(
        self, ramps: list[Ramp], found: list[str], aborts_us: Sequence[Fraction] = ()
    ) -> None:
        self.ramps = ramps
        self.found = found
        self._aborts_us = aborts_us
        self._from_us = sorted({t_us for ramp in ramps for t_us in (ramp.from_us, ramp.to_us)})
        self._due = [sum((ramp.due(t) for ramp in ramps), Fraction(0)) for t in self._from_us]

    def due(self, t_us: Fraction | int) -> Fraction:
        """Steps due by an instant, with their fraction."""
        i = bisect_left(self._from_us, t_us) - 1
        if i < 0:
            return Fraction(0)
        return self._due[i] + self.rate(t_us) * (t_us - self._from_us[i])

    def rate(self, t_us: Fraction | int) -> Fraction:
        """Steps a microsecond right before an instant."""
        i = bisect_left(self._from_us, t_us) - 1
        if not 0 <= i < len(self._due) - 1:
            return Fraction(0)
        return (self._due[i + 1] - self._due[i]) / (self._from_us[i + 1] - self._from_us[i])

    @cached_property
    def fastest(self) -> Fraction:
        """The fastest rate of all."""
        return max((self.rate(t_us) for t_us in self._from_us), default=Fraction(0))

    def lateness_us(self, times_us: Sequence[Fraction]) -> list[Fraction]:
        """The lateness of each step; below 0 if it was early."""
        return [
            (self.due(t_us) - n) / (self.rate(t_us) or 1) for n, t_us in enumerate(times_us, 1)
        ]

    def worst(self, times_us: Sequence[Fraction]) -> Late:
        """The step with the largest error in steps; a wait for a restart is no error."""
        off_steps = [self._off_steps(n, t_us) for n, t_us in enumerate(times_us, 1)]
        n = max(range(len(off_steps)), key=off_steps.__getitem__, default=None)
        if n is None or not off_steps[n]:
            return Late(0, Fraction(0), Fraction(LATE_US))
        t_us = times_us[n]
        late_us = (self.due(t_us) - n - 1) / (self.rate(t_us) or 1)
        return Late(n + 1, late_us, self.limit_us(t_us))

    def limit_us(self, t_us: Fraction | int) -> Fraction:
        """The limit of the lateness of a step at an instant.

        It allows for the error of an instant that was found from a step of the fastest rate.
        """
        return LATE_US * self.fastest / (self.rate(t_us) or 1)

    def staircase(self, from_us: Fraction, to_us: Fraction) -> list[tuple[Fraction, Fraction]]:
        """(instant, rate from there on) for every change of rate between two instants."""
        inside = [t_us for t_us in self._from_us if from_us < t_us < to_us]
        ends = [*inside, to_us]
        return [(t, self.rate(end)) for t, end in zip([from_us, *inside], ends, strict=True)]

    def problems(self, times_us: Sequence[Fraction], stopped: Window) -> list[str]:
        """Disagreements with the steps made until the stop, a sentence each."""
        found = list(self.found)
        due = [self.due(t_us) // 1 for t_us in stopped]
        if not due[0] <= len(times_us) <= due[1]:
            found.append(f"{len(times_us)} steps came, {due[0]} were programmed")
        worst = self.worst(times_us)
        if abs(worst.late_us) > worst.limit_us:
            found.append(f"step {worst.n} came {float(worst.late_us):+.1f} us from its time")
        return found

    def _off_steps(self, n: int, t_us: Fraction) -> Fraction:
        """The error of a step in steps; 0 if it waited for a restart."""
        off_steps = self.due(t_us) - n
        for abort_us in self._aborts_us:
            fell_due = self.due(abort_us) < n <= self.due(t_us)
            if fell_due and t_us <= abort_us + START_US:
                return Fraction(0)
        return abs(off_steps)


def steps_of(volume_nl: int, step_nl: Fraction) -> Fraction:
    """A volume in steps."""
    return Fraction(volume_nl) / step_nl


def volume_nl(dose_ng: int, ng_ml: int) -> int:
    """The volume of a dose in nanolitres, rounded down as a pump has to."""
    return dose_ng * 1_000_000 // ng_ml


def course(plan: Plan, times_us: Sequence[Fraction]) -> Course:
    """The steps due, with the unknown instants found from the times of all steps, `times_us`.

    An aborted bolus must be over before the first change of rate after the start, or begin after
    it.
    """
    if not times_us:
        return Course([], ["no step came"])
    finder = _Finder(plan, times_us)
    finder.find_start()
    change_us = finder.first_change()[0]
    early = [bolus for bolus in plan.boluses if bolus.asked.to_us < change_us]
    finder.find_boluses(early)
    finder.find_midnight()
    finder.find_boluses(plan.boluses[len(early) :])
    return Course(finder.ramps(), finder.found, finder.aborts_us)


class _Finder:
    """Finds the unknown instants one after the other, in order of time."""

    def __init__(self, plan: Plan, times_us: Sequence[Fraction]) -> None:
        self.found: list[str] = []
        self.aborts_us: list[Fraction] = []
        self._plan = plan
        self._times_us = times_us
        self._midnight_us = Fraction(plan.midnight.from_us + plan.midnight.to_us) / 2
        self._zero_us = Fraction(0)
        self._boluses: list[Ramp] = []

    def ramps(self) -> list[Ramp]:
        """The ramps known so far."""
        changes = self._changes()
        ends = [t_us for t_us, _ in changes[1:]] + [self._zero_us + FAR_US]
        basal = [
            Ramp(max(from_us, self._zero_us), to_us, rate)
            for (from_us, rate), to_us in zip(changes, ends, strict=True)
            if to_us > self._zero_us
        ]
        return basal + self._boluses

    def first_change(self) -> tuple[Fraction, Fraction, Fraction]:
        """(instant of the first change of rate after the start, the rate before it, after it)."""
        changes = self._changes()
        started_us = self._plan.started.to_us
        current = max(i for i, (t_us, _) in enumerate(changes) if t_us <= started_us)
        return changes[current + 1][0], changes[current][1], changes[current + 1][1]

    def find_start(self) -> None:
        """Find the start for which the first step is on time."""
        first_us = 1 / self.first_change()[1]
        self._zero_us = self._times_us[0] - first_us
        # A fraction of a step owed by an earlier delivery makes it come early.
        started = self._plan.started
        window = Window(started.from_us - first_us, started.to_us + START_US)
        self._expect("the start", self._zero_us, window)

    def find_midnight(self) -> None:
        """Find the midnight for which the first step after the first change is on time."""
        change_us, rate, next_rate = self.first_change()
        since_us = change_us + self._plan.midnight.to_us - self._midnight_us + START_US
        n = next((n for n, t_us in enumerate(self._times_us, 1) if t_us > since_us), None)
        if n is None or rate == next_rate:
            return
        # Each microsecond of a later change reduces the steps due by the difference of the rates.
        excess = Course(self.ramps(), []).due(self._times_us[n - 1]) - n
        self._midnight_us += excess / (next_rate - rate)
        seen = self._plan.midnight
        self._expect("midnight", self._midnight_us, seen._replace(to_us=seen.to_us + START_US))

    def find_boluses(self, boluses: Sequence[Bolus]) -> None:
        """Find begin and abort of each bolus for which the first step they move is on time.

        For an abort that is the first step after the restart: one before may have waited for it.
        """
        for bolus in boluses:
            name = f"bolus {len(self._boluses) + 1}"
            rate = bolus.steps / bolus.duration_us
            t_us, missing = self._missing(bolus.after_steps + 1)
            from_us = t_us - missing / rate
            latest_us = bolus.asked.to_us + LEASE_US
            self._expect(f"{name}, its begin", from_us, Window(bolus.asked.from_us, latest_us))
            to_us = from_us + bolus.duration_us
            if bolus.aborted:
                since_us = bolus.aborted.to_us + START_US
                waited = sum(t <= since_us for t in self._times_us[bolus.aborted_after :])
                _, missing = self._missing(bolus.aborted_after + 1 + waited)
                to_us = from_us + missing / rate
                earliest_us = bolus.aborted.from_us - START_US
                window = Window(earliest_us, bolus.aborted.to_us)
                self._expect(f"{name}, its abort", to_us, window)
                self.aborts_us.append(to_us)
            self._boluses.append(Ramp(from_us, to_us, rate))

    def _missing(self, n: int) -> tuple[Fraction, Fraction]:
        """(instant of step `n`, the steps by then that are not due by the known ramps)."""
        n = min(n, len(self._times_us))
        t_us = self._times_us[n - 1]
        return t_us, n - Course(self.ramps(), []).due(t_us)

    def _changes(self) -> list[tuple[Fraction, Fraction]]:
        """(instant, rate from there on) of all changes in three days."""
        return [
            (self._midnight_us + day * US_PER_DAY + second * 1_000_000, rate)
            for day in range(3)
            for second, rate in self._plan.rates
        ]

    def _expect(self, name: str, t_us: Fraction, window: Window) -> None:
        if not window.from_us - LATE_US <= t_us <= window.to_us + LATE_US:
            off_us = max(window.from_us - t_us, t_us - window.to_us)
            self.found.append(f"{name} lies {float(off_us):.1f} us outside what the host saw")
