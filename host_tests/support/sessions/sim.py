# SPDX-License-Identifier: MIT
"""A session at the console of a board on `sim`, in which the oracle is told all the pins show.

What is sent, answered and waited is noted for hypothesis: the script of a session that fails.
"""

from fractions import Fraction

from hypothesis import assume, note

from host_tests.support.oracle.pump import Oracle
from pumpbench.targets.sim import SimTarget

MARK = "1999.0"  # SYSTem:VERSion?: what is sent before it has been dealt with
OVERFLOW = -350
JOG_END_US = 300_000
COUNTED_US = Fraction(1, 10)  # from an edge until the step engine's counters show it


def trains(edges):
    """The recorder's edges as (first_us, period_us, count); it is empty afterwards."""
    if edges.count:
        t_ns = next(edges.times_ns())
        yield Fraction(t_ns, 1000), Fraction(0), 1
        for interval_ns, count in edges.intervals_ns():
            yield Fraction(t_ns + interval_ns, 1000), Fraction(interval_ns, 1000), count
            t_ns += interval_ns * count
    edges.clear()


class Session:
    """A board with a line to it, and the oracle that is told all the pins show."""

    def __init__(self):
        self.target = SimTarget(has_slow_flash=False)
        self.plant = self.target.plant
        self.oracle = Oracle()
        self.errors = []  # that the pump has yet to tell
        self.to_begin = []  # the pieces asked for: (), or a jog's (steps, thousandths rpm)
        self._may_stop = False
        self._switches = []  # of the driver: (us, is enabled)
        self._watch_enable()

    @property
    def now_us(self):
        return Fraction(self.target.now_ns, 1000)

    def wait(self, us):
        note(f"  wait {us} us")
        self.target.run(us / 1e6)

    def send(self, *lines):
        for line in lines:
            note(f"> {line if isinstance(line, str) else repr(line)}")
            data = line.encode() if isinstance(line, str) else line
            self._may_stop = self._may_stop or b"STOP" in data
            self.target.write(data + b"\n")

    def answers(self):
        """What came back for the lines sent before; they have all been dealt with."""
        self.target.write(b"SYST:VERS?\n")
        lines = []
        while (line := self.target.read_line()) != MARK:
            note(f"< {line}")
            lines.append(line)
        return lines

    def tell(self, line, error=None):
        """A line that answers nothing, with the error that it is to leave."""
        self.send(line)
        assert self.answers() == []
        self.refused(error)
        return error is None

    def refused(self, error):
        if error is not None and len(self.errors) == 16:
            self.errors[-1] = OVERFLOW
        elif error is not None:
            self.errors.append(error)

    def observe(self):
        """Hand the edges and the switching of the driver to the oracle, in order of time."""
        pieces = list(trains(self.plant.edges))
        for t_us, is_enabled in self._switches:
            pieces = self._feed(pieces, t_us)
            if is_enabled:
                self._begin(t_us)
            else:
                self._end(t_us)
        self._switches.clear()
        assert self._feed(pieces, self.now_us) == []
        assert not self.to_begin, "asked for, and not begun"
        self._may_stop = False
        self.oracle.check(self.now_us)

    def let_a_jog_end(self):
        """So that it does not end while a line is on its way."""
        self.observe()
        delivery = self.oracle.delivery
        if self.oracle.jog_mrpm and delivery.remaining_us(self.now_us) < JOG_END_US:
            self.wait(2 * JOG_END_US)
            self.observe()

    def _watch_enable(self):
        net = self.target.pin("enable")
        plant = net.hook

        def hook(level, t_ns, period_ns, count):
            self._switches.append((Fraction(t_ns, 1000), not level))
            plant(level, t_ns, period_ns, count)

        net.hook = hook

    def _feed(self, pieces, until_us):
        """Feed the edges up to an instant; returns the rest."""
        rest = []
        for first_us, period_us, count in pieces:
            some = 0
            if first_us <= until_us:
                some = min(count, (until_us - first_us) // period_us + 1) if period_us else count
                self.oracle.step(first_us, period_us, some)
            if some < count:
                rest.append((first_us + some * period_us, period_us, count - some))
        return rest

    def _begin(self, t_us):
        assert self.to_begin, "the driver was enabled and nobody had asked"
        jog = self.to_begin.pop(0)
        if jog:
            self.oracle.jog(t_us, *jog)
        else:
            self.oracle.treat(t_us)

    def _end(self, t_us):
        """By a stop, or because all steps of a jog are out."""
        delivery = self.oracle.delivery
        assert self._may_stop or delivery.is_complete()
        # On `sim` a stop takes no time: a step in its very instant counts with the next piece.
        assume(not delivery.steps or delivery.since_step_us(t_us) > COUNTED_US)
        self.oracle.release(t_us)
