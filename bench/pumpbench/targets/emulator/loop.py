# SPDX-License-Identifier: MIT
"""The loop that runs the emulated processor, up to a wanted instant: rp2040py's own, made faster.

Where `make setup` could compile them, `Loop` and `Sio` are those of `pumpbench_fast.pyx`, which do
the same in half the time. Otherwise: after every instruction rp2040py asks its simulator
whether it is to stop, and every PIO block whether it is to be stepped; together that takes two
fifths of the time. Here the first question is answered from a slot, and the second one is not
asked: the metronomes drive the blocks.
"""

from rp2040py.execute_batch import execute_batch

ONE_BY_ONE = 1  # instructions to a tick of the clock
CPUID = 0x000


class PatientLoop:
    """What `execute_batch` takes for its simulator: it uses `rp2040`, `clock` and `stopped`."""

    __slots__ = ("_end_alarm", "_pio", "_polled", "_polled_alarm", "clock", "rp2040", "stopped")

    def __init__(self, mcu):
        self.rp2040, self.clock = mcu, mcu.clock
        self.stopped = True
        self._pio, self._polled = mcu.pio, []
        self._end_alarm = self.clock.create_alarm(self._stop)
        self._polled_alarm = self.clock.create_alarm(self._poll_no_more)
        mcu.on_break = self._stop

    def run_to(self, end_ns: int) -> None:
        """At most one instruction more."""
        self._end_alarm.schedule(end_ns - self.clock.nanos)
        self.stopped = False
        while not self.stopped:
            # A batch looks up this list once, and goes through it after every instruction.
            self._polled = self.rp2040.pio = list(self._pio)
            self._polled_alarm.schedule(0)
            execute_batch(self, ONE_BY_ONE)  # pyright: ignore[reportArgumentType]

    def _poll_no_more(self) -> None:
        """After the first instruction: nothing is in that list, and everything in its place."""
        self._polled.clear()
        self.rp2040.pio = self._pio

    def _stop(self, _code: int = 0) -> None:
        self.stopped = True


class PatientSio:
    """Which core this is MicroPython asks all the time: always 0, after 19 comparisons."""

    def __init__(self, mcu):
        self._read = mcu.sio.read_uint32
        mcu.sio.read_uint32 = self.read_uint32

    def read_uint32(self, offset: int) -> int | float:
        """A register; the first one at once."""
        return 0 if offset == CPUID else self._read(offset)


try:
    from pumpbench_fast import Loop, Sio  # pyright: ignore[reportMissingImports]
except ImportError:
    Loop, Sio = PatientLoop, PatientSio
