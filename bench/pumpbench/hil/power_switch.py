# SPDX-License-Identifier: MIT
"""A power switch: what every kind of it can do. Which one it is, `power` finds out."""

from typing import Protocol


class NoSwitch(Exception):
    """The power cannot be switched; a sentence."""


class PowerSwitch(Protocol):
    """What turns the pump's power off and on; NoSwitch where it does not obey."""

    def turn(self, is_on: bool) -> None: ...

    def close(self) -> None: ...
