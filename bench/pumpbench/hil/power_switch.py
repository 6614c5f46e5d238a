# SPDX-License-Identifier: MIT
"""A power switch: the interface of all kinds; `power` makes one."""

from typing import Protocol


class NoSwitch(Exception):
    """The power cannot be switched; a sentence."""


class PowerSwitch(Protocol):
    """Turns the pump's power off and on; NoSwitch if that fails."""

    def turn(self, is_on: bool) -> None: ...

    def close(self) -> None: ...
