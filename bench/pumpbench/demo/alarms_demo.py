# SPDX-License-Identifier: MIT
"""The alarms of the demonstration: a reservoir gets low, then empty; buzzer and lamp are recorded.

The pump is also asked for its alarms; judged are the edges of the pins of buzzer and lamp. A burst
that was cut off by a pause or acknowledgement is not compared with the table.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from pumpbench.analysis import sound, standard, wav
from pumpbench.analysis.sound import Burst
from pumpbench.analysis.standard import Row
from pumpbench.demo.session import Session

PRIORITIES = ("HIGH", "MEDIUM", "LOW")
LOW_ML, FILLED_ML, FULL_ML = "1.9 ML", "2.2 ML", "20 ML"
PAUSE_S = 6
MEDIUM_S = 4.5  # two flashes of the lamp
HIGH_S = 12.0  # time for two whole bursts: 3.3 s each, every 8 s
AGAIN_S = 1.0  # after the pause, in the middle of a burst
SILENT_S = 9.0  # after the acknowledgement: long enough for another burst
MOST_WAIT_S = 6.0  # until the reservoir is low, and from then until it is empty
AT_REST_S = 0.1  # after so long without a step the pump is at rest
SLICE_S = 0.05
ANSWER_S = 0.2  # the longest time from an answer to silence, or to another lamp signal
ONSET_S = 0.5  # the longest time from the last step to the first tone
CUT_S = 3.0  # a burst of HIGH takes longer than this from its first edge
WAV_HZ = 12_000
LOG_AT_ONCE = 16
NS_PER_S = 1_000_000_000


class Span(NamedTuple):
    """A span of time."""

    from_ns: int
    to_ns: int


class Heard(NamedTuple):
    """A burst, and the next one without an answer between. is_cut: an answer came before its end.

    An answer is a pause or an acknowledgement.
    """

    priority: str
    burst: Burst
    following: Burst | None
    is_cut: bool


class Line(NamedTuple):
    """A row of the table as text. margin: of the worst value to its limits."""

    priority: str
    what: str
    measured: str
    required: str
    margin: str
    is_within: bool


@dataclass(frozen=True)
class AlarmsPart:
    """The signals recorded. Times are nanoseconds since power-up.

    phases: when each priority was the highest. paused, acknowledged: from sending the command to
    its answer. is_dark: the lamp was off at the end.
    """

    title: str
    target: str
    start_ns: int
    end_ns: int
    pulses: list[tuple[int, int]]
    lamp: list[tuple[int, bool]]
    is_dark: bool
    phases: dict[str, Span]
    last_step_ns: int
    paused: Span
    acknowledged: Span
    events: list[tuple[int, str, str]]  # when, line or "", note
    log: list[str]
    found: list[str]

    @property
    def seconds(self) -> float:
        return (self.end_ns - self.start_ns) / NS_PER_S

    @property
    def again_ns(self) -> int:
        """The earliest end of the pause."""
        return self.paused.from_ns + PAUSE_S * NS_PER_S

    def heard(self) -> list[Heard]:
        """Every burst, in order."""
        return [each for priority in self.phases for each in self._heard(priority)]

    def rows(self, priority: str) -> list[Row]:
        """The table of a priority; each row has the worst of all of its whole bursts."""
        measured = [
            standard.measure(each.burst, priority, each.following)
            for each in self._heard(priority)
            if not each.is_cut
        ]
        measured.append(standard.measure_lamp(self._flashed(priority), priority))
        return _worst(row for rows in measured for row in rows)

    def problems(self) -> list[str]:
        """Deviations from the requirements, a sentence each."""
        found = list(self.found)
        for priority in PRIORITIES:
            if not any(not each.is_cut for each in self._heard(priority)):
                found.append(f"{priority}: no whole burst was heard")
            found += standard.sentences(self.rows(priority), priority)
        found += self._silence_problems()
        found += self._onset_problems()
        if not self.is_dark:
            found.append("the lamp is lit although no alarm is left")
        return found

    def wav(self) -> bytes:
        """The sound of the whole part, as a WAV file."""
        return wav.wav(self.pulses, self.start_ns, self.end_ns, WAV_HZ)

    def second(self, t_ns: int) -> float:
        """An instant in seconds of the part."""
        return (t_ns - self.start_ns) / NS_PER_S

    def _heard(self, priority: str) -> list[Heard]:
        from_ns, to_ns = self.phases[priority]
        within = [pulse for pulse in self.pulses if from_ns <= pulse[0] < to_ns]
        found = sound.bursts(sound.tones(within))
        return [
            Heard(priority, burst, self._following(burst, after), self._is_cut(burst))
            for burst, after in zip_longest(found, found[1:])
        ]

    def _following(self, burst: Burst, after: Burst | None) -> Burst | None:
        """The next burst, or None if an answer came between."""
        if after is None or self._is_answered(burst[0].first_ns, after[0].first_ns):
            return None
        return after

    def _is_cut(self, burst: Burst) -> bool:
        first_ns = burst[0].first_ns
        return self._is_answered(first_ns, first_ns + round(CUT_S * NS_PER_S))

    def _is_answered(self, from_ns: int, to_ns: int) -> bool:
        answers = self.paused, self.acknowledged
        return any(from_ns <= answer.to_ns and answer.from_ns < to_ns for answer in answers)

    def _flashed(self, priority: str) -> list[tuple[int, bool]]:
        from_ns, to_ns = self.phases[priority]
        return [change for change in self.lamp if from_ns <= change[0] < to_ns]

    def _silence_problems(self) -> list[str]:
        found = []
        edges = [t_ns for rise, width in self.pulses for t_ns in (rise, rise + width)]
        for name, from_ns, to_ns in (
            ("in the pause", self.paused.to_ns, self.again_ns),
            ("after the acknowledgement", self.acknowledged.to_ns, self.end_ns),
        ):
            from_ns += round(ANSWER_S * NS_PER_S)
            count = sum(from_ns < t_ns <= to_ns for t_ns in edges)
            if count:
                found.append(f"{count} edges on the buzzer's pin {name}")
        return found

    def _onset_problems(self) -> list[str]:
        found = []
        for name, t_ns in (
            ("the last step", self.last_step_ns),
            ("the end of the pause", self.again_ns),
        ):
            first_ns = next((rise for rise, _ in self.pulses if rise > t_ns), None)
            if first_ns is None or first_ns - t_ns > ONSET_S * NS_PER_S:
                found.append(f"HIGH: no tone within {ONSET_S} s of {name}")
        return found


class _Part:
    """The part under way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.target = session.target
        self.plant = session.target.plant
        self.events: list[tuple[int, str, str]] = []
        self.found: list[str] = []

    def tell(self, line: str, event: str, note: str) -> Span:
        """Send a line, and record it as an event; returns when it was sent and done."""
        from_ns = self.target.now_ns
        self.events.append((from_ns, line, event))
        self.session.tell(line, note)
        return Span(from_ns, self.target.now_ns)

    def expect(self, alarms: str, note: str = "") -> None:
        """Ask for the alarms shown, and compare them with `alarms`."""
        answer = self.session.ask("ALAR:ACT?", note)
        if answer != alarms:
            self.found.append(f"ALAR:ACT? answers {answer}, not {alarms}")

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Run until `is_so()` is true; record a problem if it is not within MOST_WAIT_S."""
        if not self.session.run_until(is_so, MOST_WAIT_S, SLICE_S):
            self.found.append(f"{what} did not come within {MOST_WAIT_S:.0f} s")

    def run_to(self, t_ns: int) -> None:
        """Run until t_ns."""
        self.session.run(max(t_ns - self.target.now_ns, 0) / NS_PER_S)

    def is_at_rest(self) -> bool:
        """True if the pump has made no step for AT_REST_S."""
        return self.target.now_ns - (self.plant.edges.last_ns or 0) > AT_REST_S * NS_PER_S


def run(session: Session) -> AlarmsPart:
    """Run the part, on a stopped board with a full reservoir and a fast active prescription."""
    part, target, plant = _Part(session), session.target, session.target.plant
    session.is_quiet = False
    first_event = _events_so_far(session) + 1
    plant.buzzer.clear()
    plant.lamps["lamp"].clear()
    start_ns = target.now_ns
    medium = _mismatch(part)
    low = _low(part)
    last_step_ns = plant.edges.last_ns or low.to_ns
    low = low._replace(to_ns=last_step_ns)
    paused, acknowledged = _empty(part, last_step_ns)
    high = Span(last_step_ns, target.now_ns)
    note = "Full again: nothing is left of the alarm, and the lamp is dark."
    part.tell(f"RES:REF {FULL_ML}", "Refilled: the alarm is over, the lamp dark", note)
    part.expect('0,"None"')
    session.run(ANSWER_S)
    return AlarmsPart(
        title="alarms",
        target=session.where,
        start_ns=start_ns,
        end_ns=target.now_ns,
        pulses=list(plant.buzzer.pulses()),
        lamp=list(plant.lamps["lamp"].changes),
        is_dark=not plant.lamps["lamp"].is_on,
        phases={"MEDIUM": medium, "LOW": low, "HIGH": high},
        last_step_ns=last_step_ns,
        paused=paused,
        acknowledged=acknowledged,
        events=sorted(part.events),
        log=_logged(session, first_event),
        found=part.found,
    )


def _mismatch(part: _Part) -> Span:
    """MEDIUM: the measured residual of the reservoir differs from the computed one."""
    session = part.session
    note = "The reservoir is low from there on. 0.5 mL of it are never delivered."
    session.tell(f"RES:LOW {LOW_ML}", note)
    note = "It holds 10 mL now, and 8 mL were left in it: so more went out than was counted."
    typed = part.tell("RES:REF 10 ML,8 ML", "More went out than was counted: MEDIUM sounds", note)
    part.expect('307,"Refill mismatch",MEDIUM,ACTIVE')
    part.run_to(typed.from_ns + round(MEDIUM_S * NS_PER_S))
    return Span(typed.from_ns, session.target.now_ns)


def _low(part: _Part) -> Span:
    """LOW: from the start of a delivery that empties the reservoir until the pump stops."""
    note = "Emptied, all 10 mL were there: the alarm ends. This time little is filled in."
    line = f"RES:REF {FILLED_ML},10 ML"
    part.tell(line, "Measured as counted: the alarm is over. Little is filled in", note)
    part.expect('0,"None"')
    part.session.run(ANSWER_S)
    note = "1000 mL an hour out of that: low in a second, empty in a few."
    started = part.tell("THER:STAR", "The therapy runs", note)
    lamp = part.plant.lamps["lamp"]
    part.wait_until(lambda: lamp.is_on, "the lamp")
    part.events.append((part.target.now_ns, "", "The reservoir is low: LOW sounds once"))
    part.expect('305,"Reservoir low",LOW,ACTIVE')
    part.wait_until(part.is_at_rest, "the end of the steps")
    return started


def _empty(part: _Part, last_step_ns: int) -> tuple[Span, Span]:
    """HIGH: the reservoir is empty. Returns when the alarm was paused and acknowledged."""
    session = part.session
    event = "The reservoir is empty: the pump stops, HIGH sounds"
    part.events.append((last_step_ns, "", event))
    both = '306,"Reservoir empty",HIGH,%s,305,"Reservoir low",LOW,%s'
    part.expect(both % ("ACTIVE", "ACTIVE"), "The pump has stopped by itself.")
    session.ask("THER:STAT?")
    session.ask("RES:VOL?", "It stops early: what is queued must never reach the dead volume.")
    part.run_to(last_step_ns + round(HIGH_S * NS_PER_S))
    note = f"{HIGH_S:.0f} s later, two bursts were heard: silence, please, for a while."
    paused = part.tell(f"ALAR:PAUS {PAUSE_S} S", f"Paused for {PAUSE_S} s", note)
    part.expect(both % ("PAUSED", "PAUSED"))
    part.run_to(paused.to_ns + round((PAUSE_S + AGAIN_S) * NS_PER_S))
    note = "The time is over, and it sounds again. Noted: no sound until it ends."
    acknowledged = part.tell("ALAR:ACKN", "It sounds again; acknowledged", note)
    part.expect(both % ("ACKNOWLEDGED", "ACKNOWLEDGED"))
    part.run_to(acknowledged.to_ns + round(SILENT_S * NS_PER_S))
    return paused, acknowledged


def table(part: AlarmsPart) -> Iterator[Line]:
    """Every row of every priority, as text."""
    for priority in PRIORITIES:
        for row in part.rows(priority):
            yield Line(
                priority,
                row.what,
                standard.measured(row),
                row.required,
                _margin(row),
                row.is_within,
            )


def _margin(row: Row) -> str:
    return standard.measured(row._replace(least=row.margin, greatest=row.margin))


def _worst(rows: Iterable[Row]) -> list[Row]:
    """For each quantity, the row with the least margin."""
    merged: dict[str, Row] = {}
    for row in rows:
        before = merged.get(row.what, row)
        merged[row.what] = row._replace(
            least=min(before.least, row.least),
            greatest=max(before.greatest, row.greatest),
            is_within=before.is_within and row.is_within,
            margin=min(before.margin, row.margin),
        )
    return list(merged.values())


def _events_so_far(session: Session) -> int:
    return int(session.quiet("LOG:COUN?").split(",")[0])


def _logged(session: Session, first: int) -> list[str]:
    """The logged events from number `first` on, each as `s of the pump's life, name and text`."""
    found = []
    while True:
        answer = session.ask(f"LOG:READ? {first},{LOG_AT_ONCE}", is_quiet=True)
        events = _split(answer)
        found += events
        first += LOG_AT_ONCE
        if len(events) < LOG_AT_ONCE:
            return found


def _split(answer: str) -> list[str]:
    if answer == "NONE":
        return []
    fields = next(csv.reader([answer]))
    return [f"{fields[n + 2]} s  {fields[n + 5]}" for n in range(0, len(fields), 6)]
