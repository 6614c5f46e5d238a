# SPDX-License-Identifier: MIT
"""A DS3231 on the I2C bus of the fake board: a clock with a battery, which runs without power.

The same object can be plugged into one board after another: `SimTarget(battery_clock=clock)`. It
counts the virtual time of its board; `pass_by` adds the time without power. Registers as in the
datasheet, Maxim 19-5170.
"""

from datetime import datetime, timedelta

from pumpbench.targets.sim.timeline import Timeline

ADDRESS = 0x68
REGISTERS = 0x13
STATUS, OSF = 0x0F, 0x80
_CONTROL_AT_POWER_UP, _STATUS_AT_POWER_UP = 0x1C, OSF | 0x08
_TWELVE, _PM = 0x40, 0x20
_NS_PER_S = 1_000_000_000


class BatteryClock:
    """Initially at 2000-01-01, with the flag that it has stopped.

    answers: False when it is missing, or its battery is empty. garbage: register -> the byte that
    is read there, whatever was written. takes: number of bytes of a transfer before the wire
    breaks.
    """

    def __init__(self) -> None:
        self.answers = True
        self.takes: int | None = None
        self.garbage: dict[int, int] = {}
        self.writes = 0  # number of write transfers
        self._world: Timeline | None = None
        self._zero = datetime(2000, 1, 1)  # the time at `_zero_ns` of the world
        self._zero_ns = 0
        self._is_twelve = False
        self._rest = bytearray(REGISTERS - 7)  # the registers after the time
        self._rest[0x0E - 7] = _CONTROL_AT_POWER_UP
        self._rest[STATUS - 7] = _STATUS_AT_POWER_UP

    @property
    def shown(self) -> datetime:
        """The time that it shows."""
        return self._zero + timedelta(microseconds=(self._now_ns() - self._zero_ns) // 1000)

    @property
    def has_stopped(self) -> bool:
        """The flag: its oscillator has stopped since the time was set."""
        return bool(self._rest[STATUS - 7] & OSF)

    def set(self, text: str) -> None:
        """Other software sets it, and clears the flag: `2026-03-01T07:30:00`."""
        self._show(datetime.fromisoformat(text))
        self._rest[STATUS - 7] &= ~OSF

    def stop(self) -> None:
        """Its battery was taken out: it has lost the time, and sets the flag."""
        self._show(datetime(2000, 1, 1))
        self._rest[STATUS - 7] |= OSF

    def count_twelve(self) -> None:
        """Other software sets it to 12-hour mode."""
        self._is_twelve = True

    def pass_by(self, seconds: float) -> None:
        """Let time pass while no board runs; below 0: it is set back."""
        self._show(self.shown + timedelta(seconds=seconds))

    def plug(self, world: Timeline) -> None:
        """Connect it to the bus of this board."""
        shown = self.shown
        self._world = world
        self._show(shown)

    def read(self, register: int, count: int) -> bytes:
        """The registers that a board reads; OSError without an answer."""
        self._need_answer()
        registers = self._time() + self._rest
        for at, value in self.garbage.items():
            registers[at] = value
        return bytes(registers[(register + n) % REGISTERS] for n in range(count))

    def write(self, register: int, data: bytes) -> None:
        """A board writes registers; OSError without an answer."""
        self._need_answer()
        self.writes += 1
        taken = data[: self.takes]
        registers = self._time() + self._rest
        for n, value in enumerate(taken):
            at = (register + n) % REGISTERS
            # The flag can be cleared, not set.
            registers[at] = value & (registers[at] | ~OSF & 0xFF) if at == STATUS else value
        self._rest[:] = registers[7:]
        if register < 7:
            self._set(registers)
        if taken != data:
            raise OSError(5, "EIO")

    def _need_answer(self) -> None:
        if not self.answers:
            raise OSError(5, "EIO")

    def _now_ns(self) -> int:
        return 0 if self._world is None else self._world.now_ns

    def _show(self, now: datetime) -> None:
        self._zero, self._zero_ns = now, self._now_ns()

    def _time(self) -> bytearray:
        now = self.shown
        hour = _bcd(now.hour)
        if self._is_twelve:
            hour = _TWELVE | (_PM if now.hour >= 12 else 0) | _bcd((now.hour - 1) % 12 + 1)
        fields = (now.second, now.minute, 0, now.isoweekday(), now.day, now.month, now.year % 100)
        registers = bytearray(_bcd(field) for field in fields)
        registers[2] = hour
        return registers

    def _set(self, registers: bytearray) -> None:
        """The first seven registers were written; an invalid time is a mistake of the test."""
        self._is_twelve = bool(registers[2] & _TWELVE)
        hour = _number(registers[2] & 0x3F)
        if self._is_twelve:
            hour = _number(registers[2] & 0x1F) % 12 + (12 if registers[2] & _PM else 0)
        second, minute, _, _, day, month, year = (_number(byte) for byte in registers[:7])
        self._show(datetime(2000 + year, month, day, hour, minute, second))


def _bcd(number: int) -> int:
    return number // 10 << 4 | number % 10


def _number(bcd: int) -> int:
    return (bcd >> 4) * 10 + (bcd & 15)
