# SPDX-License-Identifier: MIT
"""A day of a flex prescription with boluses: its console lines, and its account to the step.

The prescription is written here twice: as lines for the console, and as numbers, from which
`pumpbench.analysis.programmed` computes the steps due. Neither is read from the pump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from pumpbench.analysis import judge, programmed, reservoir_log
from pumpbench.analysis.judge import Steps
from pumpbench.analysis.programmed import Bolus, Course, Plan, Window
from pumpbench.analysis.reservoir_log import Level, ReservoirLog
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import review_of
from pumpbench.demo.session import Session

NG_ML = 500_000
RATES = ((0, 600), (6, 1320), (9, 840), (13, 600), (17, 1080), (21, 720))  # from hour, ug a day
FILLED_ML = 20
SET_UP = (
    ("SYST:TIME 2030-01-07T00:00:00", "The clock of the day: a flex pattern needs it."),
    (f"RES:REF {FILLED_ML} ML", "The reservoir is full."),
    ('PRES:NEW;DRUG "baclofen";IND SPIN;CONC 500 UG/ML', "Stage a flex prescription."),
    ("PRES:MODE FLEX;RATE 600 UG/D", "The rate wherever no step says otherwise."),
    *((f"PRES:FLEX:STEP ALL,{hour:02}:00,{ug_d} UG/D", "") for hour, ug_d in RATES[1:]),
    ("PRES:PAT:DOSE 20 UG,30 MIN;LOCK 4 HR;MAX 4", "What the patient may take, and how often."),
    ("PRES:LIM:BOL 50 UG;DAY 1 MG", "No bolus above, and no more in any 24 h."),
)
CLINICIAN = "BOL:STAR 30 UG,1 HR"
PATIENT = "BOL:PAT"
ABORT = "BOL:ABOR"
# hour, line, dose in ug, minutes, note; a bolus with dose 0 is to be refused
EVENTS = (
    (7.5, CLINICIAN, 30, 60, "A clinician bolus: 30 ug over an hour, on top of the basal rate"),
    (11.0, PATIENT, 20, 30, "The patient takes a bolus: 20 ug over half an hour"),
    (12.0, PATIENT, 0, 0, "An hour later another: refused, four hours must lie between"),
    (15.5, PATIENT, 20, 30, "Another, now that the lockout is over"),
    (19.0, CLINICIAN, 30, 60, "Another clinician bolus"),
    (19 + 1 / 3, ABORT, 0, 0, "Aborted after 20 minutes; the rest is never given"),
)
LOCKED_OUT = 110
BIN_S = 600
MARGIN_S = 0.5
LOOK_H = 0.5  # interval between queries of the reservoir
GIVEN, REFUSED, ABORTED = "given", "refused", "aborted"


class Event(NamedTuple):
    """A line sent at an hour of the day, its note, and its outcome."""

    hour: float
    line: str
    note: str
    outcome: str  # GIVEN, REFUSED or ABORTED
    dose_ug: int = 0  # of a bolus that was given


class Step(NamedTuple):
    """One step: its hour of the day, its lateness, and the limit of that."""

    hour: float
    late_us: float
    limit_us: float


@dataclass(frozen=True)
class FlexDay:
    """The account of the day. Rates are in ug an hour, over hours of the day."""

    title: str
    target: str
    hours: float
    steps: Steps
    edges: int
    due_steps: Fraction  # steps due, with their fraction, when the stop was sent
    due_latest: Fraction  # steps due when the stop had been read
    worst_us: float
    limit_us: float  # of the worst step
    step_ml: Fraction
    step_ug: Fraction
    delivered_ml: Fraction
    ledger: list[tuple[str, str]]
    programmed: list[tuple[float, float]]
    delivered: list[tuple[float, float]]
    late: list[Step]
    events: list[Event]
    found: list[str]
    levels: Sequence[Level] = ()  # of the reservoir

    @property
    def booked_ml(self) -> Fraction:
        """The volume in the ledger, all kinds."""
        return sum((Fraction(ml) for _, ml in self.ledger), Fraction(0))

    @property
    def slack_ml(self) -> Fraction:
        """The limit of its error: one in the last digit of each kind."""
        return Fraction(len(self.ledger), 10**6)

    def problems(self) -> list[str]:
        """Disagreements of counts, volumes and times, a sentence each."""
        found = list(self.found)
        if self.steps != Steps(self.edges, self.edges, self.edges, 0):
            found.append(f"the counts are {tuple(self.steps)}, {self.edges} edges on the pin")
        if self.delivered_ml != self.edges * self.step_ml:
            found.append(f"the beaker has {float(self.delivered_ml):.6f} mL")
        if abs(self.booked_ml - self.delivered_ml) > self.slack_ml:
            found.append(f"the ledger has {float(self.booked_ml):.6f} mL")
        return found + reservoir_log.problems(self.levels, self.step_ml)


class _Day:
    """The day under way: the boluses granted, and the events."""

    def __init__(self, session: Session, hours: float) -> None:
        self.session = session
        self.hours = hours
        self.boluses: list[Bolus] = []
        self.events: list[Event] = []
        self.found: list[str] = []
        self.midnight = self.started = Window(0, 0)
        self.reservoir = ReservoirLog(session.quiet, session.target.plant.beaker, FILLED_ML)

    def go_to(self, hour: float) -> None:
        """Run until an hour of the day, and ask for the reservoir's level on the way."""
        while (look := len(self.reservoir.levels) * LOOK_H) <= hour:
            self._pass(look)
            self.reservoir.look(look)
        self._pass(hour)

    def _pass(self, hour: float) -> None:
        now_us = self.session.target.now_ns / 1000
        self.session.run(max(0.0, self.midnight.to_us / 1e6 + hour * 3600 - now_us / 1e6))

    def event(self, hour: float, line: str, dose_ug: int, minutes: int, note: str) -> None:
        """Send one line of the day at its hour, and record the event."""
        self.go_to(hour)
        said = f"{clock(hour)}  {note}."
        outcome = GIVEN
        if line == ABORT:
            self._abort(said)
            outcome = ABORTED
        elif dose_ug:
            outcome = self._grant(line, dose_ug, minutes, said)
        else:
            number = self.session.refused(line, said)
            outcome = REFUSED if number else GIVEN
            if number != LOCKED_OUT:
                self.found.append(f"{line} at {clock(hour)} was not refused with {LOCKED_OUT}")
        dose_ug = dose_ug if outcome == GIVEN else 0
        self.events.append(Event(hour, line, note, outcome, dose_ug))

    def _grant(self, line: str, dose_ug: int, minutes: int, note: str) -> str:
        """Ask for a bolus that is to be given; returns GIVEN or REFUSED."""
        try:
            steps, asked = self.session.timed(line, note)
        except PumpError as error:
            self.found.append(f"{line} was refused: {error}")
            return REFUSED
        volume_nl = programmed.volume_nl(dose_ug * 1000, NG_ML)
        worth = programmed.steps_of(volume_nl, _step_nl(self.session))
        self.boluses.append(Bolus(worth, minutes * 60_000_000, asked, steps.commanded))
        return GIVEN

    def _abort(self, note: str) -> None:
        steps, aborted = self.session.timed(ABORT, note)
        if self.boluses:
            last = self.boluses[-1]
            self.boluses[-1] = last._replace(aborted=aborted, aborted_after=steps.emitted)


def run(session: Session, hours: float = 24) -> FlexDay:
    """Run the day, or its first hours, on a board that has delivered nothing yet."""
    day = _Day(session, hours)
    _prescribe(day)
    _, day.started = session.timed("THER:STAR", "Start at midnight.")
    for event in EVENTS:
        if event[0] < hours:
            day.event(*event)
    day.go_to(hours)
    session.ask("BOL:HIST? 4", "Of each, newest first: number, kind, ug programmed and given ...")
    session.ask("BOL:PAT?", "Given, refused, locked out; seconds until the next may be given.")
    ledger = session.ask("DEL:LEDG?", "Every step belongs to one kind: mL of each.")
    steps, stopped = session.timed("THER:STOP", f"{clock(hours)}  Stop, and count.")
    session.run(MARGIN_S)
    return _account(day, steps, stopped, ledger)


def clock(hour: float) -> str:
    """An hour of the day as `19:20`."""
    return "%02d:%02d" % divmod(round(hour * 60), 60)


def _prescribe(day: _Day) -> None:
    session = day.session
    from_us = session.target.now_ns // 1000
    for n, (line, note) in enumerate(SET_UP):
        session.tell(line, note)
        if not n:
            day.midnight = Window(from_us, -(-session.target.now_ns // 1000))
    verdict = session.ask(
        "PRES:VAL?", "Can it be given, and is it usual? A token, and what to see."
    )
    session.ask("PRES:COMP?", "In force, and staged, side by side.", is_quiet=True)
    token, names, _ = review_of(verdict)
    note = "A soft limit is passed by naming it, and no other." if names else "Commit it."
    session.tell(f"PRES:COMM {','.join([token, *names])}", note)


def _step_nl(session: Session) -> Fraction:
    return judge.step_volume_ml(session.target.board) * 1_000_000


def _account(day: _Day, steps: Steps, stopped: Window, ledger: str) -> FlexDay:
    session, plant = day.session, day.session.target.plant
    step_nl = _step_nl(session)
    rates = [
        (hour * 3600, Fraction(_nl_d(ug_d)) / step_nl / judge.US_PER_DAY) for hour, ug_d in RATES
    ]
    plan = Plan(rates, day.midnight, day.started, day.boluses)
    times_us = [Fraction(t_ns, 1000) for t_ns in plant.edges.times_ns()]
    course = programmed.course(plan, times_us)
    step_ug = step_nl * NG_ML / 1_000_000 / 1_000
    kinds, volumes = ledger.split(",")[::2], ledger.split(",")[1::2]
    worst = course.worst(times_us)
    late_us = course.lateness_us(times_us)
    return FlexDay(
        title="flex day",
        target=session.where,
        hours=day.hours,
        steps=steps,
        edges=len(times_us),
        due_steps=course.due(stopped.from_us),
        due_latest=course.due(stopped.to_us),
        worst_us=float(worst.late_us),
        limit_us=float(worst.limit_us),
        step_ml=step_nl / 1_000_000,
        step_ug=step_ug,
        delivered_ml=plant.beaker.volume_ml,
        ledger=list(zip(kinds, volumes, strict=True)),
        programmed=_stairs(day, course, step_ug),
        delivered=_bins(day, times_us, step_ug),
        late=[
            Step(_hour(day, t_us), float(us), float(course.limit_us(t_us)))
            for t_us, us in zip(times_us, late_us, strict=True)
        ],
        events=day.events,
        found=day.found + course.problems(times_us, stopped),
        levels=day.reservoir.levels,
    )


def _nl_d(ug_d: int) -> int:
    return programmed.volume_nl(ug_d * 1000, NG_ML)


def _hour(day: _Day, t_us: Fraction | int) -> float:
    return float((t_us - day.midnight.to_us) / 3_600_000_000)


def _stairs(day: _Day, course: Course, step_ug: Fraction) -> list[tuple[float, float]]:
    """The programmed rate: (hour, ug an hour from there on), the end included."""
    from_us = Fraction(day.midnight.to_us)
    to_us = from_us + round(day.hours * 3_600_000_000)
    per_hour = step_ug * 3_600_000_000
    stairs = [
        (_hour(day, t), float(rate * per_hour)) for t, rate in course.staircase(from_us, to_us)
    ]
    return [*stairs, (day.hours, stairs[-1][1])]


def _bins(day: _Day, times_us: Sequence[Fraction], step_ug: Fraction) -> list[tuple[float, float]]:
    """The delivered rate: (hour, ug an hour from there on), computed from the steps made."""
    counted = [0] * round(day.hours * 3600 / BIN_S)
    for t_us in times_us:
        n = int((t_us - day.midnight.to_us) / (BIN_S * 1_000_000))
        if n < len(counted):
            counted[n] += 1
    each = [(n * BIN_S / 3600, float(c * step_ug * 3600 / BIN_S)) for n, c in enumerate(counted)]
    return [*each, (day.hours, each[-1][1])]
