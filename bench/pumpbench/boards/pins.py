# SPDX-License-Identifier: MIT
"""The notation of pins in board files: `GPn`, before it `!` for active low, `^` for a pull-up."""

import re

_PIN = re.compile(r"(\^?!?)GP(\d+)")


def pin_number(pin: str) -> int:
    """The GPIO number of a pin in the notation of board files: `^!GP14` is 14."""
    return int(_split(pin)[1])


def is_active_low(pin: str) -> bool:
    """True if the pin is written with a leading `!`."""
    return "!" in _split(pin)[0]


def _split(pin: str) -> tuple[str, str]:
    match = _PIN.fullmatch(pin)
    if match is None:
        raise ValueError(f"{pin!r} is not a pin; pins are written GP14, !GP14, ^GP14 or ^!GP14")
    return match.group(1), match.group(2)
