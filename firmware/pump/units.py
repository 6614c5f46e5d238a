# SPDX-License-Identifier: MIT
"""Quantities as text: the one place where text with units becomes integers, and back.

Inside the pump a quantity is an integer in one base unit, and its name ends in that unit:

    volume  nl      dose  ng      time  ms      concentration  ng_ml
    rate    nl_d or ng_d, nanolitres or nanograms per day: chosen by the unit as written

A number is digits with an optional `.digits`: no sign, exponent, leading zero or comma, and it
must be a whole number of base units. A value that cannot be kept exactly is refused, never
rounded, and no float is used. Queries print fixed units; a ratio that is not exact is rounded
down, so that a delivered volume is never overstated.

Called by the console for every argument and response. Limits are not checked here: a value that no
pump can reach is refused by the module that knows the pump.
"""

from micropython import const

# Reasons of QuantityError.
EMPTY = "number missing"
NOT_A_NUMBER = "not a number"
SIGN = "sign not allowed"
COMMA = "comma is not a decimal point"
BARE_POINT = "digits needed on both sides of the point"
LEADING_ZERO = "leading zero"
EXPONENT = "exponent not allowed"
TOO_LONG = "more than 15 digits"
TOO_FINE = "more decimals than can be kept"
UNIT_MISSING = "unit needed:"
UNIT_WRONG = "unit must be"
UNIT_NOT_ALLOWED = "no unit allowed"

# Base units of a rate, as `rate` returns them.
NL_D = const("nl_d")
NG_D = const("ng_d")

DAY_US = const(86_400_000_000)  # a day; also the units of a schedule (nL/d times us) per nanolitre

_MAX_DIGITS = const(15)

# (unit, number of base units, name of the base unit), in the order of messages to users
_VOLUME = (("NL", 1, "nl"), ("UL", 1_000, "nl"), ("ML", 1_000_000, "nl"))
_DOSE = (("NG", 1, "ng"), ("UG", 1_000, "ng"), ("MG", 1_000_000, "ng"))
_TIME = (
    ("S", 1_000, "ms"),
    ("MIN", 60_000, "ms"),
    ("HR", 3_600_000, "ms"),
    ("D", 86_400_000, "ms"),
)
_CONCENTRATION = (("UG/ML", 1_000, "ng_ml"), ("MG/ML", 1_000_000, "ng_ml"))
_RATE = (
    ("UG/D", 1_000, NG_D),
    ("MG/D", 1_000_000, NG_D),
    ("UL/HR", 1_000 * 24, NL_D),
    ("ML/HR", 1_000_000 * 24, NL_D),
    ("ML/D", 1_000_000, NL_D),
    ("UL/MIN", 1_000 * 1_440, NL_D),
    ("ML/MIN", 1_000_000 * 1_440, NL_D),
)


class QuantityError(Exception):
    """Text that is no such quantity; reason: a constant above, detail: the full sentence."""

    def __init__(self, reason, text, hint=""):
        super().__init__(reason)
        self.reason = reason
        self.detail = f"{text}: {reason} {hint}".strip(" ")


def volume_nl(text):
    """`2.5 ML` -> 2500000."""
    return _quantity(text, _VOLUME)[1]


def dose_ng(text):
    """`50 UG` -> 50000."""
    return _quantity(text, _DOSE)[1]


def time_ms(text):
    """`5 MIN` -> 300000."""
    return _quantity(text, _TIME)[1]


def concentration_ng_ml(text):
    """`500 UG/ML` -> 500000."""
    return _quantity(text, _CONCENTRATION)[1]


def rate(text):
    """`120 UG/D` -> (NG_D, 120000); `0.24 ML/D` -> (NL_D, 240000)."""
    return _quantity(text, _RATE)


def decimal(text, decimals):
    """A plain number in steps of 10**-decimals: `1.5` with 3 decimals -> 1500."""
    whole, fraction, unit = _split(text)
    if unit:
        raise QuantityError(UNIT_NOT_ALLOWED, text)
    return _scaled(text, whole, fraction, 10**decimals)


def integer(text):
    """A plain whole number: `200` -> 200."""
    return decimal(text, 0)


def fixed(value, decimals):
    """Text of value * 10**-decimals with all its decimals: fixed(1500, 3) -> `1.500`."""
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value), 10**decimals)
    digits = str(10**decimals + fraction)[1:]
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def ml(volume_nl):
    """Millilitres with 6 decimals, exact; also millilitres per day from nl_d."""
    return fixed(volume_nl, 6)


def ml_of_pl(volume_pl, divisor=1):
    """Millilitres with 6 decimals of volume_pl / divisor picolitres, rounded down."""
    return fixed(volume_pl // (1_000 * divisor), 6)


def ug(dose_ng):
    """Micrograms with 3 decimals, exact; also micrograms per day from ng_d."""
    return fixed(dose_ng, 3)


def ug_ml(concentration_ng_ml):
    """Micrograms per millilitre with 3 decimals, exact."""
    return fixed(concentration_ng_ml, 3)


def seconds(time_ms):
    """Seconds with 3 decimals, exact."""
    return fixed(time_ms, 3)


def _quantity(text, table):
    """(base unit, integer) of a number with one of the table's units."""
    whole, fraction, unit = _split(text)
    for name, factor, base in table:
        if unit == name:
            return base, _scaled(text, whole, fraction, factor)
    reason = UNIT_WRONG if unit else UNIT_MISSING
    raise QuantityError(reason, text, " ".join([row[0] for row in table]))


def _scaled(text, whole, fraction, factor):
    value, lost = divmod(int(whole + fraction) * factor, 10 ** len(fraction))
    if lost:
        raise QuantityError(TOO_FINE, text)
    return value


def _split(text):
    """(digits before the point, digits after it, unit in upper case) of a well-formed number."""
    trimmed = text.strip(" ")
    end = 0
    while end < len(trimmed) and (_is_digit(trimmed[end]) or trimmed[end] == "."):
        end += 1
    whole, point, fraction = trimmed[:end].partition(".")
    rest = trimmed[end:]
    reason = _fault_before_unit(trimmed, whole, point, fraction) or _fault_after_number(rest)
    if reason:
        raise QuantityError(reason, text)
    return whole, fraction, rest.strip(" ").upper()


def _fault_before_unit(trimmed, whole, point, fraction):
    """Why the leading digits and points of a text are not a number, or None."""
    if not trimmed:
        return EMPTY
    if trimmed[0] in "+-":
        return SIGN
    if "." in fraction or not (whole or point):
        return NOT_A_NUMBER
    if not whole or (point and not fraction):
        return BARE_POINT
    if len(whole) > 1 and whole[0] == "0":
        return LEADING_ZERO
    if len(whole) + len(fraction) > _MAX_DIGITS:
        return TOO_LONG
    return None


def _fault_after_number(rest):
    """Why the text after the digits cannot be a unit, or None."""
    if rest[:1] == ",":
        return COMMA
    if rest[:1] in ("e", "E") and (_is_digit(rest[1:2]) or rest[1:2] in ("+", "-")):
        return EXPONENT
    unit = rest.strip(" ")
    if unit and not "A" <= unit[0].upper() <= "Z":
        return NOT_A_NUMBER
    return None


def _is_digit(character):
    """Whether it is 0 to 9: `str.isdigit` and int() accept other scripts, too."""
    return "0" <= character <= "9"
