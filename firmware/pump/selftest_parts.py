# SPDX-License-Identifier: MIT
"""The parts of the self-test, loaded while it runs.

A part is a function that yields (number of `faults`, whether it passed) for each item it tests.
"""

import binascii

from micropython import const

from pump import faults
from pump.hal.files import parts
from pump.records.event_codes import DAMAGED, STORE_LOST

_PATTERN_BYTES = const(1024)
_PATTERNS = (b"\x55", b"\xaa", b"\x00", b"\xff")
_STEPS = const(16)
_PART_BYTES = const(512)
_AT_ONCE = const(8)  # parts of a file, 4 kB
_EVENTS = const(8)  # events read at once
_MOST_GAPS = const(8)
_TO = const(" to ")


def quiet_loud_and_long(
    *, program, time_check, dispenser, settings, log, panel, watchdog, annunciator
):
    """(quiet parts, loud parts for power-up and on request, parts that take long).

    program: the module of the HAL about the program's files.
    """
    quiet = (
        files(Sums(program.SUMS, program.is_files, parts)),
        ram(),
        clocks(time_check),
        engine(dispenser),
        records(settings),
    )
    others = (faults.BUTTON_DOWN, panel.is_clear), (faults.WATCHDOG_OFF, watchdog.is_armed)
    return quiet, (things(*others), annunciator.test_outputs), (events(log, settings.lose_events),)


def files(sums):
    """The program's files against their checksums, `Sums`; yields nothing if it is frozen."""

    def part():
        for is_well in sums.check():
            yield faults.PROGRAM_DAMAGED, is_well

    return part


def ram(make=bytearray):
    """Bit patterns in a block of free memory."""

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
    """Steps with the driver off, counted by engine and witness; not during a delivery."""

    def part():
        if not dispenser.is_active():
            yield faults.ENGINE_WRONG, dispenser.test(_STEPS)

    return part


def records(settings):
    """Both copies of every record."""

    def part():
        for is_well in settings.verify():
            yield faults.RECORD_DAMAGED, is_well

    return part


def events(log, lose):
    """The events of the log. New unreadable ones are reported by lose(text), once.

    Earlier reports are in the log itself, after the events they are about.
    """

    def part():
        gaps, number = [], 0  # [first, last] of events that cannot be read
        while True:
            found = log.read(number, _EVENTS)
            if not found:
                break
            for seq, _, code, _, _, text in found:
                if code == DAMAGED:
                    _widen(gaps, seq)
                elif code == STORE_LOST:
                    gaps = [gap for gap in gaps if not _is_told(gap, text)]
            number = found[-1][0] + 1
            yield faults.RECORD_DAMAGED, True
        for first, last in gaps:
            lose("log %d%s%d" % (first, _TO, last))

    return part


def _widen(gaps, number):
    """Add a number to the gaps: to the last one if it is the next, or if there are many."""
    if gaps and (gaps[-1][1] == number - 1 or len(gaps) == _MOST_GAPS):
        gaps[-1][1] = number
    else:
        gaps.append([number, number])


def _is_told(gap, text):
    """Whether an event with this text has reported the gap."""
    ends = text[len("log ") :].split(_TO)
    return len(ends) == 2 and int(ends[0]) <= gap[0] and gap[1] <= int(ends[1])


def things(*number_and_tests):
    """(number, test()) of each pair: the buttons, the watchdog."""

    def part():
        for number, test in number_and_tests:
            yield number, test()

    return part


class Sums:
    """The checksums of the program's files: lines `<CRC-32 in hex> <path>` in the file `path`.

    exists(): whether the program is files. read(path, part): yields a file in parts, in that
    bytearray, or in its own; OSError where there is none.
    """

    def __init__(self, path, exists, read):
        self._path = path
        self._exists = exists
        self._read = read
        self._part = bytearray(_PART_BYTES)

    def check(self):
        """Yield whether each file is intact; True in between for a long one.

        Files without checksums are not intact.
        """
        if not self._exists():
            return
        count, rest = 0, b""
        try:
            for part in self._read(self._path):
                lines = (rest + part).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    if line:
                        count += 1
                        yield from self._verdicts(line.decode())
        except (OSError, ValueError):  # ValueError: not UTF-8
            count = 0
        if not count or rest:
            yield False

    def _verdicts(self, line):
        """Check a file; yields True in between, so that no task waits for all of it."""
        crc = count = 0
        try:
            for part in self._read(line[9:], self._part):
                crc = binascii.crc32(part, crc)
                count += 1
                if count % _AT_ONCE == 0:
                    yield True
        except OSError:
            yield False
            return
        yield "%08x" % crc == line[:8]
