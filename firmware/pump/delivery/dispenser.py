# SPDX-License-Identifier: MIT
"""The dispenser: drives the step engine along a planner, and accounts for every step.

It keeps the engine's queue filled for at most `LEASE_US`. If nobody renews the lease, the steps
end by themselves; that is the bound on what a software hang can over-deliver. A stop takes back
what was queued: commanded steps are always emitted + queued. Nothing is ever caught up but what
falls due within the `RESTART_US` of a restart.
"""

from micropython import const

from pump.delivery.booking import Booking
from pump.delivery.planner import CHUNK_US, Planner
from pump.faults import STEPS_MISSING, STORE_FAILED, UNDERRUN, WITNESS_MISMATCH, Fault, Refused

LEASE_US = const(2_000_000)  # never more than this is queued
RESTART_US = const(60_000)  # from a restart to its first run: time to plan and arm on a chip
_GRACE_US = const(2_000)  # how late the end of the queue may be noticed
_UNBOUND = 1 << 60


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
        self._booking = Booking(ledger)
        self._is_ending = False  # a stop has begun: nothing more is queued
        self._runs = []  # planned, and waiting for room in the engine
        self._start_us = 0  # when the planner's time began, on the clock
        self._ends_us = []  # ends of the runs put into the engine, oldest first
        self._queued_us = 0  # the last of them
        self._commanded = 0
        self._first = 0  # commanded when the delivery began
        self._most = _UNBOUND  # that may be commanded
        self._cycle_us = 0  # when the cycle began in which the lease was renewed last; 0: none
        self._renewed = 0  # steps emitted since boot, as of then
        self.begun = 0  # deliveries since boot

    def record(self, journal):
        """Before all else: the journal that is told of all steps before they are queued."""
        self._journal = journal

    def is_active(self):
        """True while a delivery is under way."""
        return self._planner is not None

    def batch(self):
        """(kind, pl_per_rev, ng_ml) of the delivery under way, or None. Doses in it apart."""
        return self._booking.batch() if self.is_active() else None

    def time_us(self):
        """Now, on the delivery's own time; 0 while the driver is still being energised."""
        return max(self._at_us(), 0)

    def planned_us(self):
        """When, on the delivery's own time, a schedule to `follow` is in force."""
        return self._planner.end_us if self._planner is not None else 0

    def bind(self, steps):
        """Queue at most so many further steps, None: any number. While nothing is under way."""
        self._most = _UNBOUND if steps is None else self._commanded + steps

    def is_short(self):
        """True when the bound keeps steps from the queue: the delivery is to be stopped."""
        return self._commanded > self._most

    def covered_us(self):
        """For how long steps are queued; the whole lease when nothing is under way."""
        if self._planner is None or self._is_queued(self._planner):
            return LEASE_US
        return self._queued_us - self._at_us()

    def rate(self):
        """Units a microsecond now; 0 when nothing is delivered."""
        if self._planner is None:
            return 0
        at_us = self.time_us()
        segment = self._planner.segment_at(at_us)
        return segment.schedule.rate(max(at_us - segment.base_us, 0))

    def owed(self):
        """What is due and not out, in the planner's fractions; 0 when nothing is under way."""
        if self._planner is None:
            return 0
        return self._planner.owed(self.time_us(), self.settle() - self._first)

    def start(self, schedule, step, batch, *, owed=0, limit_steps=None):
        """Begin a delivery; see `Planner` for the arguments, `Booking` for batch."""
        planner = self._planner_of(schedule, step, owed=owed, limit_steps=limit_steps)
        self._begin(planner, batch, None)

    def prepare(self):
        """Before a stop that a `restart` follows: no flash write is to come between the two."""
        self._journal.top_up(self.settle())

    def restart(self, schedule, step, batch, stopped):
        """Go on after a `stop` as if there had been none: with another schedule, in force since.

        stopped: what `stop` returned. The steps begin `RESTART_US` from now; those that fell due
        in between are made at once.
        """
        at_us, owed = stopped
        since_us = self._start_us + at_us
        begin_us = self._clock.now_us() - since_us + RESTART_US
        planner = self._planner_of(schedule, step, owed=owed, begin_us=begin_us)
        self._begin(planner, batch, since_us)

    def record_follow(self):
        """Before a `follow`: on record with the dose that is in it. Refused where that fails."""
        if self._planner is not None:
            self._journal.follows(self.settle())

    def follow(self, schedule, batch):
        """Change to another schedule where the plan ends (`planned_us`), at most `LEASE_US` off.

        What is queued goes out at the old rate; the fraction of a step is carried over. Writes
        nothing: see `record_follow`.
        """
        if self._planner is not None:
            self._planner.follow(schedule)
            self._booking.open(self._planner.segment, batch)

    def stop(self):
        """Stop at once. Returns (when, on the delivery's own time; what was due and is not out).

        The second is in the planner's fractions. (0, 0) when nothing was under way.
        """
        planner = self._planner
        self._is_ending, self._cycle_us = True, 0
        self._journal.stopping()
        if planner is None:
            self._engine.stop()
            return 0, 0
        at_us = min(max(self._at_us(), 0), planner.end_us)
        self._engine.stop()
        self._runs.clear()
        emitted = self.settle()
        self._commanded = emitted
        self._journal.stopped(emitted)
        stopped = at_us, planner.owed(at_us, emitted - self._first)
        self._planner = None  # at last: what fails for want of memory can be done again
        return stopped

    def halt(self):
        """Stop at once and ask for nothing: the dispenser's part of the one way down."""
        self._journal.stopping()
        self._engine.stop()
        self.stop()

    def renew(self, cycle_us):
        """Renew the lease. Returns when to come again (None: nothing to do).

        cycle_us: when the cycle began, for `settle_in`; 0 elsewhere. Raises Fault when the queue
        ran dry, or when the counts do not agree. Reads the clock itself: the cycle may have begun
        a while ago.
        """
        planner = self._planner
        if planner is None or self._is_ending:
            return None
        emitted = self._check_witness()
        self._cycle_us, self._renewed = cycle_us, emitted
        at_us, end_us = self._at_us(), self._queued_us
        if at_us > end_us + _GRACE_US:
            self._end(planner)
            return None
        planner.forget(at_us)
        is_ending = self._is_queued(planner)
        try:
            self._fill(planner, at_us, emitted)
        except Refused as refused:
            raise Fault(STORE_FAILED, refused.detail)
        if self._at_us() > end_us and not is_ending:
            raise Fault(UNDERRUN)  # dry before the first new run was in
        self._tell_end()
        return self._start_us + self._next_us(planner)

    def test(self, steps):
        """Whether the engine emits exactly so many steps, into the driver that is off."""
        return self._engine.test(steps)

    def settle(self):
        """Book what has gone out since the last time; returns the steps emitted since boot."""
        emitted = self._engine.emitted()
        self._booking.settle(emitted - self._first)
        return emitted

    def settle_in(self, cycle_us):
        """As `settle`, but what `renew` has found within this cycle is good enough."""
        if not cycle_us or cycle_us != self._cycle_us:
            return self.settle()
        return self._renewed

    def _counts(self):
        """(emitted, witness) steps since boot, those emitted booked."""
        emitted, witness = self._engine.counts()
        self._booking.settle(emitted - self._first)
        return emitted, witness

    def totals(self):
        """(commanded, emitted, witness, queued) steps since boot.

        Emitted and witness are read one after the other: while steps go out, the second may be
        ahead by those that came in between.
        """
        emitted, witness = self._counts()
        return self._commanded, emitted, witness, self._commanded - emitted

    def _planner_of(self, schedule, step, **options):
        return Planner(schedule, step, min_period_us=self._min_period_us, **options)

    def _begin(self, planner, batch, since_us):
        """Queue the first runs and let them go; time 0 lies at `since_us`, None: as it comes."""
        begin_us = planner.end_us
        self.begun += 1
        self._first = self._commanded
        self._booking = Booking(self._ledger)
        self._booking.open(planner.segment, batch)
        self._ends_us = []
        self._runs = []
        lead_us = self._engine.arm()
        ready_us = self._clock.now_us() + lead_us
        if since_us is not None:
            lead_us = 0  # waited for: every word of the queue is for steps
        try:
            self._fill(planner, begin_us - lead_us, self.settle(), lead_us)
            if since_us is not None:
                self._clock.wait_until(max(since_us + begin_us, ready_us))
        except Exception:  # not on record, or there is no memory: nothing of it goes out
            self._engine.stop()
            self._runs.clear()
            self._commanded = self._first
            raise
        self._planner, self._is_ending = planner, False
        self._start_us = self._engine.start() + lead_us - begin_us
        self._tell_end()

    def _tell_end(self):
        """All that is queued is out by then, unless it is stopped."""
        self._journal.queue_ends(self._start_us + self._queued_us + _GRACE_US)

    def _at_us(self):
        """Now, on the delivery's own time."""
        return self._clock.now_us() - self._start_us

    def _fill(self, planner, at_us, emitted, lead_us=0):
        """Queue runs while the engine has room, and plan while the lease is not exceeded.

        emitted: steps since boot, as of now. A lead before the first run is part of it where it
        can be, so that it costs no room.
        """
        while self._ends_us and self._ends_us[0] <= at_us:
            self._ends_us.pop(0)
        while self._engine.room():
            if not self._runs:
                if planner.is_complete() or planner.end_us + CHUNK_US > at_us + LEASE_US:
                    return
                emitted = self._plan(planner, emitted)
            if self.is_short():
                return  # not one step of the chunk
            count, period_us, end_us = self._runs.pop(0)
            waiting = sum([run[0] for run in self._runs])
            self._journal.queued(emitted, self._commanded - waiting)
            if lead_us and count > 1 and self._engine.room() > 1:
                self._engine.put(0, lead_us)
                self._ends_us.append(0)
                lead_us = 0
            self._engine.put(count, period_us + lead_us)
            lead_us = 0
            self._ends_us.append(end_us)
            self._queued_us = end_us

    def _plan(self, planner, emitted):
        """Plan the next chunk: its steps go on record, its runs wait for room, with their ends.

        Returns the steps emitted since boot, counted anew where a record was written meanwhile.
        """
        end_us, before = planner.end_us, self._commanded
        for count, period_us in planner.next_runs():
            end_us += max(count, 1) * period_us
            self._runs.append((count, period_us, end_us))
            self._commanded += count
        steps = self._commanded - before
        journal = self._journal
        written = journal.written
        if steps or self._planner is None:  # a delivery begins: on record with its first pause
            journal.planned(emitted, self._commanded, steps, self._booking.batch())
        return emitted if journal.written == written else self.settle()

    def _is_queued(self, planner):
        """True when a limited delivery is in the engine to its last step."""
        return planner.is_complete() and not self._runs

    def _next_us(self, planner):
        """When the queue should be looked at again, on the delivery's own time."""
        if self._is_queued(planner):
            return planner.end_us + _GRACE_US + 1
        if self._ends_us and not self._engine.room():
            return self._ends_us[0]
        return planner.end_us + CHUNK_US - LEASE_US

    def _end(self, planner):
        """The queue has ended: well for a delivery that is complete, else a fault."""
        if not self._is_queued(planner):
            raise Fault(UNDERRUN)
        if self.settle() != self._commanded:
            raise Fault(STEPS_MISSING)
        self.stop()

    def _check_witness(self):
        """Returns the steps emitted since boot; Fault where the pin had fewer edges, or more."""
        emitted, witness = self._counts()
        if witness != emitted and not emitted < witness <= self._engine.emitted():
            raise Fault(WITNESS_MISMATCH)
        return emitted
