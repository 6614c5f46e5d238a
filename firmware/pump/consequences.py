# SPDX-License-Identifier: MIT
"""What comes of an order: what runs goes on, and alarms, flash and status know before the answer.

The console and the panel call it after each order that was carried out. A host that sends many at
once has them written together.
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
        reservoir_guard,
        settings,
        note,
        monitor,
        annunciator,
        conditions,
    ):
        self._supervisor = supervisor
        self._dispenser, self._reservoir_guard = dispenser, reservoir_guard
        self._settings, self._note = settings, note
        self._monitor, self._annunciator = monitor, annunciator
        self._conditions = conditions
        self._is_due = self._is_setup = False

    def follow(self, header, arguments):
        """A command was carried out. header: from the root, in upper case.

        A query has changed nothing. What comes of the others is brought about by `settle`.
        """
        if header.endswith("?"):
            return
        self._supervisor.go_round()
        if header[:3] not in _UNRECORDED:
            shown = "" if has_pin(header) else ",".join(arguments)
            self._note(COMMAND, (header + " " + shown).rstrip())
            self._settings.watch()  # what begins and ends before `settle` is told, too
            self._settings.make_room()
            self._is_due = True
            self._is_setup = self._is_setup or header[:3] in _SETUP
        elif header.startswith(_COMMIT):
            self._monitor.look()
        self._conditions.refresh()

    def settle(self):
        """Bring about what comes of the commands since the last call, once for all of them.

        Before a query is run, before an answer goes out, and at the end of a cycle.
        """
        if self._is_due:
            is_setup, self._is_due, self._is_setup = self._is_setup, False, False
            self._bring_about(is_setup)

    def of_button(self, name):
        """What a button orders was carried out."""
        self._note(COMMAND, "BUTTON " + name)
        self._bring_about(name == SILENCE)

    def _bring_about(self, is_setup):
        """What runs goes on; bring what orders have changed to the alarms and to flash."""
        self._dispenser.renew(0)
        self._reservoir_guard.poll(0)
        self._monitor.look()
        self._annunciator.poll()  # it sounds before flash is written
        self._settings.watch()
        if not self._dispenser.is_active():
            self._settings.settle()  # what is stopped is not under way any more
        if is_setup:
            self._settings.sync()
        self._monitor.look()  # whether flash has taken it
        self._settings.watch()
        self._conditions.refresh()
