# SPDX-License-Identifier: MIT
"""The dispenser: drives the step engine along a planner, and accounts for every step.

It keeps the engine's queue filled for at most `LEASE_US`. If nobody renews the lease, the steps
end by themselves; that is the bound on what a software hang can over-deliver. A stop takes back
what was queued: commanded steps are always emitted + queued. Nothing is ever caught up.
"""

from micropython import const

from pump.delivery.planner import CHUNK_US, Planner
from pump.faults import STEPS_MISSING, UNDERRUN, WITNESS_MISMATCH, Fault

LEASE_US = const(2_000_000)  # never more than this is queued
_GRACE_US = const(2_000)  # how late the end of the queue may be noticed


class Dispenser:
    """One delivery at a time, in the units of its schedule.

    engine: the step engine of the HAL. clock: `now_us()`. ledger: `add(steps, batch)`.
    min_period_us: no two steps closer than this, whatever is asked.
    """

    def __init__(self, engine, clock, ledger, min_period_us):
        self._engine = engine
        self._clock = clock
        self._ledger = ledger
        self._min_period_us = min_period_us
        self._planner: "Planner | None" = None
        self._batches = []  # [first step, (kind, pl_per_rev, ng_ml)]: what steps are booked as
        self._start_us = 0  # when the planner's time began, on the clock
        self._ends_us = []  # ends of the runs put into the engine, oldest first
        self._commanded = 0
        self._booked = 0

    def is_active(self):
        """True while a delivery is under way."""
        return self._planner is not None

    def kind(self):
        """The kind of the delivery under way, or None."""
        return self._batches[0][1][0] if self.is_active() else None

    def start(self, schedule, step, batch, *, owed=0, limit_steps=None):
        """Begin a delivery; see `Planner` for the arguments, `Ledger.add` for batch."""
        self._batches = [[self._commanded, batch]]
        planner = Planner(
            schedule,
            step,
            owed=owed,
            limit_steps=limit_steps,
            min_period_us=self._min_period_us,
        )
        self._ends_us = []
        lead_us = self._engine.arm()
        self._fill(planner, -lead_us, lead_us)
        self._planner = planner
        self._start_us = self._engine.start() + lead_us

    def follow(self, schedule, batch):
        """Change to another schedule where the queue ends, at most `LEASE_US` from now.

        What is queued goes out at the old rate; the fraction of a step is carried over.
        """
        if self._planner is not None:
            if self._batches[-1][0] == self._commanded:
                self._batches.pop()  # no step of it was planned
            self._batches.append([self._commanded, batch])
            self._planner.follow(schedule)

    def stop(self):
        """Stop at once. Returns what was due but not delivered, in the planner's fractions."""
        planner, self._planner = self._planner, None
        if planner is None:
            self._engine.stop()
            return 0
        at_us = min(max(self._at_us(), 0), planner.end_us)
        self._engine.stop()
        taken_back = self._commanded - self._settle()
        self._commanded -= taken_back
        return planner.owed(at_us, planner.steps - taken_back)

    def halt(self):
        """Stop at once and ask for nothing: the dispenser's part of the one way down."""
        self._engine.stop()
        self.stop()

    def renew(self, _now_us):
        """Renew the lease. Returns when to come again (None: nothing to do).

        Raises Fault when the queue ran dry, or when the counts do not agree. Reads the clock
        itself: the cycle may have begun a while ago.
        """
        planner = self._planner
        if planner is None:
            return None
        self._check_witness()
        at_us, end_us = self._at_us(), planner.end_us
        if at_us > end_us + _GRACE_US:
            self._end(planner)
            return None
        planner.forget(at_us)
        self._fill(planner, at_us)
        if self._at_us() > end_us and not planner.is_complete():
            raise Fault(UNDERRUN)  # dry before the first new run was in
        return self._start_us + self._next_us(planner)

    def totals(self):
        """(commanded, emitted, witness, queued) steps since boot.

        Emitted and witness are read one after the other: while steps go out, the second may be
        ahead by those that came in between.
        """
        emitted = self._settle()
        return self._commanded, emitted, self._engine.witnessed(), self._commanded - emitted

    def _at_us(self):
        """Now, on the delivery's own time."""
        return self._clock.now_us() - self._start_us

    def _fill(self, planner, at_us, lead_us=0):
        """Queue whole chunks while the engine has room and the lease is not exceeded.

        A lead before the first run is part of it where it can be, so that it costs no room.
        """
        while self._ends_us and self._ends_us[0] <= at_us:
            self._ends_us.pop(0)
        while self._engine.room() >= 2 and planner.end_us + CHUNK_US <= at_us + LEASE_US:
            end_us = planner.end_us
            for count, period_us in planner.next_runs():
                if lead_us and count > 1:
                    self._engine.put(0, lead_us)
                    self._ends_us.append(0)
                    lead_us = 0
                self._engine.put(count, period_us + lead_us)
                lead_us = 0
                self._commanded += count
                end_us += max(count, 1) * period_us
                self._ends_us.append(end_us)
            if planner.is_complete():
                return

    def _next_us(self, planner):
        """When the queue should be looked at again, on the delivery's own time."""
        if planner.is_complete():
            return planner.end_us + _GRACE_US + 1
        if self._engine.room() < 2 and self._ends_us:
            return self._ends_us[0]
        return planner.end_us + CHUNK_US - LEASE_US

    def _end(self, planner):
        """The queue has ended: well for a delivery that is complete, else a fault."""
        if not planner.is_complete():
            raise Fault(UNDERRUN)
        if self._settle() != self._commanded:
            raise Fault(STEPS_MISSING)
        self.stop()

    def _settle(self):
        """Book what has gone out since the last time; returns the emitted count."""
        emitted = self._engine.emitted()
        while self._booked < emitted:
            upto = emitted
            if len(self._batches) > 1:
                upto = min(emitted, self._batches[1][0])
            self._ledger.add(upto - self._booked, self._batches[0][1])
            self._booked = upto
            if len(self._batches) > 1 and upto == self._batches[1][0]:
                self._batches.pop(0)
        return emitted

    def _check_witness(self):
        before = self._settle()
        witness = self._engine.witnessed()
        if witness < before or witness > self._engine.emitted():
            raise Fault(WITNESS_MISMATCH)
