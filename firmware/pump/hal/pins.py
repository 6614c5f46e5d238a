# SPDX-License-Identifier: MIT
"""Pin syntax of board data: `GPn`, before it `!` for active low and `^` for a pull-up."""


def parse(text):
    """`"^!GP14"` -> (14, True, True): number, active low, pull-up. Otherwise ValueError."""
    rest = text
    is_low = has_pull_up = False
    while rest and rest[0] in "!^":
        is_low = is_low or rest[0] == "!"
        has_pull_up = has_pull_up or rest[0] == "^"
        rest = rest[1:]
    if rest[:2] != "GP" or not rest[2:].isdigit():
        raise ValueError("not a pin: " + text)
    return int(rest[2:]), is_low, has_pull_up
