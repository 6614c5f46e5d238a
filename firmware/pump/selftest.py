# SPDX-License-Identifier: MIT
"""The self-test: tests the parts that the pump relies on, before anything moves and every hour.

The log, which takes long, is tested a minute after power-up, and each day. A part that fails has a
number. Failures of the program, the memory, the clocks and the step engine are faults: nothing
moves. Those of a record, a button, the buzzer, a lamp and the watchdog are an alarm.
"""

from micropython import const

from pump import faults
from pump.records.event_codes import SELF_TEST_FAILED
from pump.unload import unload

_PARTS = const("pump.selftest_parts")
_HOUR_US = 3_600_000_000
_A_DAY = const(24)
_LATER_US = const(60_000_000)  # after power-up, and after a MemoryError
_SOON_US = const(20_000)  # between two parts of an hourly test
_FAULTS = (
    faults.PROGRAM_DAMAGED,
    faults.MEMORY_BAD,
    faults.CLOCKS_DISAGREE,
    faults.ENGINE_WRONG,
)


class SelfTest:
    """clock: `now_us()`. trip(number): stops the pump. note(code, text): logs an event.

    tested: the objects under test, by name, see `selftest_parts`. A loud part keeps its last
    result if a test skips it.
    """

    def __init__(self, clock, trip, note, **tested):
        self._clock = clock
        self._trip, self._note = trip, note
        self._tested = tested
        self._quietly = 0  # number of the first quiet part that failed in its last test
        self._loudly: list = []  # numbers of the loud parts that failed in their last test
        self._found = 0  # result of the hourly test under way
        self._parts = None  # items left of it
        self._hours = 0  # number of hourly tests; the first one does the long parts only
        self._due_us: "int | None" = None  # of the next hourly test; None: not polled yet

    def run(self):
        """Test all but the long parts, now. Returns the number of the first failed part, or 0."""
        before, self._parts = self.failed(), None
        quiet, loud, _ = self._load()
        tested = tuple(_each(loud))
        numbers = [number for number, _ in tested]
        left = [number for number in self._loudly if number not in numbers]
        self._loudly = [number for number, is_well in tested if not is_well] + left
        self._take(_first(_each(quiet)), before)
        unload(_PARTS)
        return self.failed()

    def failed(self):
        """The number of the first part that failed in its last test; 0: none."""
        return self._quietly or (self._loudly[0] if self._loudly else 0)

    def is_alarming(self):
        """Whether a part has failed that is not a fault."""
        return self.failed() != 0 and self._quietly not in _FAULTS

    def poll(self, now_us):
        """Test the quiet parts, item by item, an hour after the last time. Returns when due."""
        if self._due_us is None:
            self._due_us = now_us + _LATER_US
        if now_us < self._due_us:
            return self._due_us
        try:
            if self._go_on():
                return self._clock.now_us() + _SOON_US
        except MemoryError:  # there is an alarm for low memory; the delivery goes on
            self._parts, self._due_us = None, now_us + _LATER_US
            unload(_PARTS)
            return self._due_us
        self._parts, self._hours = None, self._hours + 1
        unload(_PARTS)
        self._take(self._found, self.failed())
        self._due_us = now_us + _HOUR_US
        return self._due_us

    def _load(self):
        from pump.selftest_parts import quiet_loud_and_long

        return quiet_loud_and_long(**self._tested)

    def _go_on(self):
        """Test one item of the hourly test; False when it is complete."""
        if self._parts is None:
            quiet, _, long = self._load()
            if not self._hours:
                self._parts, self._found = _each(long), self._quietly
            else:
                is_due = self._hours % _A_DAY == 0
                self._parts, self._found = _each(quiet + long if is_due else quiet), 0
        for number, is_well in self._parts:
            if not is_well:
                self._found = self._found or number
            return True
        return False

    def _take(self, found, before):
        """The quiet parts are complete, with result `found`: trip, or log a new failure."""
        self._quietly = found
        failed = self.failed()
        if failed in _FAULTS:
            self._trip(failed)
        elif failed and failed != before:
            self._note(SELF_TEST_FAILED, "%d %s" % (failed, faults.name_in(faults.NAMES, failed)))


def _each(parts):
    for part in parts:
        yield from part()


def _first(tested):
    """The number of the first part that failed, or 0; all are tested."""
    found = 0
    for number, is_well in tested:
        if not is_well:
            found = found or number
    return found
