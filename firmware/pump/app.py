# SPDX-License-Identifier: MIT
"""The running pump: the order of start, end and trip.

`assembly` builds it from its parts. It knows nothing of their functions.
"""

import gc

from pump.faults import RESET_LOOP, Refused
from pump.hal import program
from pump.infusion.orders import DISPENSER
from pump.records.event_codes import FAULT, TASK_LATE
from pump.unload import unload

_RUBBISH_BYTES = 16_384
# The queue lasts 1.2 s at least; both copies of a record take 0.85 s on the slowest flash, a write
# for which LittleFS moves a table three erases. A commit writes three records, renewing the lease
# before each copy: with typical flash that is a second.
_DEADLINES_US = {"console": 2_000_000, "memory": 1_400_000, DISPENSER: 1_000_000}


def assembled(board, hal):
    """The `App` of a board. board: its data. hal: the module of its port."""
    from pump.assembly import Assembly

    parts = Assembly(board, hal).parts()
    unload("pump.assembly")
    return App(**parts)


class App:
    """tasks: (name, poll) each. may_resume: resume the regular therapy, unless it is refused.

    folders: the `Files` of all flash writes; not used here. For the others see `assembly`.
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
        """Run until `SYSTem:SERVice`; on any end, also by an exception, the pump is stopped."""
        ways_down = (
            self.journal.stopping,  # before the stop, as it writes only a word and cannot fail
            self.engine.stop,
            self.dispenser.halt,
            self.annunciator.alarm,
        )
        reports = self.errors.push, self._log_fault
        self.supervisor.install(self.tasks, ways_down, reports, self.watchdog.feed)
        self.supervisor.watch(_DEADLINES_US, self._note_late)
        gc.collect()  # garbage of importing and building
        self.watchdog.start()
        if self.watchdog.is_looping:
            self.supervisor.trip(RESET_LOOP, "the watchdog has bitten three times")
        self.monitor.look()  # if an alarm is about to sound, the self-test plays no tone
        if self.orders.self_test() == 0:
            program.confirm()
            if self.may_resume:
                self._resume(reports)
        self.monitor.look()
        gc.threshold(_RUBBISH_BYTES)  # low, so that long-lived objects are not scattered
        try:
            self.supervisor.run()
            self.link.flush()
        finally:
            self.dispenser.halt()
            self.annunciator.close()
            self.settings.close()
            self.port.close()
        self.watchdog.stop()  # not after an exception: a reset then restarts the pump

    def _resume(self, reports):
        """Resume the regular therapy that the reset ended; a refusal is reported."""
        try:
            self.orders.resume()
        except Refused as refused:
            for report in reports:
                report(refused.code, refused.detail)

    def _note_late(self, name, late_ms):
        self.note(TASK_LATE, "%s %d ms" % (name, late_ms))

    def _log_fault(self, code, detail):
        self.note(FAULT, "%d %s" % (code, detail))
