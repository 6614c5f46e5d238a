# SPDX-License-Identifier: MIT
"""What must be granted and what must be refused, with which errors, as the oracle sees it."""

from fractions import Fraction

from host_tests.support.oracle.content import DAY_US, HEAD, LIBRARY, MAX_NL_D, MIN_NL_D
from host_tests.support.oracle.day import Extra, Sum, exceeds
from host_tests.support.oracle.model import DOUBT_US
from host_tests.support.oracle.pump import Span
from host_tests.support.oracle.sources import all_pieces
from host_tests.support.oracle.verdict import HOUR_US, MINUTE_US

NOT_STOPPED, ALREADY_RUNNING, NO_PRESCRIPTION, NOTHING_STAGED = range(101, 105)
STALE_TOKEN, INVALID = 105, 106
IN_PROGRESS, LOCKED_OUT, MAXIMUM, LIMIT, SOFT, NOT_RUNNING, NO_PATIENT, CLOCK = range(109, 117)
NOT_CLEARED, OBSERVING, TOO_SMALL, CONFLICT = 117, 118, 119, 121
RANGE = -222
NOT_RECORDED = 127
NOTHING = Sum([])
APPLY_US = 3_000_000  # so long before a periodic dose begins it is in progress to a commit
CLOSE_US = 5_000_000  # how well the oracle knows when what is in the window began


class Plan:
    """What LIMit:DAY was asked about: code of a refusal, pieces of drug from now on."""

    def __init__(self, code, limit_ng, pieces, ng_ml):
        self.code, self.limit_ng, self.pieces = code, limit_ng, pieces
        self.step_ng = HEAD.step_ng(ng_ml)


class Decision:
    """The reasons that stand against a command, and those that may."""

    def __init__(self):
        self._sure, self._open = set(), set()
        self._other = set()  # what may come for another reason than LIMit:DAY
        self.plan = None  # a Plan that LIMit:DAY was asked about

    def say(self, opinion, *codes, plan=None):
        """True: refuse with one of these; None: it may be. plan: by LIMit:DAY."""
        if plan:
            self.plan = plan
        elif opinion is not False:
            self._other |= set(codes)
        if opinion is None:
            self._open |= set(codes)
        elif opinion:
            self._sure |= set(codes)

    def add(self, rest):
        """All reasons of another one."""
        self._sure |= rest._sure
        self._open |= rest._open
        self._other |= rest._other
        self.plan = self.plan or rest.plan

    def is_of_day(self, code):
        """Whether nothing but LIMit:DAY can have refused with that."""
        return self.plan is not None and self.plan.code == code and code not in self._other

    @property
    def codes(self):
        """The errors that may come; None among them if it may be granted."""
        return self._sure | self._open | (set() if self._sure else {None})


def start(model, now_us):
    found = Decision()
    if model.state != "STOPPED":
        found.say(True, ALREADY_RUNNING)
        found.say(None, *other_states(model, NOT_STOPPED, IN_PROGRESS))
        return found
    drug(model, found)
    if model.active and not found.codes - {None}:
        grid = [Span(now_us, now_us)] if model.needs_anchor else model.grid
        day(model, found, now_us, LIMIT, instead=model.regular(grid=grid))
    return found


def other_states(model, *codes):
    """Which errors may come while something that is not the therapy is under way."""
    observed = (OBSERVING,) if model.state in ("TRIAL", "OBSERVATION") else ()
    return () if model.state in ("STOPPED", "RUNNING") else codes + observed


def drug(model, found):
    found.say(not model.active, NO_PRESCRIPTION)
    if model.active:
        is_clear = model.line_ng_ml in (0, model.active.ng_ml) and not model.is_line_mixed
        found.say(not is_clear, NOT_CLEARED)


def idle(model, found, now_us):
    """Whether nothing is under way that shuts a bolus out."""
    found.say(model.state == "OBSERVATION", OBSERVING)
    found.say(model.state not in ("STOPPED", "RUNNING", "OBSERVATION"), IN_PROGRESS)
    found.say(model.bolus is not None, IN_PROGRESS)
    found.say(model.periodic_end(now_us) is not None, IN_PROGRESS)
    found.say(None, *other_states(model, NOT_STOPPED))


def bolus(model, now_us, ng, duration_us):
    """A bolus of any kind that counts in the window."""
    found = Decision()
    idle(model, found, now_us)
    drug(model, found)
    found.say(not 5_000_000 <= duration_us <= DAY_US, RANGE)
    p = model.active
    if p:
        found.say(p.volume_nl(ng) < HEAD.step_nl, TOO_SMALL)
        too_fast(model, found, Fraction(p.volume_nl(ng) * DAY_US, duration_us))
        found.say(bool(p.limit_bolus_ng) and ng > p.limit_bolus_ng, LIMIT)
        into_the_next(model, found, now_us, duration_us)
        if p.limit_day_ng:
            extra = Extra(now_us, duration_us, ng)
            planned = model.window.planned(now_us, dose=extra)
            last_us = now_us + duration_us + DAY_US
            margin = margin_ng(model) + edges_ng(model) + 2 * edge_ng(extra)
            opinion = exceeds(planned, NOTHING, p.limit_day_ng, now_us, last_us, margin)
            pieces = model.window.ahead(now_us, dose=extra)
            found.say(opinion, LIMIT, plan=Plan(LIMIT, p.limit_day_ng, pieces, p.ng_ml))
    return found


def patient(model, now_us):
    found = Decision()
    p = model.active
    found.say(model.state != "RUNNING", NOT_RUNNING)
    found.say(None, *other_states(model, IN_PROGRESS))
    found.say(not p, NO_PRESCRIPTION)
    found.say(not (p and p.patient), NO_PATIENT)
    if p and p.patient:
        locked_us, full_us = model.allowance.wait_us(now_us, p.lockout_us, p.maximum)
        found.say(None if 0 < locked_us < DOUBT_US else locked_us > 0, LOCKED_OUT)
        found.say(None if 0 < full_us < DOUBT_US else full_us > 0, MAXIMUM)
        if model.state == "RUNNING":
            rest = bolus(model, now_us, *p.patient)
            found.add(rest)
    return found


def trial(model, now_us, ng, duration_us, observation_us):
    found = bolus(model, now_us, ng, duration_us)
    found.say(model.state == "RUNNING", NOT_STOPPED)
    if model.active and model.active.indication in LIBRARY:
        is_hard = ng > 100_000 or duration_us < MINUTE_US
        is_hard = is_hard or not 4 * HOUR_US <= observation_us <= 24 * HOUR_US
        found.say(is_hard, LIMIT, RANGE)
    return found


def prime(model, nl, nl_d):
    found = Decision()
    found.say(model.state != "STOPPED", NOT_STOPPED)
    found.say(None, *other_states(model, IN_PROGRESS))
    found.say(not 1_000 <= nl <= 5_000_000, RANGE)
    found.say(nl < HEAD.step_nl, TOO_SMALL)
    found.say(nl_d > MAX_NL_D, RANGE, LIMIT)
    found.say(None if nl_d < MIN_NL_D else False, RANGE, LIMIT)
    return found


def bridge(model, old_ng_ml, nl):
    found = Decision()
    found.say(model.state != "STOPPED", NOT_STOPPED)
    found.say(
        None, *other_states(model, IN_PROGRESS), *((102,) if model.state == "RUNNING" else ())
    )
    found.say(not model.active, NO_PRESCRIPTION)
    found.say(nl < HEAD.step_nl, TOO_SMALL, RANGE)
    if model.active:
        found.say(None if old_ng_ml != model.line_ng_ml else False, NOT_CLEARED, LIMIT, RANGE)
        found.say(None if model.active.limit_day_ng else False, LIMIT)
        nl_d = model.active.mean_ng_d() * 10**6 / old_ng_ml
        found.say(not MIN_NL_D * 0.99 < nl_d < MAX_NL_D or None, LIMIT, RANGE, TOO_SMALL)
    return found


def commit(model, p, now_us):
    """A valid prescription with the right token and names."""
    found = Decision()
    is_moving = model.state not in ("STOPPED", "OBSERVATION")
    found.say(model.bolus is not None or model.periodic_end(now_us) is not None, IN_PROGRESS)
    found.say(None if model.state == "OBSERVATION" else False, IN_PROGRESS, OBSERVING)
    found.say(is_moving and p.ng_ml != model.active.ng_ml, NOT_STOPPED)
    drugs = {p.drug.lower(), model.active.drug.lower()} if is_moving else set()
    found.say(len(drugs) == 2 and "" not in drugs, NOT_STOPPED)
    if model.periodic_doses(now_us, now_us + APPLY_US + DOUBT_US):
        found.say(None, IN_PROGRESS)
    if model.state == "RUNNING" and p.limit_day_ng:
        is_new = (p.mode, p.periodic) != (model.active.mode, model.active.periodic)
        grid = [Span(now_us, now_us)] if is_new or model.needs_anchor else model.grid
        day(model, found, now_us, LIMIT, p=p, instead=model.regular(p, grid=grid))
    return found


def set_clock(model, monday_us, now_us):
    found = Decision()
    if model.state in ("RUNNING", "BRIDGE") and model.active.mode == "FLEX":
        instead = model.regular(monday_us=monday_us)
        day(model, found, now_us, CLOCK, instead=instead)
        found.say(None if model.state == "BRIDGE" and model.active.limit_day_ng else False, CLOCK)
    return found


def day(model, found, now_us, code, *, instead, p=None):
    """LIMit:DAY against another schedule from now on; one that only lowers the peak may begin."""
    limit_ng = (p or model.active).limit_day_ng
    if not limit_ng:
        return
    ends_us = [now_us] + [extra.end_us for extra in model.window.extras]
    planned, without = model.window.planned(now_us, instead), model.window.planned(now_us)
    if model.state not in ("RUNNING", "BRIDGE"):
        without = NOTHING
    last_us, slack_ng = max(ends_us) + DAY_US, margin_ng(model, p) + edges_ng(model)
    opinion = exceeds(planned, without, limit_ng, now_us, last_us, slack_ng)
    pieces = model.window.ahead(now_us, instead)
    ng_ml = max(p.ng_ml if p else 0, model.active.ng_ml)
    found.say(opinion, code, plan=Plan(code, limit_ng, pieces, ng_ml))


def too_fast(model, found, nl_d):
    highest = max(model.active.rates_nl_d()) if model.state == "RUNNING" else 0
    is_close = MAX_NL_D * 98 < (nl_d + highest) * 100 < MAX_NL_D * 102
    found.say(None if is_close else nl_d + highest > MAX_NL_D, LIMIT, RANGE)
    found.say(None if nl_d < MIN_NL_D else False, LIMIT, RANGE)


def into_the_next(model, found, now_us, duration_us):
    """A bolus may not run into the next periodic dose."""
    for begin, _, _ in model.periodic_doses(now_us, now_us + duration_us + 2 * DOUBT_US)[:1]:
        found.say(begin.high < now_us + duration_us or None, LIMIT)


def margin_ng(model, p=None):
    """What the oracle's instants, and a step, may make of a day."""
    rates = [0]
    for some in filter(None, (model.active, p)):
        pieces = all_pieces(model.regular(some, grid=[Span(0, 0)]), 0, 2 * DAY_US)
        rates += [rate * some.ng_ml / 10**6 for _, _, rate in pieces]
    ng_ml = max([some.ng_ml for some in (model.active, p) if some], default=0)
    return max(rates) * CLOSE_US * 2 + 2 * HEAD.step_ng(ng_ml) + 100


def edges_ng(model):
    """What the oracle's instants may make of the boluses so far."""
    return sum(edge_ng(extra) for extra in model.window.extras)


def edge_ng(extra):
    """What goes out of a bolus within what the oracle knows of its begin and end."""
    span_us = max(extra.end_us - extra.begin_us, 1)
    return extra.ng * min(Fraction(CLOSE_US * 2, 1) / span_us, 1)
