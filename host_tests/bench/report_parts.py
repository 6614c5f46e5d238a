# SPDX-License-Identifier: MIT
"""Parts of a demonstration as they should be, and the page about them, for the tests of it."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from html.parser import HTMLParser

from host_tests.bench.alarm_signals import Signal
from pumpbench.analysis.judge import Piece, Steps, curve, deviations, judge
from pumpbench.analysis.reservoir_log import Level
from pumpbench.demo.alarms_demo import AlarmsPart, Span
from pumpbench.demo.flexday import ABORTED, GIVEN, REFUSED, Event, FlexDay, Step
from pumpbench.demo.report import Facts, write_report
from pumpbench.hil.checkout import Checkout
from pumpbench.plant.edges import Edges

STEP_ML = Fraction(1, 16_000)
LEVELS = [Level(hour, 20 - hour * STEP_ML, 20 - hour * STEP_ML) for hour in range(25)]
FACTS = Facts(
    board="RPI_PICO",
    interpreters="MicroPython 1.21.0 on emulator",
    firmware="ITB-Pump,RPI_PICO,0123456789abcdef,0.1.0",
    date=datetime(2030, 1, 2, 3, 4, tzinfo=UTC),
    checkout=Checkout("0123456789ab", True),
    missing_image="",
    console=[("SYST:ERR?", '0,"No <b>error"', "Refused?")],
)
FLEX = FlexDay(
    title="flex day",
    target="sim",
    hours=24,
    steps=Steps(800, 800, 800, 0),
    edges=800,
    due_steps=Fraction(1601, 2),
    due_latest=Fraction(3203, 4),
    worst_us=-0.9996,
    limit_us=10,
    step_ml=STEP_ML,
    step_ug=Fraction(1, 32),
    delivered_ml=800 * STEP_ML,
    ledger=[("BASAL", "0.040000"), ("PATIENT", "0.010000"), ("JOG", "0.000000")],
    programmed=[(0.0, 20.0), (6.0, 45.0), (24.0, 45.0)],
    delivered=[(0.0, 20.0), (6.0, 44.9), (24.0, 44.9)],
    late=[Step(n * 0.03, -0.9996 if n == 400 else 0.0, 10.0) for n in range(800)],
    events=[
        Event(7.5, "BOL:PAT", "The patient takes 20 ug", GIVEN, 20),
        Event(8.0, "BOL:PAT", "Too soon", REFUSED),
        Event(19.0, "BOL:STAR 30 UG,1 HR", "A bolus", GIVEN, 30),
        Event(19 + 1 / 3, "BOL:ABOR", "Enough <b>", ABORTED),
    ],
    found=[],
    levels=LEVELS,
)

S_NS = 1_000_000_000


def flashing(from_s, to_s, hz):
    """A lamp that is lit for half of each of its periods."""
    half_ns = round(S_NS / hz / 2)
    count = round((to_s - from_s) * hz * 2)
    return [(from_s * S_NS + n * half_ns, n % 2 == 0) for n in range(count)]


def alarms(pulses=None, **changes):
    """A burst of each priority, HIGH paused after it for 6 s, and again until it is answered."""
    starts_s = (("MEDIUM", 1), ("LOW", 6), ("HIGH", 10), ("HIGH", 24))
    made = [p for which, at_s in starts_s for p in Signal(which, at_s * S_NS).pulses()]
    part = AlarmsPart(
        title="alarms",
        target="emulator",
        start_ns=0,
        end_ns=30 * S_NS,
        pulses=[p for p in made if p[0] < 25 * S_NS] if pulses is None else pulses,
        lamp=[*flashing(1, 5, 0.6), (6 * S_NS, True), *flashing(10, 29, 2)],
        is_dark=True,
        phases={
            "MEDIUM": Span(0, 5 * S_NS),
            "LOW": Span(5 * S_NS, 9_900_000_000),
            "HIGH": Span(9_900_000_000, 29 * S_NS),
        },
        last_step_ns=9_900_000_000,
        paused=Span(17_900_000_000, 17_910_000_000),
        acknowledged=Span(25 * S_NS, 25_010_000_000),
        events=[(1 * S_NS, "RES:REF", "Too much <b>"), (10 * S_NS, "", "Empty")],
        log=["9.900 s  ALARM_ON 306"],
        found=[],
    )
    return replace(part, **changes)


class Page(HTMLParser):
    """Ids, references, text and the number of each element of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.references, self.open, self.count = [], [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        for name in ("href", "src", "clip-path"):
            if name in attributes:
                self.references.append(attributes[name])


def piece(title="12 ML/D, 12 s", count=26, period_us=450_000, missing=0):
    edges = Edges()
    edges.add(1_000_000, period_us * 1000, count)
    if missing:
        edges.add(edges.last_ns + period_us * 1000 * (missing + 1))
    judged = judge(edges, Fraction(period_us))
    made = edges.count
    return Piece(
        title=title,
        target="sim",
        steps=Steps(made + missing, made + missing, made, 0),
        judgement=judged,
        delivered_ml=made * STEP_ML,
        step_ml=STEP_ML,
        curve=curve(edges, judged),
        deviations=deviations(edges, judged),
        trace=edges,
    )


def written(folder, facts=FACTS, flex=FLEX, part=None, levels=LEVELS, **fast):
    day = replace(piece("12 ML/D, 24 h", 1_000), levels=levels)
    pieces = [piece(), piece("fast", 5000, 225, **fast), day]
    path = folder / "new" / "report.html"
    return write_report(path, pieces, flex, part or alarms(), facts).read_text()


def rows_of(folder, name):
    """The rows of a file of data, by the names of its header."""
    with (folder / f"report-{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))
