# SPDX-License-Identifier: MIT
"""The loop that runs the emulated processor up to a given instant: rp2040py's own, made faster.

If `make setup` could compile them, `Loop` and `Sio` are those of `pumpbench_fast.pyx`, which do
the same in half the time. Otherwise: after every instruction rp2040py asks its simulator whether
to stop, and every PIO block whether to step; together that takes two fifths of the time. Here the
former is answered from a slot, and the latter is not asked: the metronomes drive the blocks.
"""

from rp2040py.execute_batch import execute_batch

ONE_BY_ONE = 1  # instructions to a tick of the clock
CPUID = 0x000


class PatientLoop:
    """The simulator passed to `execute_batch`, which uses `rp2040`, `clock` and `stopped`."""

    __slots__ = ("_end_alarm", "_pio", "_polled", "_polled_alarm", "clock", "rp2040", "stopped")

    def __init__(self, mcu):
        self.rp2040, self.clock = mcu, mcu.clock
        self.stopped = True
        self._pio, self._polled = mcu.pio, []
        self._end_alarm = self.clock.create_alarm(self._stop)
        self._polled_alarm = self.clock.create_alarm(self._poll_no_more)
        mcu.on_break = self._stop

    def run_to(self, end_ns: int) -> None:
        """Run to `end_ns`; at most one instruction more."""
        self._end_alarm.schedule(end_ns - self.clock.nanos)
        self.stopped = False
        while not self.stopped:
            # A batch looks up this list once, and goes through it after every instruction.
            self._polled = self.rp2040.pio = list(self._pio)
            self._polled_alarm.schedule(0)
            execute_batch(self, ONE_BY_ONE)  # pyright: ignore[reportArgumentType]

    def _poll_no_more(self) -> None:
        """After the first instruction: empty the list of PIO blocks to poll."""
        self._polled.clear()
        self.rp2040.pio = self._pio

    def _stop(self, _code: int = 0) -> None:
        self.stopped = True


class PatientSio:
    """The registers of SIO; fast for CPUID, which MicroPython reads all the time: always 0."""

    def __init__(self, mcu):
        self._read = mcu.sio.read_uint32
        mcu.sio.read_uint32 = self.read_uint32

    def read_uint32(self, offset: int) -> int | float:
        """Read a register; CPUID without further tests."""
        return 0 if offset == CPUID else self._read(offset)


try:
    from pumpbench_fast import Loop, Sio  # pyright: ignore[reportMissingImports]
except ImportError:
    Loop, Sio = PatientLoop, PatientSio
