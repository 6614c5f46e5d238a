# SPDX-License-Identifier: MIT
"""The power of the pump under test, switched by a driver of labgrid.

It is the driver with labgrid's PowerProtocol in an environment: a network socket, for instance, or
one that asks a person. Other drivers of the environment are not activated.
"""

import subprocess
from typing import Any

from labgrid import Environment  # pyright: ignore[reportMissingImports]
from labgrid.driver.exception import ExecutionError  # pyright: ignore[reportMissingImports]
from labgrid.exceptions import (  # pyright: ignore[reportMissingImports]
    InvalidConfigError,
    NoConfigFoundError,
    NoSupplierFoundError,
    RegistrationError,
)

from pumpbench.hil.power_switch import NoSwitch

_MISTAKES = (InvalidConfigError, NoConfigFoundError, NoSupplierFoundError, RegistrationError)


class LabgridPower:
    """The power switch of the target `main` in the environment of the file at `path`."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._environment = Environment(path)  # pyright: ignore[reportCallIssue]
            self._driver: Any = self._found()
        except _MISTAKES as error:
            raise NoSwitch(f"{path} has no power of labgrid: {error}") from None

    def turn(self, is_on: bool) -> None:
        try:
            (self._driver.on if is_on else self._driver.off)()
        except (OSError, subprocess.CalledProcessError, ExecutionError) as error:
            raise NoSwitch(f"{self} does not switch: {error}") from None

    def close(self) -> None:
        self._environment.cleanup()

    def __str__(self) -> str:
        return f"labgrid:{self._path}"

    def _found(self) -> Any:
        target = self._environment.get_target()
        if target is None:
            raise NoSwitch(f"{self._path} has no target main.")
        return target.get_driver("PowerProtocol")
