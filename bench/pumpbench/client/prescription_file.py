# SPDX-License-Identifier: MIT
"""A prescription in a TOML file; bench/examples/spasticity.toml has every key.

An amount is a string with its unit, in any case: "400 ug/d", "24 mL/d", "500 ug/mL". It is
converted to the unit of `Prescription` exactly, never rounded. Mistakes are reported by key.
"""

import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from pumpbench.client.prescription import (
    Days,
    Dose,
    FlexStep,
    Limits,
    Patient,
    Periodic,
    Prescription,
)

_DOSE = {"ng": "0.001", "ug": "1", "mg": "1000"}
_TIME = {"s": "1", "min": "60", "hr": "3600", "d": "86400"}
_CONCENTRATION = {"ug/mL": "1", "mg/mL": "1000"}
_DOSE_RATE = {"ug/d": "1", "mg/d": "1000"}
_VOLUME = {"mL": "1", "uL": "0.001", "nL": "0.000001"}
_VOLUME_RATE = {"mL/d": "1", "mL/hr": "24", "uL/hr": "0.024", "mL/min": "1440", "uL/min": "1.44"}


class FileMistake(Exception):
    """Mistakes in the file: a sentence for each key."""


class _Rate(NamedTuple):
    """Exactly one of the two rates."""

    ug_d: Decimal | None
    ml_d: Decimal | None


def _amount(units: dict[str, str]) -> Callable[[object], Decimal]:
    """A reader of numbers with one of these units, as multiples of the unit with factor 1."""
    factors = {unit.lower(): Decimal(factor) for unit, factor in units.items()}

    def read(value: object) -> Decimal:
        number, _, unit = value.strip().partition(" ") if isinstance(value, str) else ("", "", "")
        digits = number.replace(".", "", 1)
        is_number = digits.isascii() and digits.isdigit() and number[0] != "." != number[-1]
        if not is_number or unit.strip().lower() not in factors:
            wanted = ", ".join(units)
            raise ValueError(f"{value!r} is no amount here: quotes, a number, and {wanted}")
        return Decimal(number) * factors[unit.strip().lower()]

    return read


def _rate(value: object) -> _Rate:
    if isinstance(value, str) and value.lower().endswith(tuple(u.lower() for u in _DOSE_RATE)):
        return _Rate(_amount(_DOSE_RATE)(value), None)
    try:
        return _Rate(None, _amount(_VOLUME_RATE)(value))
    except ValueError:
        _amount(_DOSE_RATE | _VOLUME_RATE)(value)  # its error names all units
        raise


def volume_rate_ml_d(text: str) -> Decimal:
    """A rate like "24 mL/d" in mL/d; ValueError for any other text."""
    return _amount(_VOLUME_RATE)(text)


def volume_ml(text: str) -> Decimal:
    """A volume like "0.2 mL" in mL; ValueError for any other text."""
    return _amount(_VOLUME)(text)


def _clock(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-4]):[0-5]\d", value):
        return value
    raise ValueError(f"{value!r} is no time of the day, HH:MM in quotes")


def _drug(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[ !#-~]*", value):
        return value
    raise ValueError(f"{value!r} is no name of ASCII without quotation marks")


_DoseUg = Annotated[Decimal, BeforeValidator(_amount(_DOSE))]
_TimeS = Annotated[Decimal, BeforeValidator(_amount(_TIME))]
_UgD = Annotated[Decimal, BeforeValidator(_amount(_DOSE_RATE))]
_UgMl = Annotated[Decimal, BeforeValidator(_amount(_CONCENTRATION))]
_AnyRate = Annotated[_Rate, BeforeValidator(_rate)]
_Clock = Annotated[str, BeforeValidator(_clock)]


class _Table(BaseModel, extra="forbid", strict=True):
    """A table in which unknown keys are mistakes."""


class _Flex(_Table):
    days: Days
    start: _Clock
    rate: _AnyRate
    end: _Clock = ""

    def step(self) -> FlexStep:
        return FlexStep(self.days, self.start, self.rate.ug_d, self.rate.ml_d, self.end)


class _Periodic(_Table):
    dose: _DoseUg
    duration: _TimeS
    interval: _TimeS


class _Patient(_Table):
    dose: _DoseUg
    duration: _TimeS
    lockout: _TimeS
    maximum: Annotated[int, Field(ge=1)]


class _Limits(_Table):
    rate: _UgD | None = None
    bolus: _DoseUg | None = None
    day: _DoseUg | None = None


class Document(_Table):
    concentration: _UgMl
    rate: _AnyRate
    drug: Annotated[str, BeforeValidator(_drug)] = ""
    indication: Literal["NONE", "SPIN", "CERE"] = "NONE"
    flex: list[_Flex] = []
    periodic: _Periodic | None = None
    patient: _Patient | None = None
    limits: _Limits = _Limits()

    def prescription(self) -> Prescription:
        periodic, patient, limits = self.periodic, self.patient, self.limits
        return Prescription(
            self.concentration,
            *self.rate,
            drug=self.drug,
            indication=self.indication,
            flex=tuple(step.step() for step in self.flex),
            periodic=periodic
            and Periodic(Dose(periodic.dose, periodic.duration), periodic.interval),
            patient=patient
            and Patient(Dose(patient.dose, patient.duration), patient.lockout, patient.maximum),
            limits=Limits(limits.rate, limits.bolus, limits.day),
        )


def read(path: Path) -> Prescription:
    """The prescription in a file; FileMistake if it is not valid."""
    try:
        prescription = Document(**tomllib.loads(path.read_text())).prescription()
        list(prescription.lines())
    except OSError as error:
        raise FileMistake(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise FileMistake("\n".join(_sentences(path, error))) from error
    except ValueError as error:  # not TOML, or refused by Prescription
        raise FileMistake(f"{path}: {error}.") from error
    return prescription


def _sentences(path: Path, error: ValidationError) -> list[str]:
    """A sentence for each key that is wrong."""
    words = {"extra_forbidden": "there is no such key", "missing": "is missing"}
    told = []
    for found in error.errors():
        what = words.get(found["type"], found["msg"].removeprefix("Value error, "))
        told.append(f"{path}, {_key(found['loc'])}: {what}.")
    return told


def _key(parts: tuple[int | str, ...]) -> str:
    """The name of a key: `limits.day`, or `flex 2.rate` of the second [[flex]]."""
    text = ".".join(f" {part + 1}" if isinstance(part, int) else part for part in parts)
    return text.replace(". ", " ")
