# SPDX-License-Identifier: MIT
"""The dispenser: feeds the step engine from a planner, and accounts for every step.

It keeps the engine's queue filled for at most `LEASE_US`. If the lease is not renewed, the steps
end by themselves; that bounds the over-delivery of a software hang. A stop takes back the queued
steps: commanded is always emitted + queued. Missed steps are never made up, except those that fall
due within the `RESTART_US` of a restart.
"""

from micropython import const

from pump.delivery.booking import Booking
from pump.delivery.planner import CHUNK_US, Planner
from pump.faults import STEPS_MISSING, STORE_FAILED, UNDERRUN, WITNESS_MISMATCH, Fault, Refused

LEASE_US = const(2_000_000)  # steps are queued for this time at most
RESTART_US = const(60_000)  # from a restart to its first run: time to plan and arm on a chip
_GRACE_US = const(2_000)  # how late the end of the queue may be noticed
_UNBOUND = 1 << 60


class Dispenser:
    """One delivery at a time, in the units of its schedule.

    engine: the step engine of the HAL. clock: `now_us()`, `wait_until(at_us)`. ledger:
    `add(parts)`. min_period_us: lower bound on the interval between two steps.
    """

    def __init__(self, engine, clock, ledger, min_period_us):
        self._engine = engine
        self._clock = clock
        self._ledger = ledger
        self._min_period_us = min_period_us
        self._planner: "Planner | None" = None
        self._booking = Booking(ledger)
        self._is_ending = False  # a stop has begun: no more runs are queued
        self._runs = []  # planned runs that wait for room in the engine
        self._start_us = 0  # time 0 of the planner, on the clock
        self._ends_us = []  # ends of the runs put into the engine, oldest first
        self._queued_us = 0  # the last of them
        self._commanded = 0
        self._first = 0  # commanded when the delivery began
        self._most = _UNBOUND  # bound on commanded
        self._cycle_us = 0  # start of the cycle of the last renewal; 0: none
        self._renewed = 0  # steps emitted, as of that renewal
        self.begun = 0  # number of deliveries since boot

    def record(self, journal):
        """Set the journal, before anything else: it is told of steps before they are queued."""
        self._journal = journal

    def is_active(self):
        """Whether a delivery is under way."""
        return self._planner is not None

    def batch(self):
        """(kind, pl_per_rev, ng_ml) of the delivery under way, without its doses; or None."""
        return self._booking.batch() if self.is_active() else None

    def time_us(self):
        """Now, in us of the delivery's own time; 0 while the driver is being energised."""
        return max(self._at_us(), 0)

    def planned_us(self):
        """End of the plan, on the delivery's own time: a schedule to `follow` begins there."""
        return self._planner.end_us if self._planner is not None else 0

    def bind(self, steps):
        """Bound further steps to `steps`; None: no bound. Only without a delivery."""
        self._most = _UNBOUND if steps is None else self._commanded + steps

    def is_short(self):
        """Whether the bound keeps steps from the queue: the delivery is to be stopped."""
        return self._commanded > self._most

    def covered_us(self):
        """Microseconds for which steps are queued; `LEASE_US` when no more are to be queued."""
        if self._planner is None or self._is_queued(self._planner):
            return LEASE_US
        return self._queued_us - self._at_us()

    def rate(self):
        """The present rate in units per microsecond; 0 without a delivery."""
        if self._planner is None:
            return 0
        at_us = self.time_us()
        segment = self._planner.segment_at(at_us)
        return segment.schedule.rate(max(at_us - segment.base_us, 0))

    def carry(self):
        """Amount due but not emitted, in 1/amount of a step (`Planner`); 0: no delivery."""
        if self._planner is None:
            return 0
        return self._planner.carry(self.time_us(), self.settle() - self._first)

    def start(self, schedule, step, batch, *, carry=0, limit_steps=None):
        """Begin a delivery; see `Planner` for the arguments, `Booking` for batch.

        Refused NOT_RECORDED: no step goes out then.
        """
        planner = self._planner_of(schedule, step, carry=carry, limit_steps=limit_steps)
        self._begin(planner, batch, None)

    def prepare(self):
        """Call before a stop and `restart`: keeps flash writes from coming in between."""
        self._journal.top_up(self.settle())

    def restart(self, schedule, step, batch, stopped):
        """Continue after a `stop` as if there had been none, with another schedule.

        stopped: the result of `stop`; the schedule is in force from then on. The steps begin
        `RESTART_US` from now; those that fell due in between are emitted at once.
        """
        at_us, carry = stopped
        since_us = self._start_us + at_us
        begin_us = self._clock.now_us() - since_us + RESTART_US
        planner = self._planner_of(schedule, step, carry=carry, begin_us=begin_us)
        self._begin(planner, batch, since_us)

    def record_follow(self):
        """Call before `follow`: records the dose in the new schedule. Refused NOT_RECORDED."""
        if self._planner is not None:
            self._journal.follows(self.settle())

    def follow(self, schedule, batch):
        """Change to another schedule where the plan ends (`planned_us`), at most `LEASE_US` ahead.

        Queued steps go out at the old rate; the fraction of a step is carried over. Writes
        nothing: see `record_follow`.
        """
        if self._planner is not None:
            self._planner.follow(schedule)
            self._booking.open(self._planner.segment, batch)

    def stop(self):
        """Stop at once. Returns (instant on the delivery's own time, amount due but not emitted).

        The amount is in 1/amount of a step, see `Planner`. (0, 0) when nothing was under way.
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
        stopped = at_us, planner.carry(at_us, emitted - self._first)
        self._planner = None  # last of all: after a MemoryError the stop can be repeated
        return stopped

    def halt(self):
        """Stop at once, whatever the state: the dispenser's part in a trip of the supervisor."""
        self._journal.stopping()
        self._engine.stop()
        self.stop()

    def renew(self, cycle_us):
        """Renew the lease. Returns when it is due again (None: nothing to do).

        cycle_us: the start of the cycle, for `settle_in`; 0 elsewhere. Fault UNDERRUN,
        STEPS_MISSING, WITNESS_MISMATCH or STORE_FAILED. Reads the clock itself: the cycle may have
        begun a while ago.
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
            raise Fault(UNDERRUN)  # ran dry before the first new run was queued
        self._tell_end()
        return self._start_us + self._next_us(planner)

    def test(self, steps):
        """Whether the engine emits exactly `steps` steps, with the driver off."""
        return self._engine.test(steps)

    def settle(self):
        """Book the steps emitted since the last call. Returns the steps emitted since boot."""
        emitted = self._engine.emitted()
        self._booking.settle(emitted - self._first)
        return emitted

    def settle_in(self, cycle_us):
        """As `settle`, but returns the count of `renew` if that ran in this cycle."""
        if not cycle_us or cycle_us != self._cycle_us:
            return self.settle()
        return self._renewed

    def _counts(self):
        """(emitted, witness) steps since boot; books the emitted ones."""
        emitted, witness = self._engine.counts()
        self._booking.settle(emitted - self._first)
        return emitted, witness

    def totals(self):
        """(commanded, emitted, witness, queued) steps since boot.

        Emitted and witness are read one after the other: while steps go out, the witness may be
        ahead by those in between.
        """
        emitted, witness = self._counts()
        return self._commanded, emitted, witness, self._commanded - emitted

    def _planner_of(self, schedule, step, **options):
        return Planner(schedule, step, min_period_us=self._min_period_us, **options)

    def _begin(self, planner, batch, since_us):
        """Queue and start the first runs; time 0 is `since_us`, None: as early as possible."""
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
            lead_us = 0  # it is waited for instead: the whole queue is for steps
        try:
            self._fill(planner, begin_us - lead_us, self.settle(), lead_us)
            if since_us is not None:
                self._clock.wait_until(max(since_us + begin_us, ready_us))
        except Exception:  # not recorded, or no memory: no step goes out
            self._engine.stop()
            self._runs.clear()
            self._commanded = self._first
            raise
        self._planner, self._is_ending = planner, False
        self._start_us = self._engine.start() + lead_us - begin_us
        self._tell_end()

    def _tell_end(self):
        """Tell the journal when all queued steps are out, unless they are stopped."""
        self._journal.queue_ends(self._start_us + self._queued_us + _GRACE_US)

    def _at_us(self):
        """Now, on the delivery's own time."""
        return self._clock.now_us() - self._start_us

    def _fill(self, planner, at_us, emitted, lead_us=0):
        """Queue runs while the engine has room, and plan while the lease is not exceeded.

        emitted: steps since boot. A lead before the first run is merged with it if possible,
        so that it takes no room.
        """
        while self._ends_us and self._ends_us[0] <= at_us:
            self._ends_us.pop(0)
        while self._engine.room():
            if not self._runs:
                if planner.is_complete() or planner.end_us + CHUNK_US > at_us + LEASE_US:
                    return
                emitted = self._plan(planner, emitted)
            if self.is_short():
                return  # no step of this chunk is queued
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
        """Plan the next chunk: record its steps, and keep its runs until the engine has room.

        Returns the steps emitted since boot, counted anew if a record was written.
        """
        end_us, before = planner.end_us, self._commanded
        for count, period_us in planner.next_runs():
            end_us += max(count, 1) * period_us
            self._runs.append((count, period_us, end_us))
            self._commanded += count
        steps = self._commanded - before
        journal = self._journal
        written = journal.written
        if steps or self._planner is None:  # a delivery that begins with a pause is recorded, too
            journal.planned(emitted, self._commanded, steps, self._booking.batch())
        return emitted if journal.written == written else self.settle()

    def _is_queued(self, planner):
        """Whether a limited delivery is in the engine to its last step."""
        return planner.is_complete() and not self._runs

    def _next_us(self, planner):
        """When the queue is to be filled again, on the delivery's own time."""
        if self._is_queued(planner):
            return planner.end_us + _GRACE_US + 1
        if self._ends_us and not self._engine.room():
            return self._ends_us[0]
        return planner.end_us + CHUNK_US - LEASE_US

    def _end(self, planner):
        """The queue has run out: the end of a complete delivery, else a fault."""
        if not self._is_queued(planner):
            raise Fault(UNDERRUN)
        if self.settle() != self._commanded:
            raise Fault(STEPS_MISSING)
        self.stop()

    def _check_witness(self):
        """The steps emitted since boot; Fault WITNESS_MISMATCH if the pin disagrees."""
        emitted, witness = self._counts()
        if witness != emitted and not emitted < witness <= self._engine.emitted():
            raise Fault(WITNESS_MISMATCH)
        return emitted
