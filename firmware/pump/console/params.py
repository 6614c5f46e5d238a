# SPDX-License-Identifier: MIT
"""Parameters of commands: each turns one argument's text into a value, or raises ScpiError.

    VOLUME -> nl   DOSE -> ng   TIME -> ms   CONCENTRATION -> ng_ml   RATE -> (base unit, integer)
    INTEGER   integer_between(low, high)   decimal(n) -> integer in steps of 10**-n
    mask(bits, kept) -> integer, from any numeric form of SCPI, see `masks`
    WORD -> upper case   choice("HIGH", "MEDium") -> "HIGH" or "MEDIUM"
    TEXT -> as written   STRING -> the text between the quotes

`optional(x)` may be left out, at the end; the handler is then called without that argument.
"""

from pump import units
from pump.console import errors
from pump.console.errors import ScpiError
from pump.unload import unload

_NUMBERS = {
    units.EMPTY: errors.MISSING_PARAMETER,
    units.NOT_A_NUMBER: errors.INVALID_CHARACTER_IN_NUMBER,
    units.SIGN: errors.INVALID_CHARACTER_IN_NUMBER,
    units.COMMA: errors.INVALID_CHARACTER_IN_NUMBER,
    units.BARE_POINT: errors.NUMERIC_DATA_ERROR,
    units.LEADING_ZERO: errors.NUMERIC_DATA_ERROR,
    units.EXPONENT: errors.EXPONENT_TOO_LARGE,
    units.TOO_LONG: errors.TOO_MANY_DIGITS,
    units.TOO_FINE: errors.TOO_MANY_DIGITS,
    units.UNIT_MISSING: errors.SUFFIX_ERROR,
    units.UNIT_WRONG: errors.INVALID_SUFFIX,
    units.UNIT_NOT_ALLOWED: errors.SUFFIX_NOT_ALLOWED,
}


class _Optional:
    def __init__(self, convert):
        self._convert = convert

    def __call__(self, text):
        return self._convert(text)


def optional(convert):
    """A parameter that may be left out."""
    return _Optional(convert)


def is_optional(parameter):
    return isinstance(parameter, _Optional)


def is_spelled(word, written):
    """Whether `word`, in upper case, is the short or the long form of a pattern like `SYSTem`.

    A pattern `PRES|PRESCription` has the forms of both.
    """
    for one in written.split("|"):
        if word == one.upper() or (one.startswith(word) and one[len(word) :].islower()):
            return True
    return False


def number(parse):
    """A parameter that reads a number with `parse`, a function of `units`."""

    def convert(text):
        if _is_string(text):
            raise ScpiError(errors.STRING_DATA_NOT_ALLOWED, text)
        if _is_letter(text[:1]):
            raise ScpiError(errors.CHARACTER_DATA_NOT_ALLOWED, text)
        try:
            return parse(text)
        except units.QuantityError as error:
            refusal = ScpiError(_NUMBERS[error.reason], error.detail)
        raise refusal

    return convert


VOLUME = number(units.volume_nl)
DOSE = number(units.dose_ng)
TIME = number(units.time_ms)
CONCENTRATION = number(units.concentration_ng_ml)
RATE = number(units.rate)
INTEGER = number(units.integer)


def decimal(decimals):
    """A number without unit as an integer in steps of 10**-decimals."""
    return number(lambda text: units.decimal(text, decimals))


def integer_between(low, high):
    """A whole number from low to high, both included; else ScpiError -222."""

    def convert(text):
        value = INTEGER(text)
        if not low <= value <= high:
            raise ScpiError(errors.DATA_OUT_OF_RANGE, f"{text}: {low} to {high}")
        return value

    return convert


def mask(bits, kept):
    """A number of `bits` bits in any numeric form, else ScpiError -222; masked with `kept`."""
    any_form = number(_whole)

    def convert(text):
        value = any_form(text)
        if not 0 <= value < 1 << bits:
            raise ScpiError(errors.DATA_OUT_OF_RANGE, "%s: 0 to %d" % (text, (1 << bits) - 1))
        return value & kept

    return convert


def _whole(text):
    try:
        from pump.console.masks import whole
    finally:
        unload("pump.console.masks")
    return whole(text)


def _word(text):
    """A bare word: a letter, then letters, digits and `_`; in upper case."""
    if _is_string(text):
        raise ScpiError(errors.STRING_DATA_NOT_ALLOWED, text)
    if "0" <= text[:1] <= "9":
        raise ScpiError(errors.NUMERIC_DATA_NOT_ALLOWED, text)
    word = text.upper()
    rest = [c for c in word if not (_is_letter(c) or "0" <= c <= "9" or c == "_")]
    if rest or not _is_letter(word[:1]):
        raise ScpiError(errors.INVALID_CHARACTER_DATA, text)
    return word


def choice(*words):
    """One of the words, in its short or long form; the value is the long form in upper case."""

    def convert(text):
        given = _word(text)
        for word in words:
            if is_spelled(given, word):
                return word.upper()
        raise ScpiError(errors.INVALID_CHARACTER_DATA, text + ": " + " ".join(words))

    return convert


def _text(text):
    """Anything that is not a string, as written: times of day, dates, tokens."""
    if _is_string(text):
        raise ScpiError(errors.STRING_DATA_NOT_ALLOWED, text)
    return text


def _string(text):
    """The text between the quotes, with doubled quotes made single."""
    if not _is_string(text):
        is_word = _is_letter(text[:1])
        raise ScpiError(
            errors.CHARACTER_DATA_NOT_ALLOWED if is_word else errors.DATA_TYPE_ERROR,
            text + ": quotes needed",
        )
    quote = text[0]
    inner = text[1:-1]
    if len(text) < 2 or text[-1] != quote or quote in inner.replace(quote * 2, ""):
        raise ScpiError(errors.INVALID_STRING_DATA, text)
    return inner.replace(quote * 2, quote)


WORD = _word
TEXT = _text
STRING = _string


def _is_string(text):
    return text[:1] in ('"', "'")


def _is_letter(character):
    return "A" <= character.upper() <= "Z"
