# SPDX-License-Identifier: MIT
"""What comes of an order: what runs goes on, and alarms, flash and status know before the answer.

The console and the panel call it after each order that was carried out.
"""

from pump.lock import has_pin
from pump.records.event_codes import COMMAND

# Subsystems whose commands change nothing of the pump: how a host is answered, what is staged.
_UNRECORDED = ("*CL", "*ES", "*OP", "*RS", "*SR", "*WA", "STA", "PRE")
_COMMIT = "PRES:COMM"  # which the store makes an event of
_SETUP = ("RES", "MOT", "SYS", "ALA")  # and those whose change is in flash before the answer
SILENCE = "SILENCE"  # the button whose change is, too


class Consequences:
    """The collaborators are what their names say, see `assembly`."""

    def __init__(
        self,
        *,
        supervisor,
        dispenser,
        supply,
        settings,
        note,
        monitor,
        annunciator,
        conditions,
    ):
        self._supervisor = supervisor
        self._dispenser, self._supply = dispenser, supply
        self._settings, self._note = settings, note
        self._monitor, self._annunciator = monitor, annunciator
        self._conditions = conditions

    def follow(self, header, arguments):
        """A command was carried out. header: from the root, in upper case.

        A query has changed nothing, and the console begins none that is long after another one.
        """
        if header.endswith("?"):
            return
        self._supervisor.go_round()
        self._go_on()
        if header[:3] not in _UNRECORDED:
            shown = "" if has_pin(header) else ",".join(arguments)
            text = (header + " " + shown).rstrip()
            self._record(text, header[:3] in _SETUP)
        elif header.startswith(_COMMIT):
            self._monitor.look()
        self._conditions.refresh()

    def of_button(self, name):
        """What a button orders was carried out."""
        self._go_on()
        self._record("BUTTON " + name, name == SILENCE)
        self._conditions.refresh()

    def _go_on(self):
        """What runs goes on however long orders take."""
        self._dispenser.renew(0)  # a line of many commands must not outlast the lease
        self._supply.poll(0)

    def _record(self, text, is_setup):
        """Bring what an order has changed to the alarms and to flash."""
        self._note(COMMAND, text)
        self._monitor.look()
        self._annunciator.poll()  # it sounds before flash is written
        self._settings.watch()  # what begins and ends in one message is told, too
        if not self._dispenser.is_active():
            self._settings.settle()  # what is stopped is not under way any more
        if is_setup:
            self._settings.sync()
        self._monitor.look()  # whether flash has taken it
        self._settings.watch()
