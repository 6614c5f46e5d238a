# SPDX-License-Identifier: MIT
"""The consequences of an order: the delivery continues, and alarms, flash and status are updated.

The console and the panel call it after each order that was carried out. For several commands in a
row the updates are made once.
"""

from pump.lock import has_pin
from pump.records.event_codes import COMMAND

# Subsystems whose commands change only the answers to a host, or the staged copy.
_UNRECORDED = ("*CL", "*ES", "*OP", "*RS", "*SR", "*WA", "STA", "PRE")
_COMMIT = "PRES:COMM"  # logged by the store
_SETUP = ("RES", "MOT", "SYS", "ALA")  # subsystems whose change is in flash before the answer
SILENCE = "SILENCE"  # the button to which that applies, too


class Consequences:
    """For the collaborators see `assembly`."""

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

        A query changes nothing. The updates for other commands are made by `settle`.
        """
        if header.endswith("?"):
            return
        self._supervisor.go_round()
        if header[:3] not in _UNRECORDED:
            shown = "" if has_pin(header) else ",".join(arguments)
            self._note(COMMAND, (header + " " + shown).rstrip())
            self._settings.watch()  # so that a change undone before `settle` is logged, too
            self._settings.make_room()
            self._is_due = True
            self._is_setup = self._is_setup or header[:3] in _SETUP
        elif header.startswith(_COMMIT):
            self._monitor.look()
        self._conditions.refresh()

    def settle(self):
        """Make the updates for all commands since the last call, once.

        Called before a query is run, before an answer goes out, and at the end of a cycle.
        """
        if self._is_due:
            is_setup, self._is_due, self._is_setup = self._is_setup, False, False
            self._bring_about(is_setup)

    def of_button(self, name):
        """The order of a button was carried out: log it, and make the updates at once."""
        self._note(COMMAND, "BUTTON " + name)
        self._bring_about(name == SILENCE)

    def _bring_about(self, is_setup):
        """Renew the lease, and bring the changes to the alarms and to flash."""
        self._dispenser.renew(0)
        self._reservoir_guard.poll(0)
        self._monitor.look()
        self._annunciator.poll()  # an alarm sounds before flash is written
        self._settings.watch()
        if not self._dispenser.is_active():
            self._settings.settle()  # record that nothing is under way any more
        if is_setup:
            self._settings.sync()
        self._monitor.look()  # whether the write has failed
        self._settings.watch()
        self._conditions.refresh()
