# SPDX-License-Identifier: MIT
"""Masks of status registers: a number in any numeric form of SCPI, as generic clients send them.

    32   +32   32.   31.6   3.2E1   #H20   #Q40   #B100000

Rounded to a whole number (IEEE 488.2, 7.7.2.4 and 7.7.4). Doses have one strict form only; a mask
delivers nothing. The module is loaded for each mask and unloaded again.
"""

from micropython import const

from pump.units import EXPONENT, NOT_A_NUMBER, TOO_LONG, QuantityError

_MOST_DIGITS = const(20)
_MOST_EXPONENT = const(99)
_DIGITS = "0123456789ABCDEF"
_BASES = {"H": 16, "Q": 8, "B": 2}


def whole(text):
    """The number in `text`, rounded to a whole one; QuantityError when it is not a number."""
    if text[0] == "#":
        return _digits(text[2:], _BASES.get(text[1:2].upper(), 0), text)
    mantissa, mark, power = text.upper().partition("E")
    sign, mantissa = _signed(mantissa)
    whole, _, fraction = mantissa.partition(".")
    value = _digits(whole + fraction, 10, text)
    shift = -len(fraction)
    if mark:
        power_sign, power = _signed(power)
        exponent = _digits(power, 10, text)
        if exponent > _MOST_EXPONENT:
            raise QuantityError(EXPONENT, text)
        shift += power_sign * exponent
    if shift < 0:
        return sign * ((2 * value // 10**-shift + 1) // 2)
    return sign * value * 10**shift


def _signed(text):
    """(1 or -1, the text behind the sign)."""
    return (-1 if text[:1] == "-" else 1), (text[1:] if text[:1] in ("+", "-") else text)


def _digits(digits, base, text):
    """The value of `digits` in `base`; QuantityError for none, too many, or an invalid one."""
    if len(digits) > _MOST_DIGITS:
        raise QuantityError(TOO_LONG, text)
    if not digits or not base:
        raise QuantityError(NOT_A_NUMBER, text)
    value = 0
    for digit in digits.upper():
        place = _DIGITS.find(digit)
        if not 0 <= place < base:
            raise QuantityError(NOT_A_NUMBER, text)
        value = value * base + place
    return value
