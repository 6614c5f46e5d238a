# SPDX-License-Identifier: MIT
"""The monitor: the one place that decides which alarm conditions are present.

It evaluates all conditions at every wake and after every command, and reports them to the alarm
manager. It changes nothing else, except that acknowledging clears the flags of one-time events.
"""

from micropython import const

from pump.alarm import conditions

_LEAST_FREE = const(12_288)  # bytes of heap; a message and its answers take about 6 kB
_ENOUGH_FREE = const(16_384)
_LOOK_US = const(50_000)  # between two evaluations, each some milliseconds on a chip
_HEAP_US = const(10_000_000)  # between two checks of the heap, each milliseconds on a chip


class Monitor:
    """Collaborators, with the members that are read.

    alarms: the manager. absence: of therapy. clock: `now_us`. staging: `is_left_open`,
    `was_dropped`, `active`. infusion: `needs_wall`, `is_dosing`, `is_observed`, `grid`.
    reservoir_guard: `reservoir`, `is_empty`, `is_unknown`. journal: `is_interrupted`. settings:
    `is_lost`, `is_failing`. panel: `is_stuck`. self_test: `is_alarming`. supervisor: `fault`,
    `is_late`, `is_loaded`, `free_bytes`, `wake_by`. heartbeat: `is_silent`. has_buzzer: one is
    fitted. fitted: (code, predicate) pairs for conditions that only some boards can detect.
    """

    def __init__(
        self,
        alarms,
        absence,
        clock,
        *,
        infusion,
        staging,
        reservoir_guard,
        journal,
        settings,
        panel,
        self_test,
        supervisor,
        heartbeat,
        has_buzzer,
        fitted=(),
    ):
        self._alarms = alarms
        self._absence = absence
        self._clock = clock
        self._infusion = infusion
        self._staging = staging
        self._supervisor = supervisor
        self._present = -1  # bit n: predicate n, at the last evaluation; -1: none yet
        self._now_us = 0  # time of the evaluation under way
        self._next_us = 0
        self._is_low = False
        self._heap_us = 0
        reservoir = reservoir_guard.reservoir
        self._predicates = (
            (conditions.CLOCK_NOT_SET, infusion.needs_wall),
            (conditions.PROGRAMMING_OPEN, lambda: staging.is_left_open),
            (conditions.PROGRAMMING_DROPPED, lambda: staging.was_dropped),
            (conditions.INTERRUPTED, lambda: journal.is_interrupted),
            (conditions.RESERVOIR_LOW, lambda: reservoir.is_low),
            (conditions.RESERVOIR_EMPTY, lambda: reservoir_guard.is_empty),
            (conditions.REFILL_MISMATCH, lambda: reservoir.is_mismatched),
            (conditions.STORE_DAMAGED, settings.is_lost),
            (conditions.STORE_FAILING, settings.is_failing),
            (conditions.PUMP_FAULT, lambda: supervisor.fault is not None),
            (conditions.STOPPED_TOO_LONG, self._is_stopped_too_long),
            (conditions.OBSERVATION_OVER, lambda: infusion.is_observed),
            (conditions.NO_BUZZER, lambda: not has_buzzer),
            (
                conditions.RESERVOIR_UNKNOWN,
                lambda: reservoir_guard.is_unknown and infusion.is_dosing(),
            ),
            (conditions.BUTTON_STUCK, panel.is_stuck),
            (conditions.MEMORY_LOW, self._is_memory_low),
            (conditions.HOST_SILENT, lambda: heartbeat.is_silent(self._now_us)),
            (conditions.TASK_LATE, supervisor.is_late),
            (conditions.LOAD_HIGH, lambda: supervisor.is_loaded),
            (conditions.SELF_TEST_FAILED, self_test.is_alarming),
            (conditions.DOSE_MISSED, lambda: infusion.grid.has_missed),
        ) + fitted

    def poll(self, _now_us=0):
        """Evaluate all conditions, at every wake, but at most every 50 ms."""
        now_us = self._clock.now_us()
        if now_us < self._next_us:
            self._supervisor.wake_by(self._next_us)
        else:
            self._look(now_us)

    def look(self):
        """Evaluate all conditions now."""
        self._look(self._clock.now_us())

    def _look(self, now_us):
        alarms = self._alarms
        self._now_us = now_us
        self._next_us = now_us + _LOOK_US
        alarms.poll(now_us)
        present, bit = 0, 1
        for _, is_present in self._predicates:
            if is_present():
                present |= bit
            bit <<= 1
        if present != self._present:
            for index, (code, _) in enumerate(self._predicates):
                alarms.set(code, bool(present >> index & 1), now_us)
            self._present = present
        left_us = alarms.pause_left_us(now_us)
        if left_us:  # else its end would be noticed up to a second late
            self._supervisor.wake_by(now_us + left_us)

    def acknowledge(self, code=None):
        """Acknowledge one condition, or all (None), see `AlarmManager.acknowledge`.

        Also clears the flags of one-time events: they end by being acknowledged.
        """
        self._alarms.acknowledge(code)
        if code in (None, conditions.PROGRAMMING_DROPPED):
            self._staging.was_dropped = False
        if code in (None, conditions.OBSERVATION_OVER):
            self._infusion.is_observed = False
        if code in (None, conditions.DOSE_MISSED):
            self._infusion.grid.has_missed = False
        self.look()

    def _is_stopped_too_long(self):
        """Whether a prescribed therapy has not been delivered for too long."""
        is_absent = self._staging.active is not None and not self._infusion.is_dosing()
        return self._absence.is_too_long(is_absent, self._now_us)

    def _is_memory_low(self):
        """Whether little of the heap is free, even after a garbage collection."""
        if self._now_us - self._heap_us < _HEAP_US:
            return self._is_low
        self._heap_us = self._now_us
        enough = _ENOUGH_FREE if self._is_low else _LEAST_FREE
        self._is_low = self._supervisor.free_bytes(enough) < enough
        return self._is_low
