# SPDX-License-Identifier: MIT
"""Prescriptions for tests, and a desk: the console's PRESCription commands on a staging."""

from hypothesis import strategies as st

from host_tests.support.console.lines import responses, tree_of
from pump.console import ieee488
from pump.console.commands import prescription as commands
from pump.console.errors import ErrorQueue
from pump.console.session import Session
from pump.console.status import Status
from pump.faults import INVALID_PRESCRIPTION, SOFT_LIMIT, Refused
from pump.prescription import validation
from pump.prescription.flex import DAY_MIN, MASKS, Flex
from pump.prescription.prescription import FLEX, MINIMUM, PERIODIC, SIMPLE, Prescription
from pump.prescription.pump_limits import PumpLimits
from pump.prescription.staging import Staging
from pump.units import NG_D, NL_D

MIN_NL_D = 6_000
MAX_NL_D = 24_000_000_000
LIMITS = PumpLimits(MIN_NL_D, MAX_NL_D, 200_000_000, 3_200)  # the reference pump
MIN_US = 60_000_000
HOUR_MS = 3_600_000


def simple(rate_ng_d=120_000, ng_ml=500_000):
    """A constant rate, as drug a day."""
    prescription = Prescription()
    prescription.concentration_ng_ml = ng_ml
    prescription.mode = SIMPLE
    prescription.program_dose(rate_ng_d)
    return prescription


def baclofen(rate_ng_d, indication="SPINAL"):
    """A constant rate of baclofen for an indication."""
    prescription = simple(rate_ng_d)
    prescription.drug = "baclofen"
    prescription.indication = indication
    return prescription


def flex(*steps, rate_ng_d=120_000):
    """Steps over a rate; each is (days' name, from_min, rate in ng a day[, to_min])."""
    prescription = simple(rate_ng_d)
    prescription.mode = FLEX
    for days, from_min, ng_d, *to_min in steps:
        prescription.flex.add(MASKS[days], from_min, (NG_D, ng_d), *to_min)
    return prescription


def periodic(dose_ng, interval_ms, duration_ms=60_000, rate_ng_d=100_000):
    """A dose at every interval, over a rate."""
    prescription = simple(rate_ng_d)
    prescription.mode = PERIODIC
    prescription.periodic_ng = dose_ng
    prescription.periodic_duration_ms = duration_ms
    prescription.periodic_interval_ms = interval_ms
    return prescription


def with_patient(prescription, dose_ng=25_000, lockout_ms=6 * HOUR_MS, maximum=4):
    """The same, and the patient may ask for a dose."""
    prescription.patient_ng = dose_ng
    prescription.patient_duration_ms = 60_000
    prescription.patient_lockout_ms = lockout_ms
    prescription.patient_maximum = maximum
    return prescription


class Clock:
    """Stands still until it is told."""

    def __init__(self):
        self.us = 0

    def now_us(self):
        return self.us

    def run(self, minutes):
        self.us += minutes * MIN_US


class Desk:
    """The PRESCription commands, with what they need of control and interlocks.

    `ask` raises no errors.
    """

    def __init__(self):
        self.clock = Clock()
        self.staging = Staging(self.clock, MIN_NL_D)
        status = Status()
        errors = ErrorQueue(status)
        common = ieee488.rows(status, errors, "DESK", self.staging.discard, lambda: 0)
        self.session = Session(
            tree_of(
                (
                    *common,
                    *ieee488.required_rows(status, errors),
                    *commands.rows(self, self, self.staging),
                )
            ),
            errors,
            "THERapy:STOP",
        )

    def ask(self, message):
        """The answer to a message; None without one."""
        (*_, answer) = responses(self.session, message.encode() + b"\n") or [None]
        return answer

    def tell(self, message):
        """Send a message; the number and the text of its error, or (0, "No error")."""
        self.ask(message)
        number, _, text = self.ask("SYST:ERR?").partition(",")
        return int(number), text.strip('"')

    def prescribe(self, content, *names):
        """Stage, validate and commit, naming soft limits; what `tell` says of the commit."""
        assert self.tell(f"PRES:NEW;{content}") == (0, "No error")
        return self.tell(",".join([f"PRES:COMM {self.staging.staged().token()}", *names]))

    def limits(self):
        return LIMITS

    def make_room(self):
        pass

    def verdict(self, prescription):
        if found := validation.problems(prescription, LIMITS):
            return found, (), ()
        before = self.staging.before(self.clock.now_us())
        soft = validation.soft(prescription, LIMITS, before)
        return found, soft, validation.notes(prescription, LIMITS)

    def commit(self, token, *names):
        staged = self.staging.check(token)
        problems, soft, _ = self.verdict(staged)
        if problems:
            raise Refused(INVALID_PRESCRIPTION, problems[0])
        if sorted(names) != sorted(name for name, _ in soft):
            raise Refused(SOFT_LIMIT)
        self.staging.activate(staged, self.staging.past(), 0)


AMOUNTS = st.integers(1, 10**9)
RATES = st.tuples(st.sampled_from([NG_D, NL_D]), AMOUNTS)
MAYBE = st.one_of(st.just(0), AMOUNTS)
STEPS = st.tuples(
    st.one_of(st.sampled_from(sorted(MASKS.values())), st.integers(1, 0x7F)),
    st.integers(0, DAY_MIN - 1),
    RATES,
    st.one_of(st.just(0), st.integers(1, DAY_MIN)),
)


@st.composite
def flexes(draw):
    """Whatever steps fit together of a random list."""
    found = Flex()
    for step in draw(st.lists(STEPS, max_size=30)):
        try:
            found.add(*step)
        except Refused:
            continue
    return found


FIELDS = {
    "drug": st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=32),
    "concentration_ng_ml": MAYBE,
    "indication": st.sampled_from(["NONE", "SPINAL", "CEREBRAL"]),
    "mode": st.sampled_from(["", MINIMUM, SIMPLE, FLEX, PERIODIC]),
    "programmed_ng_d": MAYBE,
    "programmed_nl_d": MAYBE,
    "flex": flexes(),
    "periodic_ng": MAYBE,
    "periodic_duration_ms": MAYBE,
    "periodic_interval_ms": MAYBE,
    "patient_ng": MAYBE,
    "patient_duration_ms": MAYBE,
    "patient_lockout_ms": MAYBE,
    "patient_maximum": st.integers(0, 300),
    "limit_rate": st.one_of(st.none(), RATES),
    "limit_bolus_ng": MAYBE,
    "limit_day_ng": MAYBE,
}


@st.composite
def prescriptions(draw):
    """Any content at all."""
    found = Prescription()
    for field, values in FIELDS.items():
        setattr(found, field, draw(values))
    return found


def content(prescription):
    """All of it, to compare."""
    fields = dict(vars(prescription))
    return fields | {"flex": fields["flex"].steps}
