# SPDX-License-Identifier: MIT
"""Skips over stretches of PIO that have been seen before: many rounds of a loop are one addition.

At certain places of a program (anchors: where a spin ends, or else where a loop begins) the
instructions that all machines of the group execute from there to the next such place with the same
levels are recorded once. They are repeated, shifted in time, whenever their whole input is the
same: the position of every machine, pins, flags, and the registers that are read. A register that
only counts down may differ, as long as it is not tested at zero. Such a `Stretch` that ends where
it began is a round, and as many rounds as fit are skipped at once.
"""

from typing import Any, NamedTuple, Protocol

from pumpbench.targets.sim.pins import Net, Pins
from pumpbench.targets.sim.pio.machine import MASK, NEVER_NS, Home, Machine

STEPS_MAX = 300  # instructions in a stretch; longer ones are not worth a search
KINDS_MAX = 4
STRETCHES_MAX = 2_000


class Counter(NamedTuple):
    """A register that is counted down by `step`; tested at most `ahead` below, or never."""

    machine: Machine
    register: str
    step: int
    ahead: int | None

    def rounds_left(self) -> int:
        value = getattr(self.machine, self.register) - self.ahead
        return (value - 1) // self.step + 1 if value > 0 else 0


class Stretch(NamedTuple):
    """The input and effects of a stretch; times are counted from its beginning."""

    is_round: bool
    period_ns: int
    last_ns: int  # when its last instruction starts
    counters: list[Counter]
    tested: list[Counter]
    finals: list[tuple[Machine, dict[str, object], dict[str, int]]]  # attributes, and times
    changes: list[tuple[Net, list[tuple[int, int]]]]  # nets, with (time, level)


class Kind:
    """The stretches from one anchor that depend on the same registers, by their values."""

    def __init__(self, live: list[tuple[Machine, str]]) -> None:
        self.live = live
        self.stretches: dict[tuple, Stretch] = {}

    def key(self, place: tuple) -> tuple:
        values = [getattr(m, name) for m, name in self.live]
        return place, *values


class Advancing(Protocol):
    """The machines that advance together, in the view of skips; see `group`."""

    pins: Pins
    blocks: list[Home]
    running: list[Machine]
    running_mask: int
    pin_mask: int
    until_ns: int
    limit_ns: int


class Loops:
    """Records stretches and skips them, for one group of machines."""

    def __init__(self, group: Advancing) -> None:
        self._group = group
        self._kinds: dict[tuple[Machine, int, int], list[Kind]] = {}
        # Places where no stretch was found after the last round: (anchor, place).
        self._vain: set[tuple[tuple[Machine, int, int], tuple]] = set()
        self.is_tracing = False
        self.changes: list[tuple[Net, int, int]] = []  # of pins, while tracing: (net, t_ns, level)
        self._steps: list[tuple[Machine, int, int, int, int]] = []
        self._anchor: tuple[Machine, int, int]
        self._is_last = False  # all known rounds there had been made
        self._passed: set[int] = set()  # other anchors that were passed, while tracing
        self._start_ns = 0
        self._start: tuple = ()
        self._before: dict[Machine, dict[str, Any]] = {}

    def forget(self) -> None:
        """To be called when programs or settings have changed."""
        self.is_tracing = False
        self._kinds.clear()
        self._vain.clear()

    def arrived(self, machine: Machine) -> bool:
        """The machine is about to execute an anchor. Returns whether it must not, for now."""
        group = self._group
        pc, now_ns = machine.pc, machine.due_ns
        place = self._place(now_ns)
        anchor = machine, pc, group.running_mask
        is_last = False
        for kind in self._kinds.get(anchor, ()):
            known = kind.stretches.get(kind.key(place))
            if known is not None:
                count = (group.until_ns - now_ns - known.last_ns) // known.period_ns + 1
                for counter in known.tested:
                    count = min(count, counter.rounds_left())
                for net, changes in known.changes:
                    if net.room is not None:
                        count = min(count, net.repeats(changes))
                if count > 0:
                    self._skip(known, now_ns, count if known.is_round else 1)
                    return True
                if now_ns + known.last_ns > group.until_ns:
                    return False
                is_last = is_last or known.is_round
        if is_last and (anchor, place) in self._vain:
            return False
        self._is_last = is_last
        self._begin(anchor, place, now_ns)
        return True

    def _begin(self, anchor: tuple[Machine, int, int], place: tuple, now_ns: int) -> None:
        self.is_tracing = True
        self._group.limit_ns = -1
        self._anchor, self._start, self._start_ns = anchor, place, now_ns
        self._steps, self.changes = [], []
        self._passed.clear()
        self._before = {m: dict(vars(m)) for m in self._group.running}

    def step(self, machine: Machine) -> None:
        """Execute and record one instruction of the machine, or end the stretch.

        It ends where it began, or at an anchor that is passed twice before that.
        """
        pc = machine.pc
        is_end = machine.uses[pc].is_opaque
        is_anchor = machine is self._anchor[0] and pc in machine.anchors
        if is_anchor and self._levels_and_flags() == self._start[0]:
            is_end = is_end or pc == self._anchor[1] or pc in self._passed
            self._passed.add(pc)
        if is_end and self._steps:
            self.is_tracing = False
            if not self._learn() and self._is_last:
                self._vain.add((self._anchor, self._start))
            return
        self._steps.append((machine, pc, machine.x, machine.y, machine.due_ns))
        machine.steps[pc]()
        if len(self._steps) > STEPS_MAX:
            self.is_tracing = False

    def _learn(self) -> bool:
        """Keep the recorded stretch, if it is valid. Returns whether it is."""
        machine = self._anchor[0]
        end_ns = machine.due_ns
        place = self._place(end_ns)
        period_ns = end_ns - self._start_ns
        if end_ns >= NEVER_NS or period_ns < 1 or place[0] != self._start[0]:
            return False
        notes = _Notes()
        for step in self._steps:
            if not notes.take(*step[:4]):
                return False
        live = notes.live_registers()
        is_round = place == self._start and all(
            self._before[m][name] == getattr(m, name) for m, name in live
        )
        counters = notes.counters(self._before)
        tested = [counter for counter in counters if counter.ahead is not None]
        finals = [(m, *self._finals_of(m, notes, is_round, end_ns)) for m in self._group.running]
        stretch = Stretch(
            is_round, period_ns, self._steps[-1][4] - self._start_ns, counters, tested,
            [final for final in finals if final[1] or final[2]], self._changes_by_net(),
        )  # fmt: skip
        self._keep(live, stretch)
        return True

    def _keep(self, live: list[tuple[Machine, str]], stretch: Stretch) -> None:
        kinds = self._kinds.setdefault(self._anchor, [])
        for kind in kinds:
            if kind.live == live:
                break
        else:
            kind = Kind(live)
            if len(kinds) >= KINDS_MAX:
                kinds.clear()
            kinds.append(kind)
        if len(kind.stretches) >= STRETCHES_MAX:
            kind.stretches.clear()
        # The key is made of the values at the beginning.
        values = [self._before[m][name] for m, name in live]
        kind.stretches[(self._start, *values)] = stretch

    def _place(self, now_ns: int) -> tuple:
        """The state of everything but the registers; times count from now."""
        place: list[object] = [self._levels_and_flags()]
        for m in self._group.running:
            place += m.pc, m.due_ns - now_ns if m.due_ns < NEVER_NS else m.attempt
        return tuple(place)

    def _levels_and_flags(self) -> tuple[int, ...]:
        group = self._group
        levels = group.pins.levels & group.pin_mask
        return levels, *[block.flags for block in group.blocks]

    def _finals_of(
        self, m: Machine, notes: "_Notes", is_round: bool, end_ns: int
    ) -> tuple[dict[str, object], dict[str, int]]:
        """The final attributes of the machine, and those that are times after the end."""
        before = self._before[m]
        values = {name: getattr(m, name) for name in notes.written_by(m)}
        if not is_round:
            names = ("pc", "attempt", "after_pc", "after_ns")
            values |= {name: getattr(m, name) for name in names}
        if m.due_ns >= NEVER_NS:
            if before["due_ns"] < NEVER_NS:
                values["due_ns"] = NEVER_NS
            return values, {}
        times = {"due_ns": m.due_ns - end_ns}
        if m.due_ns == m.spin_end_ns:
            names = ("spin_register", "spin_count", "spin_ns", "spin_pc")
            values |= {name: getattr(m, name) for name in names}
            times |= {name: getattr(m, name) - end_ns for name in ("spin_start_ns", "spin_end_ns")}
        return values, times

    def _changes_by_net(self) -> list[tuple[Net, list[tuple[int, int]]]]:
        nets: dict[Net, list[tuple[int, int]]] = {}
        for net, t_ns, level in self.changes:
            nets.setdefault(net, []).append((t_ns - self._start_ns, level))
        return list(nets.items())

    def _skip(self, known: Stretch, now_ns: int, count: int) -> None:
        """Apply the stretch `count` times from now on."""
        period_ns = known.period_ns
        end_ns = now_ns + count * period_ns
        for m, values, times in known.finals:
            attributes = vars(m)
            attributes.update(values)
            for name, after_ns in times.items():
                attributes[name] = end_ns + after_ns
        for m, register, step, _ in known.counters:
            setattr(m, register, (getattr(m, register) - count * step) & MASK)
        for net, changes in known.changes:
            net.repeat(changes, now_ns, period_ns, count)
        self._group.limit_ns = -1


class _Notes:
    """The effects of the instructions of a stretch on the registers."""

    def __init__(self) -> None:
        self._written: dict[tuple[Machine, str], None] = {}
        self._live: dict[tuple[Machine, str], None] = {}
        self._tested: dict[tuple[Machine, str], int] = {}  # the least value tested
        self._counted: dict[tuple[Machine, str], int] = {}

    def take(self, m: Machine, pc: int, x: int, y: int) -> bool:
        """Record an instruction executed with these registers; False if it excludes a stretch."""
        use = m.uses[pc]
        if use.is_opaque:
            return False
        for name in use.reads:
            self._read(m, name)
            if name in ("isr", "osr"):
                self._read(m, f"{name}_count")
        if use.tests and (m, use.tests) not in self._written:
            key, value = (m, use.tests), x if use.tests == "x" else y
            self._tested[key] = min(value, self._tested.get(key, value))
        if use.counts_down:
            key = m, use.counts_down
            self._counted[key] = self._counted.get(key, 0) + 1
        for name in use.writes:
            self._written[m, name] = None
            if name in ("isr", "osr"):
                self._written[m, f"{name}_count"] = None
        return True

    def _read(self, m: Machine, name: str) -> None:
        if (m, name) not in self._written:
            self._live[m, name] = None

    def live_registers(self) -> list[tuple[Machine, str]]:
        """The registers whose values the stretch depends on; their counting down is a write."""
        for key in (*self._tested, *self._counted):
            is_counter = key in self._counted and key not in self._written
            if key not in self._live and is_counter and self._tested.get(key) != 0:
                continue
            if key in self._counted:
                self._written[key] = None
                del self._counted[key]
            if key in self._tested or key not in self._written:
                self._live[key] = None
        return list(self._live)

    def counters(self, before: dict) -> list[Counter]:
        """The registers that only count down; to be called after `live_registers`."""
        counters = []
        for (m, name), step in self._counted.items():
            least = self._tested.get((m, name))
            ahead = None if least is None else (before[m][name] - least) & MASK
            counters.append(Counter(m, name, step, ahead))
        return counters

    def written_by(self, machine: Machine) -> list[str]:
        return [name for m, name in self._written if m is machine]
