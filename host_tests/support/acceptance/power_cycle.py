# SPDX-License-Identifier: MIT
"""A power cut of the pump under test, and the pump that comes back after it."""

import time

import pytest
import serial

from host_tests.support.acceptance.plugged import PluggedPump
from pumpbench import NotAPump
from pumpbench.hil.power import HOW, NoSwitch, switch_of

OFF_S = 3.0  # until the capacitors of a board and its supply are empty
BACK_S = 30.0  # until USB has found the board again and the pump has booted
OWN = "own"


class SimulatedPower:
    """Of a simulated board: another one comes up on the same flash."""

    def need(self):
        """It is always there."""

    def cycle(self, pump):
        """(the pump afterwards, the board's s at which its power was gone)."""
        target = pump._line
        flash, cut_s = target.flash, target.now_ns / 1e9
        pump.close()
        return PluggedPump(type(target)(flash=flash)), cut_s

    def close(self):
        """The board belongs to others."""

    def __str__(self):
        return "its own"


class SwitchedPower:
    """Of a board at a port. switch: None where nothing switches."""

    def __init__(self, where, switch, off_s=OFF_S, back_s=BACK_S):
        self._where = where
        self._switch = switch
        self._off_s = off_s
        self._back_s = back_s

    def need(self):
        """Skip where nothing switches the power."""
        if self._switch is None:
            pytest.skip(f"nothing switches the power of {self._where}; {HOW}")

    def cycle(self, pump):
        """(the pump afterwards, s of the monotonic clock at which its power was gone for sure)."""
        self.need()
        self._switch.turn(False)
        cut_s = time.monotonic()
        try:
            pump.close()  # so that the system gives its name to the board that comes back
            time.sleep(self._off_s)
        finally:
            self._switch.turn(True)
        return self._reopen(), cut_s

    def close(self):
        if self._switch is not None:
            self._switch.close()

    def __str__(self):
        return "not switched" if self._switch is None else str(self._switch)

    def _reopen(self):
        deadline_s = time.monotonic() + self._back_s
        while True:
            try:
                return PluggedPump.open(self._where, timeout_s=2.0, reopen_s=0)
            except (NotAPump, TimeoutError, serial.SerialException, OSError) as error:
                if time.monotonic() > deadline_s:
                    text = f"no pump at {self._where} {self._back_s:g} s after its power was on"
                    raise NoSwitch(f"{text}: {error}") from None
                time.sleep(0.2)


def power_of(where, is_simulated, text):
    """What switches the power there. text: what --power says, None for what is usual."""
    if text is None:
        text = OWN if is_simulated else "none"
    if text == OWN:
        if not is_simulated:
            raise NoSwitch(f"{where} is no simulated board; {HOW}.")
        return SimulatedPower()
    switch = switch_of(text)
    if is_simulated and switch is not None:
        switch.close()
        raise NoSwitch(f"{text} does not switch a simulated board; leave --power out.")
    return SwitchedPower(where, switch)
