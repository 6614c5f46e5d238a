# SPDX-License-Identifier: MIT
"""The supervisor: a cyclic executive without a fixed tick, and the one way to trip the pump.

A fixed table of named tasks, polled in order by one call stack. Each returns when it is next due;
the board rests until the earliest, or until the console has input, at most `REST_US`. While a host
talks, the first task is polled at every wake, and all of them every 25 ms. A task that raises
trips the pump; one that takes too long, or begins too late, is reported. Nothing here knows the
functions of the tasks.
"""

import gc

from micropython import const

from pump.faults import TASK_DIED, Fault

REST_US = const(1_000_000)  # the longest rest; keeps the clock from wrapping unseen
_TASK_US = const(500_000)  # deadline of a task without one of its own
_ROUND_US = const(25_000)  # between rounds, if wakes come before a task is due
_LATE_US = const(1_000_000)  # after it was due; the lease is renewed more often
_AGAIN_US = const(20_000)  # until a failed step of a trip is tried again
_CYCLES = const(6)  # cycles between collections; each leaves some 2 kB of garbage
_PAUSE_US = const(100_000)  # shortest rest for a collection, which takes a chip 30 ms
_LONG_US = const(50_000)  # no collection after a longer cycle: a host may be waiting
_MINUTE_US = const(60_000_000)
_MOST_LOAD = const(80)  # per cent of a minute


class Supervisor:
    """Runs the tasks.

    clock: `now_us()`. rest: `until(due_us)`, returns early on console input; `doze()` cannot fail.
    fault: the code of the first fault since power-up, or None. is_loaded: more than 80 % busy in
    the last minute.
    """

    def __init__(self, clock, rest):
        self._clock = clock
        self._rest = rest
        self._tasks: tuple = ()
        self._dues_us: list = []
        self._wake_us = 0  # a cycle is requested by then; 0: at once
        self._round_us = 0  # a cycle that begins earlier may skip all tasks but the first
        self._ways_down: tuple = ()
        self._reports: tuple = ()
        self._to_do = 0  # bit masks: ways down left to call, and reports left to make
        self._to_tell = 0
        self._cause = None
        self._feed = _nothing
        self._deadlines_us: dict = {}
        self._tell = _nobody
        self._late_us: "int | None" = None  # when a task was late
        self._long_us = 0  # what long tasks took in the last cycle: the others waited for them
        self._minute = (0, 0)  # (its beginning, busy time then)
        self.is_loaded = False
        self._busy_us = 0
        self._since_us = 0
        self._longest_us = 0
        self._uncollected = 0  # cycles since garbage was collected
        self.fault: "int | None" = None
        self.is_ending = False

    def watch(self, deadlines_us, tell):
        """Set the deadlines, name -> us, of tasks that may take more than half a second.

        tell(name, ms): called for the first late task in a minute.
        """
        self._deadlines_us = deadlines_us
        self._tell = tell

    def is_late(self):
        """Whether a task exceeded its deadline, or began late, within the last minute."""
        late_us = self._late_us
        return late_us is not None and self._clock.now_us() - late_us < _MINUTE_US

    def install(self, tasks, ways_down, reports, feed):
        """Set the tasks, `(name, poll)`, the ways down, called in order by a trip, and reports.

        `poll(now_us)` returns when the task is due next, on the clock, or None: at every wake; for
        all but the first task in rounds, see `cycle`. Each `report(code, detail)` is called for
        the first fault. `feed()`, the watchdog, is called after a complete cycle, not after one
        that hangs or raises.
        """
        self._tasks = tasks
        self._dues_us = [None] * len(tasks)
        self._ways_down = ways_down
        self._reports = reports
        self._feed = feed

    def run(self):
        """Run cycles until `end` is called."""
        self._since_us = self._clock.now_us()
        self._minute = self._since_us, self._busy_us
        while not self.is_ending:
            try:
                due_us = self.cycle()
                self._feed()
                self._rest.until(due_us)
            except Exception as error:  # noqa: BLE001 - no memory even for the cycle, or a rest
                self.trip(TASK_DIED, error)
                self._rest.doze()

    def cycle(self):
        """Poll every task that is due, once. Returns when the next one is due.

        If an event ends a rest before any of them is due, only the first task is polled; the
        others follow within 25 ms of the last round, or at once if the first one has given an
        order, see `go_round`.
        """
        start_us = now_us = self._clock.now_us()
        self._wake_us = start_us + REST_US
        waited_us, self._long_us = self._long_us, 0
        if self._to_do or self._to_tell:
            self._go_down()
            self._wake_us = start_us + _AGAIN_US
        dues_us = self._dues_us
        for index, (name, poll) in enumerate(self._tasks):
            if index == 1 and start_us < self._round_us:
                return self._cut_short(start_us, now_us)
            due_us = dues_us[index]
            if due_us is None or due_us <= start_us:
                before_us = now_us
                dues_us[index] = self._poll(name, poll, start_us)
                now_us = self._clock.now_us()
                took_us = now_us - before_us
                if took_us > _TASK_US:
                    self._long_us += took_us
                    if took_us > self._deadlines_us.get(name, _TASK_US):
                        self._note_late(name, took_us, now_us)
                if due_us and start_us - due_us > _LATE_US + waited_us:
                    self._note_late(name, start_us - due_us, now_us)
        wake_us = self._round_is_over(start_us)
        if now_us - start_us < _LONG_US:
            now_us = self._collect(wake_us, now_us)
        self._count(now_us - start_us, now_us)
        return wake_us

    def _round_is_over(self, start_us):
        """All due tasks have been polled. Returns when the next cycle is due."""
        wake_us = self._wake_us
        for index in range(len(self._tasks) - 1, -1, -1):
            if index == 0:  # whatever that one wants, the others need no round before
                self._round_us = min(start_us + _ROUND_US, wake_us)
            due_us = self._dues_us[index]
            if due_us is not None and due_us < wake_us:
                wake_us = due_us
        return wake_us

    def _cut_short(self, start_us, now_us):
        """Only the first task has been polled. Returns when the next cycle is due."""
        self._count(now_us - start_us, now_us)
        due_us = self._dues_us[0]
        return self._round_us if due_us is None else min(due_us, self._round_us)

    def _collect(self, wake_us, now_us):
        """Collect garbage before a rest, when a host seldom waits for it. Returns the time."""
        self._uncollected += 1
        if self._uncollected < _CYCLES or wake_us - now_us < _PAUSE_US:
            return now_us
        self._uncollected = 0
        gc.collect()
        return self._clock.now_us()

    def _count(self, spent_us, now_us):
        """Account for the time of a cycle."""
        self._busy_us += spent_us
        self._longest_us = max(self._longest_us, spent_us)
        since_us, busy_us = self._minute
        if now_us - since_us >= _MINUTE_US:
            load = 100 * (self._busy_us - busy_us) // (now_us - since_us)
            self.is_loaded = load > _MOST_LOAD
            self._minute = now_us, self._busy_us

    def _note_late(self, name, late_us, now_us):
        was_late, self._late_us = self.is_late(), now_us
        if not was_late:
            self._tell(name, late_us // 1000)

    def wake(self, name):
        """Make the named task due at once: something it depends on has changed."""
        for index, (other, _) in enumerate(self._tasks):
            if other == name:
                self._dues_us[index] = self._round_us = 0

    def go_round(self):
        """Poll every task in this cycle, or in the next: something has changed."""
        self._round_us = 0

    def wake_by(self, at_us):
        """End the rest after this cycle at `at_us`, or before."""
        self._wake_us = min(self._wake_us, at_us)

    def trip(self, code, cause=None):
        """Stop the pump: stop, release, report. Does not raise; the first fault is kept.

        cause: any object that describes it; its text is made last of all. Allocates nothing
        itself. A step that fails, perhaps for want of memory, is repeated in the following cycles.
        """
        self._wake_us = self._round_us = 0  # at once after this cycle: others have to see it
        if self.fault is None:
            self.fault = code
            self._cause = cause
            self._to_tell = (1 << len(self._reports)) - 1
        self._to_do = (1 << len(self._ways_down)) - 1
        self._go_down()

    def _go_down(self):
        """Call the ways down that are left, then the reports that are left."""
        for index in range(len(self._ways_down)):
            if self._to_do & 1 << index:
                try:
                    self._ways_down[index]()
                    self._to_do &= ~(1 << index)
                except Exception as error:  # noqa: BLE001 - the next way down must run
                    self._cause = self._cause or error
        for index in range(len(self._reports)):
            if self._to_tell & 1 << index and self._is_told(self._reports[index]):
                self._to_tell &= ~(1 << index)

    def _is_told(self, report):
        """Report the fault, without its text if memory is short. Returns whether that worked."""
        for text_of in _TEXTS:
            try:
                report(self.fault, text_of(self._cause))
                return True
            except Exception:  # noqa: BLE001 - the pump is stopped; only the report has to wait
                continue
        return False

    def end(self):
        """Leave `run` after this cycle."""
        self.is_ending = True

    def tidy(self):
        """Collect garbage before an object is made that is large or lives long.

        Among garbage it would fragment the heap, and leave no room for the next one.
        """
        gc.collect()

    def free_bytes(self, enough):
        """The free heap in bytes; collects garbage first if it is less than `enough`."""
        if gc.mem_free() < enough:
            gc.collect()
        return gc.mem_free()

    def health(self):
        """(free heap in bytes, longest cycle in us, load in per cent) since power-up."""
        total_us = max(self._clock.now_us() - self._since_us, 1)
        return gc.mem_free(), self._longest_us, 100 * self._busy_us // total_us

    def _poll(self, name, poll, start_us):
        try:
            return poll(start_us)
        except Fault as fault:
            self.trip(fault.code, fault.detail)
        except Exception as error:  # noqa: BLE001 - whatever it is, the pump stops
            self.trip(TASK_DIED, (name, error))
        return start_us + REST_US


def _text(cause):
    """The cause of a trip as one line of text."""
    if isinstance(cause, tuple):
        return ": ".join([part if isinstance(part, str) else repr(part) for part in cause])
    return cause if isinstance(cause, str) else repr(cause) if cause is not None else ""


def _no_text(_cause):
    return ""


_TEXTS = (_text, _no_text)


def _nothing():
    """Default for `feed`."""


def _nobody(_code, _detail):
    """Default for `tell`."""
