# SPDX-License-Identifier: MIT
"""The console's task takes a bounded piece of time, whatever the host sends."""

from host_tests.console_lines import tree_of
from pump.console.errors import ErrorQueue
from pump.console.link import Link
from pump.console.session import Session
from pump.console.status import Status

BYTE_US = 1_000  # what a chip needs for a byte of noise
LONG_US = 50_000
NOISE = b"\xff" * 3_000 + b"\n"


class Chip:
    """A port with noise in it, and a clock that goes on while bytes are taken."""

    def __init__(self, data):
        self.now = 0
        self._data = data
        errors = ErrorQueue(Status())
        self.session = Session(tree_of([]), errors, "THERapy:STOP")
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
