# SPDX-License-Identifier: MIT
"""Power cuts: a session with a pump, what its host knew at each write to flash, and every cut.

Between two operations of the flash its content stands still: one image is what any cut in that
time leaves, so it has to tell the truth about all of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.flash import (
    AFTER,
    BEFORE,
    ERASE_NS,
    INSIDE,
    PROGRAM_NS,
    TORN,
    Image,
    Operation,
    images,
)

STEPS_PER_REV = 3200
PL_PER_REV = 200_000_000  # of the reference pump
PL_PER_ML = 10**9
ON_RECORD_S = 1.2  # until what has ended is on record, and in the log


@dataclass(frozen=True)
class Dose:
    """A dose that was asked for, when out_pl was out.

    outcomes: that it may have after a cut. end: (outcome, ug) that are on record, or None.
    """

    kind: str
    programmed: str
    asked_ns: int
    out_pl: Fraction
    outcomes: tuple = ("COMPLETED", "RESET")
    end: tuple | None = None


@dataclass(frozen=True)
class Known:
    """What a host knows. Each field has all that may be true while a command is under way.

    token: of the active prescription. refill: (mL, pL out by then), or None. rate: nL/s, the
    highest since the last stop. unsure_pl: what earlier cuts have left unknown. open: whether an
    interruption is not confirmed.
    """

    token: tuple = ("",)
    pl_per_rev: tuple = (PL_PER_REV,)
    refill: tuple = (None,)
    moves: tuple = (False,)
    doses: tuple = ((),)
    rate: tuple = (Fraction(0),)
    unsure_pl: tuple = (Fraction(0),)
    open: tuple = (False,)

    def perhaps(self, **news):
        """What is being asked for."""
        return replace(self, **{key: (*getattr(self, key), new) for key, new in news.items()})

    def now(self, **news):
        """What was acknowledged."""
        return replace(self, **{key: (new,) for key, new in news.items()})


class Operator:
    """A session with a pump; `moments` has what was known at each operation of its flash.

    known, out_pl: at the end of an earlier session.
    """

    def __init__(self, flash=None, known=None, out_pl=Fraction(0)):
        self.known = known or Known()
        self.moments = []
        self._pieces = [(0, out_pl, self.known.pl_per_rev[0])]  # steps, pL by then, calibration
        self.target = SimTarget(flash=flash)
        self.flash = self.target.world.flash
        self.flash.on_operation = lambda operation: self.moments.append(self.known)
        self.pump = Pump(self.target)
        self.run = self.target.run

    def do(self, command, **news):
        """Give a command, which is acknowledged at the end; news: what is known then."""
        self.known = self.known.perhaps(**news)
        self.pump.tell(command)
        self.known = self.known.now(**news)

    def prescribe(self, edits, rate=0):
        """Commit. edits: what to stage. rate: nL/s of a delivery that follows it."""
        self.pump.tell(edits)
        verdict, token, *_ = self.pump.ask("PRES:VAL?").split(",")
        assert verdict == "OK", token
        self.do(f"PRES:COMM {token}", token=token, rate=max(rate, *self.known.rate))

    def calibrate(self, volume_ml):
        """Another volume of a revolution; nothing moves."""
        pl_per_rev = int(Fraction(volume_ml) * PL_PER_ML)
        self.do(f"MOT:CAL:PERR {volume_ml} ML", pl_per_rev=pl_per_rev)
        piece = self.target.plant.edges.count, self.now_pl(), pl_per_rev
        self._pieces.append(piece)

    def refill(self, volume_ml):
        """The reservoir counts from what may be out."""
        most_pl = self.now_pl() + self.known.unsure_pl[0]
        self.do(f"RES:REF {volume_ml} ML", refill=(Fraction(volume_ml), most_pl))

    def confirm(self):
        self.do("THER:CONF", open=False)

    def start(self, rate):
        """Deliver so many nL/s."""
        self.do("THER:STAR", moves=True, rate=rate)

    def stop(self, command="THER:STOP"):
        self.known = self.known.perhaps(moves=False)
        self.pump.tell(command)
        self.settle()

    def settle(self):
        """Nothing moves any more; a second later that is on record."""
        self.known = self.known.perhaps(moves=False)
        self.run(ON_RECORD_S)
        self.known = self.known.now(moves=False, rate=Fraction(0))

    def move(self, command, rate):
        """Something that moves the motor by at most so many nL/s, and ends by itself."""
        self.do(command, moves=True, rate=rate)
        self.known = self.known.perhaps(moves=False)

    def give(self, command, kind, programmed, rate):
        """A dose of so many ug, at so many nL/s with all that runs."""
        dose = Dose(kind, programmed, self.target.now_ns, self.now_pl())
        doses = (*self.known.doses[0], dose)
        self.do(command, doses=doses, moves=True, rate=max(rate, *self.known.rate))

    def end(self, command, outcome):
        """End the dose under way."""
        *before, last = self.known.doses[0]
        last = replace(last, outcomes=(*last.outcomes, outcome))
        self.known = self.known.now(doses=(*before, last))
        self.pump.tell(command)
        self.given()

    def given(self):
        """The dose is over, which is on record a second later."""
        *_, given, _, outcome = self.pump.ask("BOL:HIST? 1").split(",")
        *before, last = self.known.doses[0]
        assert outcome in last.outcomes
        doses = (*before, replace(last, end=(outcome, given)))
        self.known = self.known.perhaps(doses=doses)
        self.run(ON_RECORD_S)
        self.known = self.known.now(doses=doses)

    def now_pl(self):
        return self.out_pl(self.target.now_ns)

    def out_pl(self, t_ns):
        """The truth: what has left the head in the pump's life, by the calibrations then."""
        count = self.target.plant.edges.count_until(t_ns)
        steps, out_pl, pl_per_rev = [piece for piece in self._pieces if piece[0] <= count][-1]
        return out_pl + Fraction((count - steps) * pl_per_rev, STEPS_PER_REV)


@dataclass(frozen=True)
class Moment:
    """A time in which the power can be cut: what was known, and what was out at its two ends."""

    known: Known
    from_ns: int
    least_pl: Fraction
    most_pl: Fraction


@dataclass(frozen=True)
class Cut:
    """A content of the flash, and when a cut leaves it; `where`: operations and phases."""

    where: list
    flash: Image
    moments: list


def cuts(operator: Operator) -> Iterator[Cut]:
    """Every different flash that a power cut in that session can leave."""
    operations = operator.flash.operations
    assert operations and len(operations) == len(operator.moments)
    standing = []
    for operation, phase, image in images(operator.flash.start, operations):
        where, found = (operation.index, phase), _moments(operator, operation, phase)
        for cut in standing:
            if cut.flash == image:
                cut.where.append(where)
                cut.moments.extend(found)
                break
        else:
            standing.append(Cut([where], image, found))
        if phase == AFTER:
            yield from (cut for cut in standing if cut.flash != image)
            standing = [cut for cut in standing if cut.flash == image]
    yield from standing


def _moments(operator: Operator, operation: Operation, phase):
    """When a cut is in that phase; after an operation: until the next one begins."""
    operations, known, index = operator.flash.operations, operator.moments, operation.index
    from_ns = operation.t_ns
    to_ns = from_ns + (ERASE_NS if operation.kind == "erase" else PROGRAM_NS)
    if phase in (INSIDE, TORN):
        return [_moment(operator, known[index], from_ns, to_ns)]
    if phase == BEFORE:
        return [_moment(operator, known[index], from_ns, from_ns)]
    if index + 1 < len(operations):
        next_ns, then = operations[index + 1].t_ns, known[index + 1]
    else:
        next_ns, then = operator.target.now_ns, operator.known
    return [
        _moment(operator, known[index], to_ns, to_ns),
        _moment(operator, then, next_ns, next_ns),
    ]


def _moment(operator, known, from_ns, to_ns):
    return Moment(known, from_ns, operator.out_pl(from_ns), operator.out_pl(to_ns))
