# SPDX-License-Identifier: MIT
"""Event logs in memory: made, read, and held to the rule that numbers only go up."""

import binascii
import struct

from host_tests.support.flash.files import MemoryFiles
from pump.records.event_codes import DAMAGED, STARTED, STOPPED
from pump.records.event_log import EventLog

BOOT = 7
BYTES = 64
EVERY = 10_000
UNUSED = b"\n"  # what is in a file that has never been begun


def record(seq, text=b""):
    """A record whose checksum is right, whatever is in it."""
    head = struct.pack("<IHHQI40s", seq, BOOT, STARTED, 1, 2, text)
    return head + struct.pack("<I", binascii.crc32(head))


def file_of(first, count):
    """A file of good records."""
    return b"".join(record(first + place) for place in range(count))


def alone(content):
    """Flash in which one log file has been begun."""
    return MemoryFiles({"log.0": content, "log.1": UNUSED})


def logged(*batches, files=None):
    """Flash in which batches of so many events were flushed."""
    files = MemoryFiles() if files is None else files
    log = EventLog(files, BOOT)
    for batch in batches:
        for _ in range(batch):
            log.add(STARTED, 5_000_000, 9)
        log.flush()
    return files


def numbers(log):
    """The numbers of all events."""
    return [event[0] for event in log.read(0, EVERY)]


def good_numbers(log):
    """The numbers of all events that can be read."""
    return [event[0] for event in log.read(0, EVERY) if event[2] != DAMAGED]


def next_number(files):
    """The number that a new boot gives; what it logs must be read by yet another one."""
    log = EventLog(files, BOOT)
    log.add(STOPPED, 1, 0, "next")
    number = log.read(0, EVERY)[-1][0]
    log.flush()
    again = EventLog(files, BOOT)
    assert again.read(number, 9) == [(number, BOOT, STOPPED, 0, 0, "next")]
    assert numbers(again) == sorted(set(numbers(again)))
    return number
