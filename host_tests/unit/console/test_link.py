# SPDX-License-Identifier: MIT
"""The console's task takes a bounded piece of time, whatever the host sends."""

from host_tests.support.console.lines import tree_of
from pump.console.errors import ErrorQueue
from pump.console.link import Link
from pump.console.session import Session
from pump.console.status import Status

BYTE_US = 1_000  # what a chip needs for a byte of noise
LONG_US = 50_000
NOISE = b"\xff" * 3_000 + b"\n"


class Chip:
    """A port with noise in it, and a clock that goes on while bytes are taken.

    is_lossy: bytes are lost before the next read.
    """

    def __init__(self, data, rows=()):
        self.now = 0
        self._data = data
        self.is_lossy = False
        errors = ErrorQueue(Status())
        self.session = Session(tree_of(rows), errors, "THERapy:STOP")
        take = self.session.take

        def slow(byte):
            self.now += BYTE_US
            take(byte)

        self.session.take = slow
        self.link = Link(self, self.session, errors, self, lambda _now_us: None)
        self.errors = errors

    def now_us(self):
        return self.now

    def read_into(self, buffer):
        count = min(len(buffer), len(self._data))
        buffer[:count], self._data = self._data[:count], self._data[count:]
        return count

    def take_missed(self):
        was_lossy, self.is_lossy = self.is_lossy, False
        return was_lossy

    def come(self, data, *, is_lossy=False):
        self._data += data
        self.is_lossy = is_lossy
        while self.link.poll(self.now) is not None:
            pass

    def write(self, data):
        return len(data)


def test_noise_is_taken_in_parts_and_all_of_it():
    chip, polls = Chip(NOISE), 0
    while chip.link.poll(chip.now) is not None:
        polls += 1
        began_us = chip.now
        chip.link.poll(chip.now)
        assert chip.now - began_us <= LONG_US + 16 * BYTE_US
    assert polls * LONG_US >= len(NOISE) * BYTE_US / 3
    assert chip.now == len(NOISE) * BYTE_US
    assert chip.errors.count == 1


def orders():
    """What was done, and rows that do it."""
    done = []
    rows = [
        ("MOTor:JOG", lambda: done.append("jog")),
        ("THERapy:STOP", lambda: done.append("stop")),
    ]
    return done, rows


def test_lines_among_which_bytes_were_lost_are_dropped_and_told_up_to_the_next_line():
    done, rows = orders()
    chip = Chip(b"", rows)
    chip.come(b"MOT:J")
    assert done == []
    chip.come(b"OG\nMOT:JOG\nMOT:", is_lossy=True)  # the rest of other lines, maybe
    chip.come(b"JOG\n")
    assert (done, chip.errors.count) == ([], 1)
    assert chip.errors.pop().startswith("-363,")
    chip.come(b"MOT:JOG\n")
    assert done == ["jog"]


def test_a_stop_among_what_is_dropped_is_done_once():
    for head, rest in (
        (b"", b"x\nTHER:STOP\nMOT:J"),
        (b"THER:ST", b"OP\nfoo"),
        (b"THER:", b"STOP\n"),
    ):
        done, rows = orders()
        chip = Chip(b"", rows)
        chip.come(head)
        chip.come(rest, is_lossy=True)
        chip.come(b"\nMOT:JOG\n")
        assert done == ["stop", "jog"], (head, rest)
