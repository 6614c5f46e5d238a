# SPDX-License-Identifier: MIT
"""The lives of one pump on `sim`: what it wrote, and what is in the beaker, goes on after a reset.

A cut takes the power away at once. A bite is the watchdog's timer: Python hangs until it resets
the chip, while what was queued goes out. A warm reset is one by software.
"""

from types import SimpleNamespace

from host_tests.support.console.alarm_answers import shown
from host_tests.support.sessions.bench import main_with_task
from pumpbench.boards.catalog import load_board
from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.watchdog import BY_FORCE

# Holding the stop button is what makes the firmware hang here, where it would look at it.
WATCHED = main_with_task(
    """
button = hal.Input(board.PINS["stop_button"])
looks = dict(app.tasks)["panel"]

def hangs_or_looks(now_us):
    while button.is_active():
        machine.idle()
    return looks(now_us)

app.tasks = tuple((name, hangs_or_looks if name == "panel" else poll) for name, poll in app.tasks)

def extra(now_us):
    return now_us + 3_600_000_000
"""
)
BITE_S = 9
WDT_RESET = 3


class Lives:
    """clock: a `BatteryClock` that the board's data names as fitted, or None.

    start_nl: what was in the beaker when this life began.
    """

    def __init__(self, clock=None):
        self.clock = clock
        self._board = load_board("RPI_PICO")
        if clock is not None:
            self._board.HAS = ("ds3231",)
        self.start_nl = 0
        self._power_up()

    def run(self, seconds):
        self.target.run(seconds)

    def beaker_nl(self):
        """All that came out in all lives."""
        return self.start_nl + self.target.plant.beaker.volume_nl

    def interval_nl(self):
        """DELivery:INTerval? in nanolitres."""
        return tuple(round(float(ml) * 1e6) for ml in self.ask("DEL:INT?").split(","))

    def alarms(self):
        """Codes of what is there now, the most urgent first; [0]: nothing."""
        states = shown(self.ask("ALAR:ACT?"))
        return [code for code in states if states[code] != "LATCHED"] or [0]

    def events(self, code):
        """The texts of all events with that code, oldest first, with their names."""
        first, found = 1, []
        while (answer := self.ask(f"LOG:READ? {first},1")) != "NONE":
            fields = answer.split(",", 5)
            first = int(fields[0]) + 1
            found += [fields[5].strip('"')] if int(fields[4]) == code else []
        return found

    def cut(self, off_s=0.0):
        """No power for a while."""
        self.go_on(off_s)

    def bite(self, off_s=0.0):
        """The watchdog's timer resets the board; off_s: more than it takes, by a clock."""
        self.target.pin("stop_button").drive(0)
        self.run(BITE_S)
        assert self.target.was_reset_by_watchdog
        self.go_on(off_s, scratch=self.target.scratch, reset_cause=WDT_RESET)

    def reset(self):
        """A reset by software, at once."""
        self.go_on(scratch=self.target.scratch, reset_cause=WDT_RESET, reset_reason=BY_FORCE)

    def go_on(self, off_s=0.0, **options):
        """The next life, with what it wrote, or with another `flash`."""
        before = self.target
        self.start_nl += before.plant.beaker.volume_nl
        options.setdefault("flash", before.flash)
        before.close()
        if self.clock is not None:
            self.clock.pass_by(off_s)
        self._power_up(**options)

    def _power_up(self, **options):
        board = SimpleNamespace(**vars(self._board))
        self.target = SimTarget(board, main=WATCHED, battery_clock=self.clock, **options)
        pump = Pump(self.target)
        self.ask, self.tell = pump.ask, pump.tell
        self.run(1)
