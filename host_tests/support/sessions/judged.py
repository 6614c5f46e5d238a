# SPDX-License-Identifier: MIT
"""A session at the console of a board on `sim`; the therapy's course is told all edges.

What is sent, answered and waited is said: the script of a session that fails.
"""

import csv
from fractions import Fraction

from hypothesis import assume

from host_tests.support.flash.failing import Flash
from host_tests.support.oracle.course import Course
from host_tests.support.oracle.pump import Span
from host_tests.support.sessions.sim import COUNTED_US, MARK, trains
from pumpbench.targets.sim import SimTarget


def fields(answer):
    """An answer's parameters; strings keep what commas they hold."""
    return next(csv.reader([answer])) if answer else []


class Session:
    """A board, a line to it, and the course that everything on its step pin must follow."""

    def __init__(self, say):
        self._say = say  # hypothesis.note, or print
        self.target = SimTarget(has_slow_flash=False)
        self.plant = self.target.plant
        self.course = Course()
        self.asked = Span(Fraction(0), Fraction(0))  # when the last line was dealt with
        self.flash = Flash()
        self.model = None  # announces to the course what begins, proceeds to what is over
        self.refused = []
        self._released_us = []
        self._watch_enable()

    @property
    def now_us(self):
        return Fraction(self.target.now_ns, 1000)

    def wait(self, us):
        self._say(f"  wait {float(us):.0f} us")
        self.target.run(float(us) / 1e6)

    def send(self, *lines):
        for line in lines:
            self._say(f"> {line}")
            self.target.write(line.encode() + b"\n")

    def answers(self):
        """What came back for the lines sent before; they have all been dealt with."""
        self.target.write(b"SYST:VERS?\n")
        lines = []
        while (line := self.target.read_line()) != MARK:
            self._say(f"< {line}")
            lines.append(line)
        return lines

    def ask(self, line):
        self.send(line)
        (answer,) = self.answers()
        return answer

    def errors(self):
        """All that waits in the queue, oldest first."""
        found = []
        while not (answer := self.ask_quietly("SYST:ERR?")).startswith("0,"):
            self._say(f"! {answer}")
            found.append(int(answer.split(",")[0]))
        return found

    def ask_quietly(self, line):
        self.target.write(line.encode() + b"\n")
        return self.target.read_line()

    def tell(self, *lines):
        """Lines that answer nothing; returns the errors they left."""
        self.observe()
        begin_us = self.now_us
        self.send(*lines)
        assert self.answers() == []
        self.asked = Span(begin_us, self.now_us)
        return self.errors()

    def order(self, line):
        """The same of one line, while flash fails where it is to."""
        with self.flash.order():
            self.observe()
            begin_us = self.now_us
            self.send(line)
            assert self.answers() == []
            self.asked = Span(begin_us, self.now_us)
        return self.errors()

    def tell_and_see(self, command):
        """A command that is always obeyed; returns the kind of dose it met. `refused`: errors."""
        self.observe()
        begin_us = self.now_us
        with self.flash.order():
            self.send(f"BOL:STAT?;:{command}")
            (answer,) = self.answers()
        self.asked = Span(begin_us, self.now_us)
        self.refused = self.errors()
        return answer.split(",")[0]

    def released_us(self):
        """When the driver was released since the last line was sent, or None."""
        times = [t_us for t_us in self._released_us if t_us >= self.asked.low]
        return times[-1] if times else None

    def read_edges(self):
        """Hand the edges to the course."""
        self.model.announce(self.now_us)
        for train in trains(self.plant.edges):
            self.course.step(*train)
            self.model.came(*train)

    def observe(self):
        """The same; and none is missing."""
        self.read_edges()
        self.course.check(self.now_us)
        self.model.proceed(self.now_us)

    def no_step_in_the_instant(self, t_us):
        """On `sim` a stop takes no time: a step in its very instant counts with what follows."""
        last_ns = self.plant.edges.last_ns
        if last_ns is not None and abs(t_us - Fraction(last_ns, 1000)) <= COUNTED_US:
            assume(False)

    def _watch_enable(self):
        net = self.target.pin("enable")
        plant = net.hook

        def hook(level, t_ns, period_ns, count):
            if level:
                self._released_us.append(Fraction(t_ns, 1000))
            plant(level, t_ns, period_ns, count)

        net.hook = hook
