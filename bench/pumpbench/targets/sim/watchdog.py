# SPDX-License-Identifier: MIT
"""The watchdog of the fake chip: its timer, and the registers that survive the reset it makes."""

from pumpbench.targets.sim.timeline import Timeline

NEVER_NS = 1 << 62
TIMEOUT_MAX_MS = 8388
BY_TIMER, BY_FORCE = 1, 2  # bits of the register REASON
SCRATCH_COUNT = 8
_CONTROL, _REASON, _FIRST = 0x00, 0x08, 0x0C  # from the base; eight words from the third on
_ENABLE = 1 << 30


class Watchdog:
    """The timer runs from the first `start` on; only its register CTRL can stop it."""

    def __init__(self, world: Timeline, base: int) -> None:
        self._base = base
        self.scratch = [0] * SCRATCH_COUNT
        self.reason = 0
        self.has_bitten = False
        self.deadline_ns = NEVER_NS
        self._world = world
        self._timeout_ns = 0
        self._event = None

    @property
    def is_running(self) -> bool:
        return self.deadline_ns != NEVER_NS

    def start(self, timeout_ms: int) -> None:
        if self._event is not None:
            self._event.cancel()
        self._timeout_ns = timeout_ms * 1_000_000
        self.deadline_ns = self._world.now_ns + self._timeout_ns
        self._event = self._world.at(self.deadline_ns, self._look)

    def feed(self) -> None:
        """Restart its time; if it was stopped it stays so."""
        if self.is_running:
            self.deadline_ns = self._world.now_ns + self._timeout_ns

    def stop(self) -> None:
        """Stop it, after a reset of the chip, or by its register."""
        self.deadline_ns = NEVER_NS

    def check(self) -> None:
        """Reset the board if the time is over."""
        if self._world.now_ns >= self.deadline_ns:
            self.has_bitten = True
            self._world.reset(BY_TIMER)

    def _look(self) -> None:
        self.check()
        self._event = self._world.at(self.deadline_ns, self._look) if self.is_running else None

    def read(self, address: int) -> int:
        """The word at the address."""
        if address == self._base + _CONTROL:
            return _ENABLE if self.is_running else 0
        if address == self._base + _REASON:
            return self.reason
        return self.scratch[self._index(address)]

    def write(self, address: int, value: int) -> None:
        """Write a word to a register; ignored after a reset, while the firmware still ends."""
        if address == self._base + _CONTROL:
            self._control(value)
            return
        index = self._index(address)
        if self._world.ending is None:
            self.scratch[index] = value & 0xFFFF_FFFF

    def _control(self, value: int) -> None:
        """Write CTRL: here it can only stop the timer."""
        if value & ~_ENABLE or (value and not self.is_running):
            raise NotImplementedError(f"the watchdog's control register takes no {value:#x} here")
        if not value and self._event is not None:
            self._event.cancel()
            self._event = None
            self.stop()

    def _index(self, address: int) -> int:
        index, odd = divmod(address - self._base - _FIRST, 4)
        if odd or not 0 <= index < SCRATCH_COUNT:
            raise NotImplementedError(f"the word at {address:#x} is not simulated, or read-only")
        return index
