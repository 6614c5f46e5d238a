# SPDX-License-Identifier: MIT
"""A simulated balance on a pseudo-terminal: it answers as SICS or SBI, or sends plain lines.

It shows the weight that the caller gives as a function of time, minus evaporation, with the
balance's own drift and noise, in steps of its resolution.
"""

import os
import select
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pumpbench.client.lines import Closable
from pumpbench.gravimetry.dialects import DIALECTS
from pumpbench.gravimetry.reading import Clock, WallClock

_POLL_S = 0.05  # interval at which the simulation checks whether it is closed


@dataclass(frozen=True)
class Imperfections:
    """noise_g: standard deviation. Evaporation is from the beaker, drift is in the balance."""

    resolution_g: float = 0.0001
    noise_g: float = 0.0
    drift_g_h: float = 0.0
    evaporation_g_h: float = 0.0
    capacity_g: float = 220.0
    seed: int = 0


class Pan:
    """The load of the balance. weight_g(seconds): its grams at a time."""

    def __init__(self, weight_g: Callable[[float], float], imperfections: Imperfections) -> None:
        self._weight_g = weight_g
        self._imperfections = imperfections
        self._random = np.random.default_rng(imperfections.seed)

    def shown_g(self, time_s: float) -> float:
        """The displayed weight in grams, with new noise each time."""
        creep_g_h = self._imperfections.drift_g_h - self._imperfections.evaporation_g_h
        grams = self._weight_g(time_s) + creep_g_h * time_s / 3600
        grams += self._random.normal(0, self._imperfections.noise_g)
        return round(grams / self._imperfections.resolution_g) * self._imperfections.resolution_g

    def digits(self, grams: float) -> str:
        """A weight as text, with as many decimals as the resolution has."""
        decimals = max(0, -int(np.floor(np.log10(self._imperfections.resolution_g))))
        return f"{grams:.{decimals}f}"

    def is_beyond(self, grams: float) -> bool:
        return abs(grams) > self._imperfections.capacity_g


def sics_line(pan: Pan, grams: float, is_stable: bool) -> str:
    """The answer to SI."""
    if pan.is_beyond(grams):
        return "S +" if grams > 0 else "S -"
    return f"S {'S' if is_stable else 'D'} {pan.digits(grams):>10} g"


def sbi_line(pan: Pan, grams: float, is_stable: bool) -> str:
    """The answer to ESC P: 16 characters with the line end, without identification in front."""
    if pan.is_beyond(grams):
        return f"{'H' if grams > 0 else 'L':>7}       "
    return f"{'-' if grams < 0 else '+'} {pan.digits(abs(grams)):>8} {'g' if is_stable else '':3}"


def plain_line(pan: Pan, grams: float, is_stable: bool) -> str:
    """A line that a balance sends by itself; OL above its range."""
    return f"{'OL':>10}" if pan.is_beyond(grams) else f"{pan.digits(grams):>10} g"


LINES = {"sics": sics_line, "sbi": sbi_line, "plain": plain_line}


class SimulatedBalance(Closable):
    """A balance of a kind of `DIALECTS`, on until `close`; `port` is the path of its terminal.

    clock: the clock for the weight's function of time, which is 0 now. A kind without a query
    sends a line each `interval_s` of real time. `is_mute`, `is_stable` and `reply` (sent in place
    of a weight) may be set at any time.
    """

    def __init__(
        self,
        kind: str,
        weight_g: Callable[[float], float],
        imperfections: Imperfections | None = None,
        *,
        clock: Clock | None = None,
        interval_s: float = 0.1,
    ) -> None:
        self.is_mute = False
        self.is_stable = True
        self.reply: str | None = None
        self._question = DIALECTS[kind].question
        self._line = LINES[kind]
        self._pan = Pan(weight_g, imperfections or Imperfections())
        self._clock = clock or WallClock()
        self._start_s = self._clock.now_s()
        self._interval_s = interval_s
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        self.port = os.ttyname(self._far)
        self._is_closed = threading.Event()
        serve = self._answer if self._question else self._send
        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Switch the balance off and close its port."""
        self._is_closed.set()
        self._thread.join()
        os.close(self._near)
        os.close(self._far)

    def _answer(self) -> None:
        received = b""
        while not self._is_closed.is_set():
            if select.select([self._near], [], [], _POLL_S)[0]:
                received += os.read(self._near, 256)
                *questions, received = received.split(b"\n")
                for question in questions:
                    self._say(self._weight() if question + b"\n" == self._question else "ES")

    def _send(self) -> None:
        while not self._is_closed.wait(self._interval_s):
            self._say(self._weight())

    def _weight(self) -> str:
        if self.reply is not None:
            return self.reply
        grams = self._pan.shown_g(self._clock.now_s() - self._start_s)
        return self._line(self._pan, grams, self.is_stable)

    def _say(self, line: str) -> None:
        if not self.is_mute:
            os.write(self._near, line.encode() + b"\r\n")
