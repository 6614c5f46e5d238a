# SPDX-License-Identifier: MIT
"""Random lines at random times, and commands that take long: each STOP is done, once, in time.

What comes of it is what the lines say in their order: a start behind the last STOP runs.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.console.lines import tree_of
from pump.console.errors import ErrorQueue
from pump.console.link import Link
from pump.console.session import Session
from pump.console.status import Status

LONGEST_US = 200_000  # of a command
ROOM = 320  # bytes that a link reads ahead
SLICE_US = 50_000  # what is begun within it is run before a link looks ahead


class Pump:
    """A clock, a serial line and a few commands; nothing but commands takes time."""

    def __init__(self, arrivals, takes_us):
        self.now = 0
        self._arrivals = arrivals  # (when, bytes)
        self._takes_us = takes_us
        self._input = bytearray()
        self.answers = 0
        self.is_running = False
        self.stops_us = []
        status = Status()
        errors = ErrorQueue(status)
        rows = (
            ("THERapy:STARt", self._start),
            ("THERapy:STOP", self._stop),
            ("STATe?", self._state),
        )
        session = Session(tree_of(rows), errors, "THERapy:STOP")
        self._link = Link(self, session, errors, self, lambda now_us: None)

    def now_us(self):
        return self.now

    def _pass(self):
        self.now += self._takes_us

    def _start(self):
        self._pass()
        self.is_running = True

    def _stop(self):
        self.stops_us.append(self.now)
        self.is_running = False

    def _state(self):
        self._pass()
        return "1"

    def read_into(self, buffer):
        while self._arrivals and self._arrivals[0][0] <= self.now:
            self._input += self._arrivals.pop(0)[1]
        count = min(len(buffer), len(self._input))
        buffer[:count] = self._input[:count]
        del self._input[:count]
        return count

    def take_missed(self):
        return False

    def write(self, data):
        self.answers += bytes(data).count(b"1")
        return len(data)

    def live(self):
        """Until everything has come and was done."""
        while True:
            due_us = self._link.poll(self.now)
            if due_us is None and not self._arrivals and not self._input:
                return
            self.now += 1_000


STOPS = (
    "THER:STOP",
    "THER:STOP;",
    "therapy:stop",
    "FOO;:THER:STOP",
    "THER:STOP 1",
    "\x00THER:STOP",
)
OTHERS = ("THER:STAR", "STAT?", ";".join(["STAT?"] * 9), "STAT?;:THER:STAR;:STAT?", "FOO", "")
MIXED = ("THER:STOP;:THER:STAR", "THER:STAR;:THER:STOP", "STAT? 'THER:STOP;'", "THER:STOP;:FOO")
LINE = st.sampled_from(STOPS + OTHERS + MIXED)
GAPS_US = st.sampled_from([0, 0, 1_000, 70_000, 400_000])


def said(line):
    """(arrivals of a STOP, what is said last: start, stop or None, queries) of a line."""
    if "'" in line:
        return 0, None, 0  # an error, and what stands in its string is text
    last = None
    for part in line.upper().split(";"):
        if part.endswith(("STOP", "STOP 1")):
            last = False
        elif part.endswith("STAR"):
            last = True
    return line.upper().count("STOP"), last, line.count("STAT?")


@pytest.mark.slow
@given(st.lists(st.tuples(LINE, GAPS_US), max_size=12), st.integers(1_000, LONGEST_US))
def test_each_stop_is_done_once_in_time_and_the_last_word_counts(lines, takes_us):
    arrivals, sent_us, at_us, will_run, queries = [], [], 0, False, 0
    for line, gap_us in lines:
        at_us += gap_us
        arrivals.append((at_us, line.encode("latin-1") + b"\n"))
        stops, last, asked = said(line)
        sent_us += [at_us] * stops
        will_run = will_run if last is None else last
        queries += asked
    pump = Pump(arrivals, takes_us)
    pump.live()
    assert len(pump.stops_us) <= len(sent_us)  # one is enough for two that wait
    assert pump.is_running == will_run
    assert pump.answers == queries
    if sum(len(data) for _, data in arrivals) <= ROOM:
        for sent in sent_us:
            late_us = min(done - sent for done in pump.stops_us if done >= sent)
            assert late_us <= SLICE_US + 2 * takes_us + 5_000
