# SPDX-License-Identifier: MIT
"""Skips over repetitions of PIO: when all machines together go round in a circle, many rounds are
one addition.

Each time a machine closes a loop of its program, the whole of PIO is compared with how it stood
when that loop was closed last. If nothing differs but registers that only count down, then the
instructions between the two are a `Round`: the next rounds will be the same, shifted in time, as
long as no counter that is tested reaches zero. A round is remembered, and found again by what it
depends on: where every machine stands, pins, flags, and those registers that it reads.
"""

from typing import NamedTuple

from pumpbench.sim.pio_machine import MASK, NEVER_NS, Machine

TRACE_MAX = 300  # instructions in a round; a longer one is not worth looking for
ROUNDS_MAX = 2_000


class Counter(NamedTuple):
    """A register that a round counts down by `step`; tested at most `ahead` steps down, or never."""

    machine: Machine
    register: str
    step: int
    ahead: int | None

    def rounds_left(self) -> int:
        if self.ahead is None:
            return NEVER_NS
        value = getattr(self.machine, self.register) - self.ahead
        return (value - 1) // self.step + 1 if value > 0 else 0


class Round(NamedTuple):
    """What one round takes and does."""

    period_ns: int
    counters: list[Counter]
    finals: list[tuple[Machine, dict[str, int]]]  # registers that it sets
    changes: list[tuple[object, list[tuple[int, int]]]]  # nets, with (ns after closing, level)


class Kind:
    """The rounds of one loop that differ in values only, by those values."""

    def __init__(self, live: list[tuple[Machine, str]]) -> None:
        self.live = live  # the registers that a round reads before it sets them
        self.rounds: dict[tuple, Round] = {}


class Loops:
    """Finds rounds and skips them, for one `Pio`."""

    def __init__(self, pio: "Pio") -> None:  # noqa: F821
        self._pio = pio
        self._kinds: dict[tuple[int, int, int], Kind] = {}
        self.is_tracing = False
        self.changes: list = []
        self._steps: list[tuple[Machine, int, int, int]] = []
        self._anchor: tuple[int, int, int] | None = None
        self._start_ns = 0
        self._place: tuple = ()
        self._registers: dict[Machine, dict[str, int]] = {}

    def forget(self) -> None:
        """Programs or settings changed."""
        self.is_tracing = False
        self._kinds.clear()

    def step(self, machine: Machine) -> None:
        """Execute one instruction of the machine and take a note of it."""
        self._steps.append((machine, machine.pc, machine.x, machine.y))
        machine.ops[machine.pc]()
        if len(self._steps) > TRACE_MAX:
            self.is_tracing = False

    def closed(self, machine: Machine, t_ns: int) -> None:
        """The machine closed a loop with the instruction at t_ns."""
        anchor = machine.id, machine.pc, self._pio.running_mask
        if self.is_tracing:
            if anchor != self._anchor:
                return
            self.is_tracing = False
            self._learn(t_ns)
        place = self._where(t_ns)
        kind = self._kinds.get(anchor)
        known = None if kind is None else kind.rounds.get(_key(place, kind))
        if known is None:
            self._begin(anchor, place, t_ns)
        else:
            self._skip(known, t_ns)

    def _where(self, t_ns: int) -> tuple:
        """Where everything stands but the registers."""
        pio = self._pio
        place = [pio.pins.levels, pio.blocks[0].flags, pio.blocks[1].flags]
        for m in pio.running:
            place.append(m.pc)
            place.append(m.due_ns - t_ns if m.due_ns < NEVER_NS else m.attempt)
        return tuple(place)

    def _begin(self, anchor: tuple[int, int, int], place: tuple, t_ns: int) -> None:
        self.is_tracing = True
        self._pio.limit_ns = -1
        self._anchor, self._place, self._start_ns = anchor, place, t_ns
        self._steps, self.changes = [], []
        self._registers = {m: _registers(m) for m in self._pio.running}

    def _learn(self, t_ns: int) -> None:
        """Remember what happened since `_begin`, if it is a round."""
        if self._where(t_ns) != self._place:
            return
        notes = _Notes()
        if not all(notes.take(*step) for step in self._steps):
            return
        live = notes.live_registers()
        for m, name in live:
            if _value(self._registers[m], name) != _value(_registers(m), name):
                return
        counters = notes.counters(live, self._registers)
        if counters is None:
            return
        kind = self._kinds.get(self._anchor)
        if kind is None or kind.live != live or len(kind.rounds) > ROUNDS_MAX:
            kind = self._kinds[self._anchor] = Kind(live)
        key = _key(self._place, kind)
        kind.rounds[key] = Round(
            t_ns - self._start_ns, counters, notes.finals(), self._changes_by_net()
        )

    def _changes_by_net(self) -> list[tuple[object, list[tuple[int, int]]]]:
        nets: dict = {}
        for net, t_ns, level in self.changes:
            nets.setdefault(net, []).append((t_ns - self._start_ns, level))
        return list(nets.items())

    def _skip(self, known: Round, t_ns: int) -> None:
        """Go as many rounds as there are before `until_ns` and before a counter reaches zero."""
        period_ns = known.period_ns
        count = (self._pio.until_ns - t_ns) // period_ns
        for counter in known.counters:
            count = min(count, counter.rounds_left())
        if count < 1:
            return
        for m, registers in known.finals:
            m.__dict__.update(registers)
        for m, register, step, _ in known.counters:
            setattr(m, register, (getattr(m, register) - count * step) & MASK)
        skipped_ns = count * period_ns
        for m in self._pio.running:
            if m.due_ns < NEVER_NS:
                m.due_ns += skipped_ns
                m.spin_start_ns += skipped_ns
                m.spin_end_ns += skipped_ns
        for net, changes in known.changes:
            net.repeat([(t_ns + after, level) for after, level in changes], period_ns, count)
        self._pio.limit_ns = -1


class _Notes:
    """What the instructions of a round did to the registers."""

    def __init__(self) -> None:
        self._written: dict[tuple[Machine, str], None] = {}
        self._live: dict[tuple[Machine, str], None] = {}
        self._tested: dict[tuple[Machine, str], int] = {}  # the least value tested
        self._counted: dict[tuple[Machine, str], int] = {}

    def take(self, m: Machine, pc: int, x: int, y: int) -> bool:
        """Note an instruction executed with these registers; false if it rules a round out."""
        use = m.uses[pc]
        if use.is_opaque:
            return False
        for name in use.reads:
            if (m, name) not in self._written:
                self._live[m, name] = None
        if use.tests and (m, use.tests) not in self._written:
            key, value = (m, use.tests), x if use.tests == "x" else y
            self._tested[key] = min(value, self._tested.get(key, value))
        if use.counts_down and (m, use.counts_down) not in self._written:
            key = m, use.counts_down
            self._counted[key] = self._counted.get(key, 0) + 1
        for name in use.writes:
            self._written[m, name] = None
        return True

    def live_registers(self) -> list[tuple[Machine, str]]:
        live = dict(self._live)
        for key in (*self._tested, *self._counted):
            if key in self._written or key not in self._counted:
                live[key] = None
        return list(live)

    def counters(self, live: list, before: dict) -> list[Counter] | None:
        """The registers that count down; None if one of them was tested at zero."""
        counters = []
        for (m, name), step in self._counted.items():
            if (m, name) in live:
                continue
            least = self._tested.get((m, name))
            if least == 0:
                return None
            ahead = None if least is None else (before[m][name] - least) & MASK
            counters.append(Counter(m, name, step, ahead))
        return counters

    def finals(self) -> list[tuple[Machine, dict[str, int]]]:
        machines: dict[Machine, dict[str, int]] = {}
        for m, name in self._written:
            registers = machines.setdefault(m, {})
            registers[name] = getattr(m, name)
            if name in ("isr", "osr"):
                registers[f"{name}_count"] = getattr(m, f"{name}_count")
        return list(machines.items())


def _registers(m: Machine) -> dict[str, int]:
    names = ("x", "y", "isr", "isr_count", "osr", "osr_count")
    return {name: getattr(m, name) for name in names}


def _value(registers: dict[str, int], name: str) -> tuple[int, int]:
    return registers[name], registers.get(f"{name}_count", 0)


def _key(place: tuple, kind: Kind) -> tuple:
    values = []
    for m, name in kind.live:
        values.append(getattr(m, name))
        if name == "osr":
            values.append(m.osr_count)
        elif name == "isr":
            values.append(m.isr_count)
    return place, tuple(values)
