# SPDX-License-Identifier: MIT
"""The common part of every simulated target: a board with a console, a plant, and a clock.

`SimTarget` and `EmulatorTarget` complete it with `now_ns`, `run`, `write` and `close`. All times
are simulated: a timeout never depends on the speed of the host.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Self

from pumpbench.plant.plant import Plant

TELL_S = 0.005  # time for the board to process a line without an answer


class Target:
    """The common part of every target."""

    name = "none"

    def __init__(self, board: ModuleType) -> None:
        self.board = board
        self.plant = Plant(board)
        self.output = bytearray()  # all output of the board, raw
        self._read_to = 0  # bytes of the output that `read_line` has returned

    @property
    def now_ns(self) -> int:
        """Simulated nanoseconds since power-up."""
        raise NotImplementedError

    def run(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass."""
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        """Send bytes into the board's console; they arrive as time passes."""
        raise NotImplementedError

    def close(self) -> None:
        """Power off."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def run_until(
        self, condition: Callable[[], bool], timeout_s: float = 10.0, step_s: float = 0.001
    ) -> None:
        """Let time pass in steps until the condition holds; TimeoutError if it does not."""
        deadline_ns = self.now_ns + round(timeout_s * 1e9)
        while not condition():
            if self.now_ns >= deadline_ns:
                raise TimeoutError(f"not so within {timeout_s} simulated seconds")
            self.run(step_s)

    def read_line(self, timeout_s: float = 5.0) -> str:
        """The next line of the console, without its CR and LF."""
        try:
            self.run_until(lambda: b"\n" in self.output[self._read_to :], timeout_s)
        except TimeoutError:
            tail = bytes(self.output[self._read_to :])
            text = f"no line within {timeout_s} simulated seconds; unread output: {tail!r}"
            raise TimeoutError(text) from None
        end = self.output.index(b"\n", self._read_to)
        line = self.output[self._read_to : end].decode(errors="replace")
        self._read_to = end + 1
        return line.rstrip("\r")

    def ask(self, line: str, timeout_s: float = 5.0) -> str:
        """Send a line. Returns the next line that comes back."""
        self.write(line.encode() + b"\n")
        return self.read_line(timeout_s)

    def tell(self, line: str) -> None:
        """Send a line and give the board a few milliseconds to process it."""
        self.write(line.encode() + b"\n")
        self.run(TELL_S)
