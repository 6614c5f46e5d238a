# SPDX-License-Identifier: MIT
"""What a test of therapy does with a bench: prescribe, grant boluses, read what came of them."""

from fractions import Fraction

import pytest

from host_tests.support.sessions.bench import STEP_NL
from pumpbench.analysis import programmed
from pumpbench.analysis.programmed import Bolus, Window
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import review_of

NG_ML = 500_000
STEPS_PER_UG = 32  # 62.5 nL of 500 ug/mL are 1/32 ug
MIN_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def stage(bench, *lines, concentration="500 UG/ML"):
    """Stage a prescription; what VALidate? says to it."""
    bench.tell(f"PRES:NEW;CONC {concentration}")
    for line in lines:
        bench.tell(f"PRES:{line}")
    return bench.ask("PRES:VAL?")


def prescribe(bench, *lines, concentration="500 UG/ML"):
    """Stage, validate and commit, naming every soft limit; the names."""
    token, names, _ = review_of(stage(bench, *lines, concentration=concentration))
    bench.tell("PRES:COMM " + ",".join([token, *names]))
    return list(names)


def refusal(bench, command):
    """The number of the error that a command leaves; nothing of it was done."""
    with pytest.raises(PumpError) as error:
        bench.tell(command)
    return error.value.number


def ledger_ml(bench):
    """Millilitres of each kind of delivery since power-up."""
    answer = bench.ask("DEL:LEDG?").split(",")
    return {kind: Fraction(ml) for kind, ml in zip(answer[::2], answer[1::2], strict=True)}


def history(bench, count):
    """The last boluses, newest first: (kind, programmed ug, given ug, outcome)."""
    fields = bench.ask(f"BOL:HIST? {count}").split(",")
    rows = [fields[n : n + 6] for n in range(0, len(fields) - 5, 6)]
    return [(kind, float(asked), float(given), end) for _, kind, asked, given, _, end in rows]


class Account:
    """One therapy from its start to its stop: what was asked for, to be judged by the edges."""

    def __init__(self, bench, rates_ml_d):
        """rates_ml_d: (second of the day, mL a day), the first from 0 on."""
        self.bench = bench
        self._rates = [
            (second, Fraction(ml_d) * 1_000_000 / STEP_NL / programmed.US_PER_DAY)
            for second, ml_d in rates_ml_d
        ]
        self._boluses = []
        self._midnight = self._started = None

    def set_clock(self, iso, second):
        """Set the wall clock, to a second of the day."""
        window = self._timed(f"SYST:TIME {iso}")[1]
        self._midnight = Window(*[t_us - second * 1_000_000 for t_us in window])

    def start(self):
        self.bench.mark()
        self._before = self._counts("DEL:STEP?")
        self._started = self._timed("THER:STAR")[1]

    def grant(self, command, dose_ng, seconds):
        """A bolus that the pump is to give."""
        steps, asked = self._timed(command)
        worth = programmed.steps_of(programmed.volume_nl(dose_ng, NG_ML), STEP_NL)
        commanded = steps[0] - self._before[0]
        self._boluses.append(Bolus(worth, seconds * 1_000_000, asked, commanded))

    def abort(self):
        """Abort the bolus that was granted last."""
        steps, aborted = self._timed("BOL:ABOR")
        emitted = steps[1] - self._before[0]
        self._boluses[-1] = self._boluses[-1]._replace(aborted=aborted, aborted_after=emitted)

    def stop(self):
        """Stop; what does not agree with what was programmed, and what was programmed."""
        stopped = self._timed("THER:STOP")[1]
        self.bench.run(0.01)
        plan = programmed.Plan(self._rates, self._midnight, self._started, self._boluses)
        times_us = [Fraction(t_ns, 1000) for t_ns in self.bench.plant.edges.times_ns()]
        course = programmed.course(plan, times_us)
        return course.problems(times_us, stopped), course

    def _timed(self, command):
        """The counts in the very cycle of a command, and when that was."""
        from_us = self.bench.target.now_ns // 1000
        steps = self._counts(f"{command};:DEL:STEP?")
        return steps, Window(from_us, -(-self.bench.target.now_ns // 1000))

    def _counts(self, line):
        return [int(count) for count in self.bench.ask(line).split(",")]
