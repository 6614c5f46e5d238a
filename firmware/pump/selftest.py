# SPDX-License-Identifier: MIT
"""The self-test: what the pump relies on, part by part, before anything moves and every hour.

A part that fails is named by a number. The program, the memory, the clocks and the step engine are
faults: nothing moves. A record, a button, the buzzer, a lamp and the watchdog are an alarm.
"""

import binascii

from micropython import const

from pump import faults

_HOUR_US = 3_600_000_000
_SOON_US = const(20_000)  # between two parts of an hourly test
_PART = const(512)
_PATTERN_BYTES = const(1024)
_PATTERNS = (b"\x55", b"\xaa", b"\x00", b"\xff")
_STEPS = const(16)
_FAULTS = (
    faults.PROGRAM_DAMAGED,
    faults.MEMORY_BAD,
    faults.CLOCKS_DISAGREE,
    faults.ENGINE_WRONG,
)


class SelfTest:
    """parts: functions that yield (number of `faults`, whether it is well) of each thing tested.

    quiet: those that disturb nothing, loud: those for power-up, and for a human who asks. What a
    loud part does not test this time is as it was the last time.
    clock: `now_us()`. trip(number): the one way down. note(number): an event.
    """

    def __init__(self, quiet, loud, clock, trip, note):
        self._quiet, self._loud = quiet, loud
        self._clock = clock
        self._trip, self._note = trip, note
        self._quietly = 0  # number of the first quiet part that failed the last time
        self._loudly: list = []  # numbers of the loud ones that did
        self._found = 0  # by the hourly test that is under way
        self._parts = None  # left of it

    def run(self):
        """Test everything, now. Returns the number of the first part that failed, or 0."""
        before, self._parts = self.failed(), None
        tested = tuple(self._each(self._loud))
        numbers = [number for number, _ in tested]
        left = [number for number in self._loudly if number not in numbers]
        self._loudly = [number for number, is_well in tested if not is_well] + left
        self._take(_first(self._each(self._quiet)), before)
        return self.failed()

    def failed(self):
        """The number of the first part that failed the last time; 0: none."""
        return self._quietly or (self._loudly[0] if self._loudly else 0)

    def is_alarming(self):
        """Whether a part failed with which the pump can go on."""
        return self.failed() != 0 and self._quietly not in _FAULTS

    def poll(self, now_us):
        """Test what disturbs nothing, one thing at a time, an hour after the last time."""
        if self._parts is None:
            self._parts, self._found = self._each(self._quiet), 0
            return now_us + _HOUR_US
        for number, is_well in self._parts:
            if not is_well:
                self._found = self._found or number
            return self._clock.now_us() + _SOON_US
        self._parts = None
        self._take(self._found, self.failed())
        return now_us

    def _each(self, parts):
        for part in parts:
            yield from part()

    def _take(self, found, before):
        """The quiet parts are through; what is found for the first time is told."""
        self._quietly = found
        failed = self.failed()
        if failed in _FAULTS:
            self._trip(failed)
        elif failed and failed != before:
            self._note(failed)


def _first(tested):
    """The number of the first part that failed; all are tested."""
    found = 0
    for number, is_well in tested:
        if not is_well:
            found = found or number
    return found


def program(sums):
    """The files of the program against their sums, `Sums`; nothing where it is no files."""

    def part():
        for is_well in sums.check():
            yield faults.PROGRAM_DAMAGED, is_well

    return part


def memory(make=bytearray):
    """A pattern in memory that nobody has."""

    def part():
        block = make(_PATTERN_BYTES)
        is_well = True
        for pattern in _PATTERNS:
            expected = pattern * _PATTERN_BYTES
            block[:] = expected
            is_well = is_well and block == expected
        yield faults.MEMORY_BAD, is_well

    return part


def clocks(time_check):
    """The clock against the stopwatch."""

    def part():
        yield faults.CLOCKS_DISAGREE, time_check.test()

    return part


def engine(dispenser):
    """Steps into a driver that is off, counted by engine and witness; not while it delivers."""

    def part():
        if not dispenser.is_active():
            yield faults.ENGINE_WRONG, dispenser.test(_STEPS)

    return part


def records(memory_of_pump):
    """Both copies of every record."""

    def part():
        for is_well in memory_of_pump.verify():
            yield faults.RECORD_DAMAGED, is_well

    return part


def things(*number_and_tests):
    """(number, test()) each: the buttons, the watchdog."""

    def part():
        for number, test in number_and_tests:
            yield number, test()

    return part


class Sums:
    """The sums of the program's files: lines `<CRC-32 in hex> <path>` of the file `<path>`.

    read(path): the parts of a file, one after the other; OSError where there is none.
    """

    def __init__(self, path, exists, read):
        self._path = path
        self._exists = exists
        self._read = read

    def check(self):
        """Yield whether each file is whole. A program in files without sums is not."""
        if not self._exists():
            return
        text = self._text()
        if not text.strip():
            yield False
        for line in text.split("\n"):
            if line:
                yield self._is_whole(line)

    def _text(self):
        """All lines; "" where there are none, or none that can be read."""
        text = b""
        try:
            for part in self._read(self._path):
                text += part
            return text.decode()
        except (OSError, ValueError):  # ValueError: it is no UTF-8 any more
            return ""

    def _is_whole(self, line):
        crc = 0
        try:
            for part in self._read(line[9:]):
                crc = binascii.crc32(part, crc)
        except OSError:
            return False
        return "%08x" % crc == line[:8]
