# SPDX-License-Identifier: MIT
"""A prescription: drug, concentration, rates and doses, and its own limits. Pure data.

Rates and doses are kept as they were programmed; values computed from them and the concentration
(volume = dose / concentration) are rounded down, never up. `validation` checks them.
"""

import binascii

from micropython import const

from pump.prescription.conversion import dose_nl, drug_ng, rate_nl_d
from pump.prescription.flex import Flex

MINIMUM = const("MINIMUM")  # the pump's lowest rate, next to no therapy
SIMPLE = const("SIMPLE")  # one constant rate
FLEX = const("FLEX")  # rates by day of the week and time of day
PERIODIC = const("PERIODIC")  # a dose at every interval, over a background rate

NO_INDICATION = const("NONE")
SPINAL = const("SPINAL")
CEREBRAL = const("CEREBRAL")

MAX_STARTS = const(288)  # patient boluses in 24 h: one every five minutes

_DAY_MS = const(86_400_000)
# The fields of the regular therapy, and all fields, which a copy and a token cover; both without
# the flex steps.
_REGULAR_FIELDS = (
    "mode",
    "concentration_ng_ml",
    "programmed_ng_d",
    "programmed_nl_d",
    "periodic_ng",
    "periodic_duration_ms",
    "periodic_interval_ms",
)
_FIELDS = (
    "drug",
    "concentration_ng_ml",
    "indication",
    "mode",
    "programmed_ng_d",
    "programmed_nl_d",
    "periodic_ng",
    "periodic_duration_ms",
    "periodic_interval_ms",
    "patient_ng",
    "patient_duration_ms",
    "patient_lockout_ms",
    "patient_maximum",
    "limit_rate",
    "limit_bolus_ng",
    "limit_day_ng",
)


class Prescription:
    """Fields are 0, None or empty until programmed; programmed numbers are above 0.

    programmed_ng_d or programmed_nl_d, never both: the rate; in FLEX the rate of the time that no
    step covers, in PERIODIC the background.
    patient_maximum: bolus starts in any 24 h. limit_rate: (unit, amount), for basal rates.
    """

    def __init__(self):
        self.drug = ""
        self.concentration_ng_ml = 0
        self.indication = NO_INDICATION
        self.mode = ""
        self.programmed_ng_d = 0
        self.programmed_nl_d = 0
        self.flex = Flex()
        self.periodic_ng = 0
        self.periodic_duration_ms = 0
        self.periodic_interval_ms = 0
        self.patient_ng = 0
        self.patient_duration_ms = 0
        self.patient_lockout_ms = 0
        self.patient_maximum = 0
        self.limit_rate: "tuple | None" = None
        self.limit_bolus_ng = 0
        self.limit_day_ng = 0

    def program_dose(self, rate_ng_d):
        """Program the rate as drug per day."""
        self.programmed_ng_d, self.programmed_nl_d = rate_ng_d, 0

    def program_volume(self, rate_nl_d):
        """Program the rate as volume per day."""
        self.programmed_ng_d, self.programmed_nl_d = 0, rate_nl_d

    def rate_nl_d(self):
        """The rate as volume per day in nanolitres, rounded down; 0 while it is not known."""
        if self.programmed_nl_d:
            return self.programmed_nl_d
        return dose_nl(self.programmed_ng_d, self.concentration_ng_ml)

    def rate_ng_d(self):
        """The rate as drug per day in nanograms, rounded down; 0 while it is not known."""
        if self.programmed_ng_d:
            return self.programmed_ng_d
        return drug_ng(self.programmed_nl_d, self.concentration_ng_ml)

    def simple_rate(self):
        """(nl_d, ng_d) of the mode SIMPLE; (0, 0) of any other."""
        return (self.rate_nl_d(), self.rate_ng_d()) if self.mode == SIMPLE else (0, 0)

    def missing(self):
        """Names of the items that the regular therapy needs and that are not programmed."""
        found = []
        if not self.concentration_ng_ml:
            found.append("concentration")
        if not self.mode:
            found.append("mode")
        if not (self.programmed_ng_d or self.programmed_nl_d) and self.mode != MINIMUM:
            found.append("rate")
        if self.mode == FLEX and not self.flex.count:
            found.append("flex step")
        if self.mode == PERIODIC and not (self.periodic_ng and self.periodic_interval_ms):
            found.append("periodic dose")
        return found

    def has_day(self):
        """True if daily totals can be computed: nothing is missing, and periodic doses fit."""
        if self.missing():
            return False
        return self.mode != PERIODIC or 0 < self.periodic_duration_ms < self.periodic_interval_ms

    def limit_nl_d(self):
        """The limit of basal rates in nanolitres a day, rounded down; None when there is none."""
        if self.limit_rate is None:
            return None
        return rate_nl_d(self.limit_rate, self.concentration_ng_ml)

    def patient_a_day(self):
        """The most patient boluses that can begin within 24 h; 0 without patient boluses."""
        if not (self.patient_ng and self.patient_lockout_ms):
            return 0
        return min(self.patient_maximum, -(-_DAY_MS // self.patient_lockout_ms))

    def copy(self):
        """Another prescription with the same content."""
        other = Prescription()
        for field in _FIELDS:
            setattr(other, field, getattr(self, field))
        other.flex = self.flex.copy()
        return other

    def to_record(self):
        """The whole content as a list."""
        return [[getattr(self, field) for field in _FIELDS], self.flex.to_record()]

    def token(self):
        """A checksum of the whole content, as eight hexadecimal digits."""
        fields = repr([getattr(self, field) for field in _FIELDS])
        return "%08X" % binascii.crc32(fields.encode(), self.flex.crc())

    def regular_crc(self):
        """A checksum of the regular therapy's fields and flex steps, as a number."""
        fields = repr([getattr(self, field) for field in _REGULAR_FIELDS])
        return binascii.crc32(fields.encode(), self.flex.crc() if self.mode == FLEX else 0)


def prescription_of(record):
    """The prescription of a record of `to_record`, as JSON has restored it."""
    fields, flex = record
    found = Prescription()
    for field, value in zip(_FIELDS, fields):
        setattr(found, field, tuple(value) if isinstance(value, list) else value)
    found.flex.from_record(flex)
    return found
