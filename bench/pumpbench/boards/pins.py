# SPDX-License-Identifier: MIT
"""How board files write a pin: `GPn`, before it `!` for active low and `^` for a pull-up."""

import re

_PIN = re.compile(r"(\^?!?)GP(\d+)")


def pin_number(pin: str) -> int:
    """The GPIO number of a pin as board files write it: `^!GP14` is 14."""
    return int(_split(pin)[1])


def is_active_low(pin: str) -> bool:
    """Whether the pin is written with a leading `!`."""
    return "!" in _split(pin)[0]


def _split(pin: str) -> tuple[str, str]:
    match = _PIN.fullmatch(pin)
    if match is None:
        raise ValueError(f"{pin!r} is not a pin; pins are written GP14, !GP14, ^GP14 or ^!GP14")
    return match.group(1), match.group(2)
