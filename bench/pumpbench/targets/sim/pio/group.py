# SPDX-License-Identifier: MIT
"""State machines that advance together, in one order of time.

The two blocks of PIO share only pins. While neither reads a pin that the other one drives, each is
a group of its own, so that one costs the other nothing; otherwise both are one group. The machines
of a block share its flags and its output levels. While they use no flags, and none writes a pin
that another one reads or writes, each of them is a group of its own.
"""

from collections.abc import Sequence

from pumpbench.targets.sim.pins import SIO, Pins
from pumpbench.targets.sim.pio.loops import Loops
from pumpbench.targets.sim.pio.machine import Home, Machine


class Group:
    """One machine, those of one block, or those of both."""

    def __init__(self, pins: Pins, machines: list[Machine]) -> None:
        self.pins = pins
        self.blocks = list(dict.fromkeys(m.block for m in machines))
        self.machines = machines
        self.running: list[Machine] = []
        self.running_mask = 0
        self.pin_mask = 0  # of the pins that its machines may read or write
        self.until_ns = 0  # the end of the present `advance`
        self.limit_ns = -1  # until then one machine may go on without the others
        self.loops = Loops(self)
        self._watched: Machine | None = None

    def take_over(self) -> None:
        """Let the machines advance in this group from now on."""
        pin_mask = 0
        for machine in self.machines:
            machine.group = self
            pin_mask |= machine.reads | machine.writes
        self.running[:] = [m for m in self.machines if m.enabled]
        self.running_mask = sum(1 << m.id for m in self.running)
        self.loops.is_tracing = False
        if pin_mask != self.pin_mask:
            self.pin_mask = pin_mask
            self.loops.forget()

    def advance(self, until_ns: int) -> None:
        """Execute everything that is due until `until_ns`, that instant included."""
        self.until_ns = until_ns
        running, loops = self.running, self.loops
        while True:
            machine, due_ns, other_ns = None, self.until_ns + 1, self.until_ns + 1
            for candidate in running:
                candidate_ns = candidate.due_ns
                if candidate_ns < due_ns:
                    machine, due_ns, other_ns = candidate, candidate_ns, due_ns
                elif candidate_ns < other_ns:
                    other_ns = candidate_ns
            if machine is None:
                break
            if loops.is_tracing:
                loops.step(machine)
                continue
            self.limit_ns = other_ns - 1
            ops = machine.ops
            ops[machine.pc]()
            while machine.due_ns <= self.limit_ns:
                ops[machine.pc]()

    def advance_to_fifo(self, machine: Machine, until_ns: int) -> int:
        """As `advance`, but stop when the machine has moved a word. Returns the time reached."""
        self._watched = machine
        self.advance(until_ns)
        self._watched = None
        return self.until_ns

    def fifo_moved(self, machine: Machine, t_ns: int) -> None:
        """A machine of the group took a word from its TX FIFO or put one into its RX FIFO."""
        if machine is self._watched:
            self.until_ns, self.limit_ns = t_ns, -1

    def woken(self, due_ns: int) -> None:
        """To be called when a machine has become due."""
        if due_ns <= self.limit_ns:
            self.limit_ns = due_ns - 1


class Groups:
    """All possible groups, and the choice among them."""

    def __init__(self, pins: Pins, blocks: Sequence[Home]) -> None:
        self._nets = pins.nets
        self._blocks = blocks
        self._joint = Group(pins, [m for block in blocks for m in block.machines])
        self._apart = [Group(pins, block.machines) for block in blocks]
        self._single = [Group(pins, [machine]) for machine in self._joint.machines]

    def forget(self, machine: Machine | None = None) -> None:
        """Drop the knowledge about the machine, or about all."""
        for group in (self._joint, *self._apart, *self._single):
            if machine is None or machine in group.machines:
                group.loops.forget()

    def choose(self, *, extrapolate: bool) -> list[Group]:
        """Let all machines advance in groups as small as possible, or else in one."""
        reads, drives = [0, 0], [0, 0]
        for machine in self._joint.machines:
            reads[machine.block.number] |= machine.reads
        for net in self._nets:
            if net.function < SIO:
                drives[net.function] |= 1 << net.number
        if not extrapolate or reads[0] & drives[1] or reads[1] & drives[0]:
            groups = [self._joint]
        else:
            groups = []
            for block, group in zip(self._blocks, self._apart, strict=True):
                machines = block.machines
                groups += [self._single[m.id] for m in machines] if _is_loose(block) else [group]
        for group in groups:
            group.take_over()
        return [group for group in groups if group.running]


def _is_loose(block: Home) -> bool:
    """Whether no machine of the block can affect another one."""
    if any(machine.uses_flags for machine in block.machines):
        return False
    return not any(
        one.writes & (other.reads | other.writes)
        for one in block.machines
        for other in block.machines
        if one is not other
    )
