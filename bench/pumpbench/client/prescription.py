# SPDX-License-Identifier: MIT
"""A prescription as a script writes it, and the lines of the console that stage it.

Numbers are `Decimal`, int, float or text; each has its unit in its name. They are sent to the pump
as written, never rounded: it refuses a number that it cannot keep.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Number = Decimal | int | float | str
Days = Literal["ALL", "WD", "WE", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


def amount(value: Number, unit: str) -> str:
    """A number with its unit as the console takes it; ValueError if it never takes that number."""
    number = Decimal(str(value))
    if not number.is_finite() or number < 0:
        raise ValueError(f"{value} {unit} is no amount")
    text = f"{number:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


@dataclass(frozen=True)
class Dose:
    """An amount of drug over a duration."""

    ug: Number
    s: Number

    def text(self) -> str:
        return f"{amount(self.ug, 'UG')},{amount(self.s, 'S')}"


@dataclass(frozen=True)
class FlexStep:
    """A rate from a time of day on, `HH:MM`, to an end or the next step. Exactly one rate."""

    days: Days
    start: str
    ug_d: Number | None = None
    ml_d: Number | None = None
    end: str = ""


@dataclass(frozen=True)
class Periodic:
    """A dose at every interval, in addition to the rate of the prescription."""

    dose: Dose
    interval_s: Number


@dataclass(frozen=True)
class Patient:
    """The bolus that the patient may ask for."""

    dose: Dose
    lockout_s: Number
    maximum: int  # in any 24 h


@dataclass(frozen=True)
class Limits:
    """Limits that are never exceeded; None: no limit."""

    rate_ug_d: Number | None = None
    bolus_ug: Number | None = None
    day_ug: Number | None = None


@dataclass(frozen=True)
class Prescription:
    """A whole prescription: one rate, others by day and time in `flex`, or `periodic` doses.

    Exactly one of ug_d and ml_d. indication: SPIN, CERE, or NONE: no drug library.
    """

    concentration_ug_ml: Number
    ug_d: Number | None = None
    ml_d: Number | None = None
    drug: str = ""
    indication: Literal["NONE", "SPIN", "CERE"] = "NONE"
    flex: tuple[FlexStep, ...] = ()
    periodic: Periodic | None = None
    patient: Patient | None = None
    limits: Limits = field(default_factory=Limits)

    def lines(self) -> Iterator[str]:
        """The commands that stage it, in order, PRES: before each. ValueError as in `amount`."""
        if self.flex and self.periodic is not None:
            raise ValueError("a prescription is by day and time, or periodic, not both")
        if '"' in self.drug:
            raise ValueError(f"a drug's name has no quotation marks: {self.drug}")
        yield "NEW"
        if self.drug:
            yield f'DRUG "{self.drug}"'
        yield f"IND {self.indication}"
        yield f"CONC {amount(self.concentration_ug_ml, 'UG/ML')}"
        mode = "FLEX" if self.flex else "PER" if self.periodic is not None else "SIMP"
        yield f"MODE {mode}"
        yield f"RATE {_rate(self.ug_d, self.ml_d)}"
        for step in self.flex:
            rate, end = _rate(step.ug_d, step.ml_d), f",{step.end}" if step.end else ""
            yield f"FLEX:STEP {step.days},{step.start},{rate}{end}"
        if self.periodic is not None:
            interval = amount(self.periodic.interval_s, "S")
            yield f"PER:DOSE {self.periodic.dose.text()},{interval}"
        if self.patient is not None:
            yield f"PAT:DOSE {self.patient.dose.text()}"
            yield f"PAT:LOCK {amount(self.patient.lockout_s, 'S')}"
            yield f"PAT:MAX {self.patient.maximum}"
        for name, value, unit in (
            ("RATE", self.limits.rate_ug_d, "UG/D"),
            ("BOL", self.limits.bolus_ug, "UG"),
            ("DAY", self.limits.day_ug, "UG"),
        ):
            if value is not None:
                yield f"LIM:{name} {amount(value, unit)}"


def _rate(ug_d: Number | None, ml_d: Number | None) -> str:
    if ug_d is not None and ml_d is None:
        return amount(ug_d, "UG/D")
    if ml_d is not None and ug_d is None:
        return amount(ml_d, "ML/D")
    raise ValueError("a rate is in ug_d or in ml_d: exactly one of them")
