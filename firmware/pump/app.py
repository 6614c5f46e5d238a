# SPDX-License-Identifier: MIT
"""The pump that runs: what begins, what ends and what goes down, in which order.

`assembly` makes it of its parts. Nothing here knows what the parts do.
"""

import gc

from pump.faults import RESET_LOOP, Refused
from pump.hal import program
from pump.infusion.orders import DISPENSER
from pump.records.event_codes import FAULT, TASK_LATE
from pump.unload import unload

_RUBBISH_BYTES = 16_384
# The queue is sure for 1.2 s; both copies of a record take 0.85 s of the slowest flash, and three
# erases a write for which LittleFS moves a table. A commit writes three records, and renews the
# lease before each copy: at typical flash that is a second.
_DEADLINES_US = {"console": 2_000_000, "memory": 1_400_000, DISPENSER: 1_000_000}


def assembled(board, hal):
    """The pump of a board: its data, and the module of its port."""
    from pump.assembly import Assembly

    parts = Assembly(board, hal).parts()
    unload("pump.assembly")
    return App(**parts)


class App:
    """tasks: (name, poll) each. may_resume: the regular therapy goes on, unless it is refused.

    folders: all that flash is written through; nothing here asks for them. The others are what
    their names say, see `assembly`.
    """

    def __init__(
        self,
        *,
        tasks,
        clock,
        supervisor,
        engine,
        dispenser,
        journal,
        settings,
        note,
        watchdog,
        annunciator,
        monitor,
        self_test,
        orders,
        errors,
        link,
        port,
        folders,
        may_resume,
    ):
        self.tasks = tasks
        self.clock = clock
        self.supervisor = supervisor
        self.engine, self.dispenser = engine, dispenser
        self.journal, self.settings = journal, settings
        self.note = note
        self.watchdog = watchdog
        self.annunciator, self.monitor = annunciator, monitor
        self.self_test = self_test
        self.orders = orders
        self.errors = errors
        self.link, self.port = link, port
        self.folders = folders
        self.may_resume = may_resume

    def run(self):
        """Run until `SYSTem:SERVice`; whatever ends it, the pump is stopped afterwards."""
        ways_down = (
            self.journal.stopping,  # alone ahead of the stop: a word is written, it cannot fail
            self.engine.stop,
            self.dispenser.halt,
            self.annunciator.alarm,
        )
        reports = self.errors.push, self._log_fault
        self.supervisor.install(self.tasks, ways_down, reports, self.watchdog.feed)
        self.supervisor.watch(_DEADLINES_US, self._note_late)
        gc.collect()  # what importing and building left behind
        self.watchdog.start()
        if self.watchdog.is_looping:
            self.supervisor.trip(RESET_LOOP, "the watchdog has bitten three times")
        self.monitor.look()  # where an alarm is about to sound, the self-test makes no tone
        if self.orders.self_test() == 0:
            program.confirm()
            if self.may_resume:
                self._resume(reports)
        self.monitor.look()
        gc.threshold(_RUBBISH_BYTES)  # little, so that what stays is not scattered amid rubbish
        try:
            self.supervisor.run()
            self.link.flush()
        finally:
            self.dispenser.halt()
            self.annunciator.close()
            self.settings.close()
            self.port.close()
        self.watchdog.stop()  # not where an error ends it: a reset brings the pump up again

    def _resume(self, reports):
        """The regular therapy goes on where the reset ended it, unless something is against it."""
        try:
            self.orders.resume()
        except Refused as refused:
            for report in reports:
                report(refused.code, refused.detail)

    def _note_late(self, name, late_ms):
        self.note(TASK_LATE, "%s %d ms" % (name, late_ms))

    def _log_fault(self, code, detail):
        self.note(FAULT, "%d %s" % (code, detail))
