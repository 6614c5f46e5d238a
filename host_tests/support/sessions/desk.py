# SPDX-License-Identifier: MIT
"""The operator's desk in a random therapy: every order, judged as it is granted or refused."""

import re
from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import assume

from host_tests.support.oracle import decisions as decide
from host_tests.support.oracle import verdict as verdict
from host_tests.support.oracle.content import DAY_US, HEAD, NL_PER_REV, WEEK_US, Rate, seconds, ug
from host_tests.support.oracle.model import DOUBT_US, MONDAY_S, Model
from host_tests.support.oracle.pump import Span
from host_tests.support.sessions.checks import Checks
from host_tests.support.sessions.inputs import decimal
from host_tests.support.sessions.judged import Session, fields
from host_tests.support.sessions.tally import Tally

EPOCH = datetime(2000, 1, 1)
SOFT = r'"(HIGH|LOW|INCRease|DECRease|INTerval): '
SHOWN = "PRES:ACT?;:THER:STAT?;RES?;:MOT:CAL?"
PAGE_NG_ML = 500_000  # for doses while nothing is prescribed


class Desk:
    """A session, the model that knows what must come of it, and the checks."""

    def __init__(self, say, tally=None):
        self.tally = tally or Tally()
        HEAD.calibrate(NL_PER_REV)
        self.session = Session(say)
        self.model = self.session.model = Model(self.session.course)
        self.checks = Checks(self.session, self.model, self.tally)
        self.is_bold = False  # orders are given while it is open what they meet
        self._wall = None  # (seconds since 2000, microseconds since power-up) when it was set

    @property
    def active(self):
        return self.model.active

    @property
    def now_us(self):
        return self.session.now_us

    def order(self, line, decision):
        """Give an order that is granted or refused as it must be; returns whether it was."""
        codes, now_us = decision.codes, self.now_us
        if self.is_bold:
            codes = codes | {decide.IN_PROGRESS, decide.LIMIT}
            codes |= {None} if self.model.may_be_over(now_us) else set()
        before = self._shown() if self.session.flash.is_failing() else None
        errors = self.session.order(line)
        assert len(errors) <= 1
        error = errors[0] if errors else None
        if self.session.flash.has_failed and None in codes:
            self._flash_refused(error, before)
            codes = codes | {decide.NOT_RECORDED}
        assert error in codes, f"{line}: {error}, not one of {codes}"
        if decision.is_of_day(error) and not self.is_bold:
            self.checks.refused_by_day(decision.plan, now_us)
        return error is None

    def _flash_refused(self, error, before):
        """Writing works again: an order that was refused has changed nothing, which is looked at.

        A write of the steps themselves may have failed meanwhile: that is a fault, and its end.
        """
        self.tally.add(f"orders with a write that failed, {'refused' if error else 'granted'}")
        if self.session.ask("SYST:STAT?") == "FAULT":
            self.tally.add("faults by a write that failed")
            assume(False)
        assert error is None or self._shown() == before

    def _shown(self):
        """What no order that is refused changes."""
        return self.session.ask(SHOWN)

    def calm(self):
        """Wait until it is clear on which side of every event the next order is."""
        self.session.observe()
        while not self.is_bold and (until_us := self.model.doubt(self.now_us)) is not None:
            self.session.wait(until_us - self.now_us + 1_000)
            self.session.observe()

    def prescribe(self, p, *, names_soft=True):
        """Write a new prescription, and commit it."""
        self._commit("PRES:NEW", p.lines(), p, names_soft)

    def titrate(self, ratio):
        """Commit the active one again, with another rate if the ratio is not 1."""
        p = self.active.copy()
        lines = []
        if ratio != 1 and p.rate:
            p.rate = Rate(int(p.rate.amount * ratio), p.rate.is_drug)
            lines = [f"PRES:RATE {p.rate.text()}"]
        self._commit("PRES:EDIT", lines, p, True)

    def _commit(self, first, lines, p, names_soft):
        self.calm()
        assert self.session.tell(first, *lines) == []
        now_us = self.now_us
        answer = self.session.ask("PRES:VAL?")
        is_valid = verdict.is_valid(p)
        is_ok = answer.startswith("OK,")
        assert is_valid in (None, is_ok), answer
        if not is_ok:
            (error,) = self.session.tell("PRES:COMM 00000000")
            assert error in (decide.STALE_TOKEN, decide.INVALID, decide.IN_PROGRESS, 118)
            return
        names = self._soft_names(p, answer, now_us)
        token = answer.split(",")[1]
        if names and not names_soft:
            (error,) = self.session.tell(f"PRES:COMM {token}")
            assert error in (decide.SOFT, decide.IN_PROGRESS, decide.OBSERVING)
        line = ",".join([f"PRES:COMM {token}", *names])
        if self.order(line, decide.commit(self.model, p, now_us)):
            self.model.commit(p, self.session.asked)
        else:
            assert self.session.tell("PRES:DISC") == []

    def _soft_names(self, p, answer, now_us):
        names = re.findall(SOFT, answer)
        expected = verdict.soft(p, self._before(now_us))
        for name, opinion in expected.items():
            assert opinion in (None, name in names), (name, expected, answer)
        assert set(names) <= set(expected)
        return names

    def _before(self, now_us):
        """(least, most) ng a day of all in force in the last 24 h."""
        log = self.model.was_active
        days = [ng for _, end_us, ng in log if end_us is None or end_us > now_us - DAY_US]
        is_close = any(e and abs(now_us - DAY_US - e) < DOUBT_US for _, e, _ in log)
        if is_close or len(days) > 8:  # of more, the oldest are merged
            assume(False)
        return days

    def calibrate(self, nl_per_rev):
        """Another head, before anything is delivered."""
        volume_ml = decimal(Fraction(nl_per_rev, 10**6), 6)
        assert self.session.tell(f"MOT:CAL:PERR {volume_ml} ML") == []
        HEAD.calibrate(nl_per_rev)

    def start(self):
        self.calm()
        if self.order("THER:STAR", decide.start(self.model, self.now_us)):
            self.model.start(self.session.asked)

    def stop(self):
        kind = self.session.tell_and_see("THER:STOP")
        assert self.session.refused == []
        t_us = self.session.released_us() or self.session.asked.high
        self.session.no_step_in_the_instant(t_us)
        self.session.read_edges()
        self.model.stop(kind, Span(t_us - 1, t_us + 1))
        self.checks.history()

    def abort(self, command):
        self.calm()
        kind = self.session.tell_and_see(command)
        self.session.read_edges()
        may_go_on = self.session.refused == []
        if not may_go_on:
            assert self.session.flash.has_failed and self.session.refused == [decide.NOT_RECORDED]
            self.tally.add("aborts that ended the therapy, for flash took no record")
        self.model.abort(kind, self.session.asked, may_go_on=may_go_on)
        self.checks.history()

    def dose_ng(self, nl):
        return nl * (self.active.ng_ml if self.active else PAGE_NG_ML) // 10**6 + 1

    def bolus(self, nl, us):
        self.calm()
        ng = self.dose_ng(nl)
        decision = decide.bolus(self.model, self.now_us, ng, us)
        if self.order(f"BOL:STAR {ug(ng)},{seconds(us)}", decision):
            self.model.begin("CLINICIAN", ng, us, self.session.asked)

    def bolus_up_to_the_limit(self, part, us):
        """A bolus of that part of what LIMit:DAY leaves."""
        self.calm()
        room_ng = self.active.limit_day_ng - self.model.window.peak(self.now_us)
        nl = int(room_ng * part * 10**6 / self.active.ng_ml)
        if 0 < nl < 5_000_000:
            self.bolus(nl, us)

    def patient_bolus(self):
        self.calm()
        if self.order("BOL:PAT", decide.patient(self.model, self.now_us)):
            self.model.begin("PATIENT", *self.active.patient, self.session.asked)
        else:
            self.model.allowance.not_given += 1

    def trial(self, nl, us, observation_us):
        self.calm()
        ng = self.dose_ng(nl)
        decision = decide.trial(self.model, self.now_us, ng, us, observation_us)
        if self.order(f"BOL:TRI {ug(ng)},{seconds(us)},{seconds(observation_us)}", decision):
            span = self.session.asked
            self.model.begin("TRIAL", ng, us, span, observation_us=observation_us)

    def prime(self, nl, ml_d):
        self.calm()
        nl_d = ml_d * 1_000_000
        line = f"PRIM:STAR {decimal(Fraction(nl, 10**6), 6)} ML,{ml_d} ML/D"
        if self.order(line, decide.prime(self.model, nl, nl_d)):
            us = -(-nl * DAY_US // nl_d)
            ng_ml = self.active.ng_ml if self.active else 0
            self.model.begin("PRIME", 0, us, self.session.asked, nl=nl, ng_ml=ng_ml)

    def bridge(self, old_ng_ml, nl):
        self.calm()
        line = f"BRID:STAR {decimal(Fraction(old_ng_ml, 1000), 3)} UG/ML,{nl} NL"
        if self.order(line, decide.bridge(self.model, old_ng_ml, nl)):
            mean_ug = Fraction(fields(self.session.ask("PRES:ACT?"))[2])
            rounded_ng = 2 + 300 * self.active.ng_ml / 10**6  # a dose holds whole nanolitres
            assert abs(mean_ug * 1000 - self.active.mean_ng_d()) <= rounded_ng
            us = -(-nl * DAY_US // (mean_ug * 10**9 // old_ng_ml))
            self.model.begin("BRIDGE", 0, us, self.session.asked, nl=nl, ng_ml=old_ng_ml)

    def set_clock(self, wall_s):
        self.calm()
        text = (EPOCH + timedelta(seconds=wall_s)).isoformat()
        monday_us = self.now_us - (wall_s - MONDAY_S) * 10**6 % WEEK_US
        decision = decide.set_clock(self.model, monday_us, self.now_us)
        if self.order(f"SYST:TIME {text}", decision):
            self._wall = wall_s, self.session.asked.low
            self.model.set_clock(wall_s, self.session.asked)

    def move_clock(self, step_s):
        """Set it to so much more than it shows; not set, it stays so."""
        if self._wall:
            wall_s, at_us = self._wall
            wall_s += int(self.now_us - at_us) // 10**6 + step_s
            if 0 <= wall_s < 36_525 * 86_400:
                self.set_clock(wall_s)
