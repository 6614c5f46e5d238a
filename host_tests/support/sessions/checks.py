# SPDX-License-Identifier: MIT
"""What the console says about the therapy, against what the oracle knows of it."""

from fractions import Fraction

from host_tests.support.console.alarm_answers import shown
from host_tests.support.oracle.content import DAY_US, HEAD
from host_tests.support.oracle.decisions import margin_ng
from host_tests.support.oracle.edges import day_ng
from host_tests.support.oracle.model import DOUBT_US, IN_WINDOW
from host_tests.support.oracle.pump import Span
from host_tests.support.sessions.judged import fields

QUESTIONS = "THER:STAT?;:DEL:STEP?;LEDG?;:BOL:STAT?;PAT?;:ALAR:ACT?"
SETTLED_US = 50_000  # from the end of a dose until the pump has noticed
CLOCK_NOT_SET = 301
ROUNDING_NG = 1


class Checks:
    """Asks the session's pump, and asserts. Between two of its questions time may pass."""

    def __init__(self, session, model, tally):
        self._tally = tally
        self._session = session
        self._model = model

    def states_and_counts(self):
        """States, steps, the ledger, the dose under way, the patient's counters, the alarms."""
        before_us = self._session.now_us
        answers = self._session.ask(QUESTIONS).split(";")
        state, steps, ledger, bolus, patient = [fields(answer) for answer in answers[:-1]]
        alarms = shown(answers[-1])
        asked = Span(before_us, self._session.now_us)
        self._session.observe()
        model = self._model
        assert state == [model.state]
        self._counts(*map(int, steps), ledger, asked)
        if model.bolus:
            self._dose(*bolus, asked)
        self._patient(*patient, asked)
        is_week = model.state in ("RUNNING", "BRIDGE") and model.active.mode == "FLEX"
        is_unset = alarms.get(CLOCK_NOT_SET, "LATCHED") != "LATCHED"  # it may have come often
        assert is_unset == (is_week and model.monday_us is None)

    def history(self):
        """Every bolus is told, once, with what it gave."""
        answer = fields(self._session.ask("BOL:HIST? 32"))
        rows = [answer[i : i + 6] for i in range(0, len(answer) - 5, 6)]
        ids = [int(row[0]) for row in rows]
        assert ids == sorted(set(ids), reverse=True)
        rows = [row for row in rows if row[1] in IN_WINDOW]
        records = [r for r in self._model.records if r.kind in IN_WINDOW]
        assert len(rows) == len(records) or len(ids) == 32
        for row, record in zip(rows, reversed(records), strict=False):
            self._record(row, record)

    def motor(self):
        """It made every step, and nothing has failed."""
        plant = self._session.plant
        self._session.observe()
        assert plant.motor.position_steps == self._session.course.steps
        assert plant.motor.missed_steps == 0
        assert plant.set_up_violations == []
        assert self._session.ask("*TST?;:SYST:ERR:COUN?") == "0;0"

    def limits(self):
        """No 24 h held more than LIMit:DAY, or than was planned already when it was set."""
        model, now_us = self._model, self._session.now_us
        given = model.window.as_given(now_us)
        ends = [t_us for t_us, _ in model.limits[1:]] + [now_us]
        for (begin_us, limit_ng), end_us in zip(model.limits, ends, strict=True):
            if limit_ng and begin_us < end_us:
                worst_ng, _ = given.richest(begin_us, end_us)
                assert worst_ng <= limit_ng + margin_ng(model), "a day above its limit"
                self._edges_below(limit_ng, begin_us, end_us)

    def _edges_below(self, limit_ng, begin_us, end_us):
        """The same by the edges on the pin, which no instant of the oracle has a part in."""
        worst_ng, missed_ng = self._model.edges.richest(begin_us, end_us)
        self._tally.add("periods under LIMit:DAY, judged by their edges")
        text = f"{worst_ng} ng in 24 h, limit {limit_ng}"
        assert worst_ng <= limit_ng + missed_ng + ROUNDING_NG, text

    def refused_by_day(self, plan, now_us):
        """Whether LIMit:DAY had a reason: the plan comes as near to it as a 100th, or a step.

        A limit is so many whole steps; what is owed of one counts with the plan.
        """
        pieces = self._model.edges.pieces(now_us - DAY_US) + plan.pieces
        peak_ng = day_ng(pieces, now_us, now_us + 3 * DAY_US)
        whole_ng = float(plan.limit_ng // plan.step_ng * plan.step_ng)
        least_ng = whole_ng * 0.99 - float(plan.step_ng) - ROUNDING_NG
        is_justified = peak_ng >= least_ng
        self._tally.add(f"refusals by LIMit:DAY, {'' if is_justified else 'not '}justified")
        assert is_justified, f"refused at {peak_ng} ng, limit {plan.limit_ng}"

    def _counts(self, commanded, emitted, witness, queued, ledger, asked):
        total = self._session.course.steps
        assert commanded == emitted + queued
        assert emitted <= witness <= emitted + 1
        assert emitted <= total
        if self._model.state in ("STOPPED", "OBSERVATION"):
            assert commanded == emitted == total
        counts = dict(zip(ledger[::2], map(steps_of, ledger[1::2]), strict=True))
        assert sum(counts.values()) == emitted
        for kind in set(counts) - {"BASAL"}:
            spans = [r.steps(asked) for r in self._model.doses if r.dose.kind == kind]
            least, most = sum(s.low for s in spans), sum(s.high for s in spans)
            assert least <= counts[kind] <= most, f"{kind}: {counts[kind]}, not {least}..{most}"

    def _dose(self, kind, programmed_ug, given_ug, left_s, asked):
        record = self._model.bolus
        assert kind == record.kind
        assert not record.ng or Fraction(programmed_ug) * 1000 == record.ng
        low, high = drug_ng(record, record.steps(asked))
        assert low <= Fraction(given_ug) * 1000 <= high
        left = [end_us - asked.low for end_us in record.dose.end]
        assert left[0] - SETTLED_US <= Fraction(left_s) * 10**6 <= left[1] + SETTLED_US

    def _patient(self, given, refused, locked_out, wait_s, asked):
        allowance, p = self._model.allowance, self._model.active
        assert int(given) == len(allowance.starts_us)
        assert int(refused) + int(locked_out) == allowance.not_given
        if p and p.patient:
            wait_us = max(allowance.wait_us(asked.low, p.lockout_us, p.maximum))
            assert abs(Fraction(wait_s) * 10**6 - wait_us) <= DOUBT_US

    def _record(self, row, record):
        _, kind, programmed_ug, given_ug, start_s, outcome = row
        now = Span(*[self._session.now_us] * 2)
        low, high = drug_ng(record, record.steps(now))
        given_ng, begin = Fraction(given_ug) * 1000, record.dose.begin
        assert (kind, Fraction(programmed_ug) * 1000) == (record.kind, record.ng)
        assert (low if record.outcome else 0) <= given_ng <= high
        assert begin.low - SETTLED_US <= Fraction(start_s) * 10**6 <= begin.high + SETTLED_US
        if record.outcome:
            assert outcome == record.outcome
            if record.outcome != "COMPLETED":
                record.extra.ng = given_ng


def steps_of(volume_ml):
    """The steps that a printed volume is."""
    nl = int(Fraction(volume_ml) * 10**6)
    steps = -(-nl // HEAD.step_nl)
    assert nl == steps * HEAD.step_nl // 1
    return int(steps)


def drug_ng(record, steps):
    """The drug in some steps of a dose."""
    return [some * HEAD.step_nl * record.dose.ng_ml // 10**6 for some in steps]
