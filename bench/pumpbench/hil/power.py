# SPDX-License-Identifier: MIT
"""Switches for the power of the pump under test, as `--power` names them.

`uhubctl:<location>/<port>`: a port of a USB hub that the tool uhubctl can switch.
`relay:<serial port>`: a relay at a serial line of 9600 baud; it is sent `1` and a line feed for
on, `0` and a line feed for off. Its control lines are not used.
`labgrid:<file>`: the driver with labgrid's PowerProtocol in the environment of that file.
"""

import subprocess

import serial

from pumpbench.hil.power_switch import NoSwitch, PowerSwitch

BAUD = 9600
HOW = "name a switch: make hil POWER=uhubctl:<location>/<port> or POWER=relay:<serial port>"
_NO_LABGRID = "labgrid is not installed: .venv/bin/pip install -c constraints.txt -e '.[labgrid]'"
_TIMEOUT_S = 30


class Uhubctl:
    """A port of a USB hub. location: as `uhubctl` lists it, `1-1`; port: its number."""

    def __init__(self, location: str, port: str) -> None:
        self._name = f"uhubctl:{location}/{port}"
        self._command = ["uhubctl", "-l", location, "-p", port, "-a"]

    def turn(self, is_on: bool) -> None:
        command = [*self._command, "on" if is_on else "off"]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
        except FileNotFoundError:
            text = "uhubctl is not installed: take your system's package of that name"
            raise NoSwitch(f"{text}, or another switch.") from None
        except subprocess.TimeoutExpired:
            raise NoSwitch(f"uhubctl did not end within {_TIMEOUT_S} s.") from None
        if ended.returncode:
            said = (ended.stderr or ended.stdout).strip().splitlines() or ["nothing"]
            raise NoSwitch(f"{' '.join(command)} failed and said: {said[0]}")

    def close(self) -> None:
        """Nothing is open."""

    def __str__(self) -> str:
        return self._name


class Relay:
    """A relay at a serial line, which stays open: many boards reset when it is opened."""

    def __init__(self, port: str) -> None:
        self._port = port
        try:
            self._serial = serial.serial_for_url(port, baudrate=BAUD, exclusive=True)
        except (serial.SerialException, ValueError) as error:
            raise NoSwitch(f"The relay cannot be opened: {error}") from None

    def turn(self, is_on: bool) -> None:
        try:
            self._serial.write(b"1\n" if is_on else b"0\n")
            self._serial.flush()
        except (serial.SerialException, OSError) as error:
            raise NoSwitch(f"The relay at {self._port} is gone: {error}") from None

    def close(self) -> None:
        self._serial.close()

    def __str__(self) -> str:
        return f"relay:{self._port}"


def switch_of(text: str) -> PowerSwitch | None:
    """The switch that a text names; None for `none`. NoSwitch if there is no such switch."""
    kind, _, where = text.partition(":")
    if text == "none":
        return None
    if kind == "relay" and where:
        return Relay(where)
    if kind == "labgrid" and where:
        return _of_labgrid(where)
    location, _, port = where.rpartition("/")
    if kind == "uhubctl" and location and port.isdecimal():
        return Uhubctl(location, port)
    raise NoSwitch(f"{text!r} is no power switch; {HOW}.")


def _of_labgrid(path: str) -> PowerSwitch:
    """The switch in an environment of labgrid, which need not be installed."""
    try:
        from pumpbench.hil.labgrid_power import LabgridPower
    except ModuleNotFoundError:
        raise NoSwitch(f"{_NO_LABGRID}, or take another switch.") from None
    return LabgridPower(path)
