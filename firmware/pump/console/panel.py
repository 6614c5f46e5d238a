# SPDX-License-Identifier: MIT
"""The panel's task: reads the buttons, and carries out their orders.

An edge wakes the board; then the line is read every 10 ms until the button is released and the
line quiet. Every other cycle reads it, too, so a lost interrupt costs a second at most.
"""

from pump.alarm.patterns import CLICK, REFUSED
from pump.console.buttons import Button
from pump.faults import Refused


class Key:
    """A button and its order. line: `is_active()`, `is_quiet()`, `take_edge()`, `ends_rest`.

    event: PRESSED or HELD, which triggers the order. order: called without arguments. name: for
    the log.
    """

    def __init__(self, line, event, order, name, now_us):
        self.line = line
        self.event = event
        self.order = order
        self.name = name
        self.button = Button(now_us)


class Panel:
    """signal(pattern): plays a tone.

    A refused order plays REFUSED; any other exception of an order goes on to the supervisor.
    """

    def __init__(self, clock, signal):
        self._clock = clock
        self._signal = signal
        self._after = _nobody
        self._keys = []

    def tell(self, after):
        """after(name): called after each order that was not refused."""
        self._after = after

    def add(self, line, event, order, name):
        """Add a button and its order; ignored for line None, which the board does not have."""
        if line is not None:
            self._keys.append(Key(line, event, order, name, self._clock.now_us()))

    def poll(self, _now_us):
        """Read every button. Returns when it is due next; None: at every wake."""
        due_us = None
        for key in self._keys:
            if key.line.is_quiet():
                continue
            has_edge = key.line.take_edge()  # the level is read after the line is armed again
            is_active, now_us = key.line.is_active(), self._clock.now_us()
            if key.button.look(is_active, has_edge, now_us) == key.event:
                self._give(key)
            is_settled = key.button.is_settled(now_us)
            key.line.ends_rest = is_settled
            if not is_settled:
                next_us = key.button.next_us(now_us)
                due_us = next_us if due_us is None else min(due_us, next_us)
        return due_us

    def is_stuck(self):
        """Whether a button is stuck."""
        return any(key.button.is_stuck for key in self._keys)

    def is_clear(self):
        """Whether no button is down."""
        return not any(key.line.is_active() for key in self._keys)

    def _give(self, key):
        try:
            key.order()
        except Refused:
            self._signal(REFUSED)
            return
        self._after(key.name)
        self._signal(CLICK)


def _nobody(_name):
    pass
