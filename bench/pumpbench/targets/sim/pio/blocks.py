# SPDX-License-Identifier: MIT
"""The PIO of the fake chip: two blocks of four state machines, run in virtual time.

`advance` executes every instruction that starts at or before the given instant, the machines of a
group (see `group`) in order of time, at one instant in order of their numbers. `loops`
skips over repetitions; with `extrapolate=False` every instruction is executed, in one order of
time, and the outcome is the same, only slower.
"""

from collections.abc import Callable, Iterator

from pumpbench.targets.sim.pins import Net, Pins
from pumpbench.targets.sim.pio.asm import Program
from pumpbench.targets.sim.pio.decode import make_condition, make_effect, make_side
from pumpbench.targets.sim.pio.fields import JMP, split
from pumpbench.targets.sim.pio.group import Group, Groups
from pumpbench.targets.sim.pio.machine import MASK, Attempt, Company, Machine
from pumpbench.targets.sim.pio.uses import pins_read, pins_written, use_of, uses_flags

MEMORY_WORDS = 32


class Block:
    """Four machines, their instruction memory and their eight IRQ flags."""

    def __init__(self, pio: "Pio", number: int) -> None:
        self.number = number
        self.flags = 0
        self.memory = [0] * MEMORY_WORDS
        self.machines = [Machine(pio, self, i) for i in range(4)]
        self._used = 0  # words of memory taken, a bit each
        self._offsets: list[tuple[Program, int]] = []

    def load(self, program: Program) -> int:
        """The address of the program in memory; loads it if needed. OSError without room."""
        for known, offset in self._offsets:
            if known is program:
                return offset
        size = len(program.words)
        for offset in range(MEMORY_WORDS - size, -1, -1):
            mask = ((1 << size) - 1) << offset
            if not self._used & mask:
                break
        else:
            raise OSError(12, "ENOMEM: no room in PIO memory")
        self._used |= mask
        for i, word in enumerate(program.words):
            self.memory[offset + i] = word + offset if word >> 13 == JMP else word
        self._offsets.append((program, offset))
        for machine in self.machines:
            machine.pio.changed(machine)
        return offset

    def unload(self, program: Program | None = None) -> None:
        """Free a program's memory, or all of it."""
        for known, offset in list(self._offsets):
            if program is None or known is program:
                self._used &= ~(((1 << len(known.words)) - 1) << offset)
                self._offsets.remove((known, offset))

    def flags_changed(self, t_ns: int) -> None:
        for machine in self.machines:
            if machine.attempt is not None:
                machine.poke(t_ns)


class Pio:
    """Both blocks. The caller must `advance` to the present before it accesses anything in it."""

    def __init__(self, pins: Pins, *, extrapolate: bool = True) -> None:
        self.pins = pins
        self.extrapolate = extrapolate
        self.now_ns = 0
        self.blocks = [Block(self, 0), Block(self, 1)]
        self.machines = [m for block in self.blocks for m in block.machines]
        self.running: list[Machine] = []
        self._possible = Groups(pins, self.blocks)
        self.groups: list[Group] = []  # groups with running machines
        self._advancing: Company | None = None
        pins.on_change = self._pin_changed
        pins.on_route = self._pins_rerouted
        self._regroup()

    def advance(self, until_ns: int) -> None:
        """Execute everything that is due until `until_ns`, that instant included."""
        if not self._is_grouped:
            self._regroup()
        for group in self.groups:
            self._advancing = group
            group.advance(until_ns)
        self._advancing = None
        self.now_ns = until_ns

    def advance_to_fifo(self, machine: Machine, until_ns: int) -> int:
        """As `advance`, but stop when the machine has moved a word. Returns the time reached."""
        if not self._is_grouped:
            self._regroup()
        self._advancing = machine.group
        until_ns = machine.group.advance_to_fifo(machine, until_ns)
        self.advance(until_ns)
        return until_ns

    def fifo_moved(self, machine: Machine, t_ns: int) -> None:
        """The machine took a word from its TX FIFO or put one into its RX FIFO."""
        machine.group.fifo_moved(machine, t_ns)
        if machine.feed is not None:
            machine.feed()

    def _pins_rerouted(self) -> None:
        self._possible.forget()
        self._ungroup()

    def _ungroup(self) -> None:
        """The running machines, or their shared state, may have changed: regroup later."""
        self._is_grouped = False

    def _regroup(self) -> None:
        """Let machines that cannot affect each other advance separately."""
        self._is_grouped = True
        self.groups = self._possible.choose(extrapolate=self.extrapolate)

    def stop(self) -> None:
        """The chip was reset: stop all machines."""
        for machine in self.machines:
            machine.set_enabled(False, self.now_ns)

    def machines_changed(self) -> None:
        """To be called when machines were enabled, disabled or set up anew."""
        self.forget_trace()
        self.running[:] = [m for m in self.machines if m.enabled]
        self._ungroup()
        for machine in self.running:
            if not machine.is_decoded:
                self._decode(machine)

    def forget_trace(self) -> None:
        for group in self.groups:
            group.loops.is_tracing = False

    def _pin_changed(self, net: Net, level: int, t_ns: int) -> None:
        group = self._advancing
        for machine in self.running if group is None else group.running:
            if machine.attempt is not None:
                machine.poke(t_ns)
        if group is not None and group.loops.is_tracing:
            group.loops.changes.append((net, t_ns, level))

    def changed(self, machine: Machine) -> None:
        """To be called when the memory or the machine's settings have changed: decodes anew."""
        machine.is_decoded = False
        machine.once.clear()
        if machine.enabled:
            self._decode(machine)

    def _decode(self, machine: Machine) -> None:
        """Make the operations of all instructions in memory, for this machine's settings."""
        machine.is_decoded = True
        self._possible.forget(machine)
        self._ungroup()
        s, memory = machine.settings, machine.block.memory
        following = [s.wrap_bottom if pc == s.wrap_top else (pc + 1) & 31 for pc in range(32)]
        machine.uses = [use_of(machine, pc, memory[pc], following[pc]) for pc in range(32)]
        if not machine.is_exec_stalled:
            machine.reads, machine.uses_flags = 0, False
        machine.writes = pins_written(machine)
        for word in (*memory, *machine.once):
            _note(machine, word)
        machine.steps = [self._operation(machine, pc, following[pc]) for pc in range(32)]
        machine.ops = list(machine.steps)
        machine.anchors = set()
        if self.extrapolate:
            machine.anchors = set(_anchors(machine, following))
        for pc in machine.anchors:
            machine.ops[pc] = _anchored(machine, machine.steps[pc])

    def decode_once(self, machine: Machine, word: int) -> tuple[Attempt, Callable | None]:
        """Effect and side-set of an instruction that the processor writes."""
        side = make_side(machine, split(machine, word).side)
        machine.once[word] = make_effect(machine, word), side
        _note(machine, word)
        self._ungroup()
        return machine.once[word]

    def _operation(self, machine: Machine, pc: int, next_pc: int) -> Callable[[], None]:
        word = machine.block.memory[pc]
        fields = split(machine, word)
        side = make_side(machine, fields.side)
        cost_ns = machine.settings.period_ns * (1 + fields.delay)
        if fields.kind == JMP:
            if self.extrapolate and _is_spin(machine, pc):
                register = "x" if fields.high == 2 else "y"
                return _spin(machine, pc, next_pc, cost_ns, side, register)
            condition = make_condition(machine, fields.high)
            return _jump(machine, fields.low, next_pc, cost_ns, side, condition)
        return _plain(machine, pc, next_pc, cost_ns, side, make_effect(machine, word))


def _note(machine: Machine, word: int) -> None:
    """Note that the machine may execute the instruction."""
    machine.reads |= pins_read(machine, word)
    machine.uses_flags |= uses_flags(word)


def _is_spin(machine: Machine, pc: int) -> bool:
    """Whether the instruction is a jmp to itself that counts down to zero."""
    word = machine.block.memory[pc]
    return word >> 13 == JMP and word & 0x1F == pc and word >> 5 & 7 in (2, 4)


def _anchors(machine: Machine, following: list[int]) -> Iterator[int]:
    """The ends of spins, and the beginnings of loops that run by themselves and have no spin.

    No stretch begins with an opaque instruction: a spin of another program ends there.
    """
    for pc in range(MEMORY_WORDS):
        if _is_spin(machine, pc):
            if not machine.uses[following[pc]].is_opaque:
                yield following[pc]
            continue
        word = machine.block.memory[pc]
        target = word & 0x1F if word >> 13 == JMP else following[pc]
        body = range(target, pc + 1)
        if target <= pc and all(_runs_by_itself(machine, i) for i in body):
            yield target


def _runs_by_itself(machine: Machine, pc: int) -> bool:
    use = machine.uses[pc]
    return not (use.waits or use.is_opaque or _is_spin(machine, pc))


def _anchored(machine: Machine, step: Callable[[], None]) -> Callable[[], None]:
    def operation() -> None:
        if not machine.group.loops.arrived(machine):
            step()

    return operation


def _plain(m: Machine, pc, next_pc, cost_ns, side, effect) -> Callable[[], None]:
    def operation() -> None:
        t_ns = m.due_ns
        m.pc = next_pc
        m.due_ns = t_ns + cost_ns
        again = effect(t_ns)
        if again is not None:
            m.pc = pc
            m.stall(again, next_pc, cost_ns)
        if side is not None:
            side(t_ns)

    return operation


def _jump(m: Machine, target, next_pc, cost_ns, side, condition) -> Callable[[], None]:
    def operation() -> None:
        t_ns = m.due_ns
        m.due_ns = t_ns + cost_ns
        m.pc = target if condition() else next_pc
        if side is not None:
            side(t_ns)

    return operation


def _spin(m: Machine, pc, next_pc, cost_ns, side, register) -> Callable[[], None]:
    """A jmp to itself that counts down to zero, as one event; `settle` undoes the excess."""

    def operation() -> None:
        t_ns = m.due_ns
        count = getattr(m, register)
        m.spin_register, m.spin_count, m.spin_ns, m.spin_pc = register, count, cost_ns, pc
        m.spin_start_ns = t_ns
        m.due_ns = m.spin_end_ns = t_ns + (count + 1) * cost_ns
        setattr(m, register, MASK)
        m.pc = next_pc
        if side is not None:
            side(t_ns)

    return operation
