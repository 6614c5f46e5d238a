# SPDX-License-Identifier: MIT
"""State machines that advance together, in one order of time.

The two blocks of PIO share nothing but pins. While neither reads a pin that the other one drives,
each is a group of its own, and what one does costs the other nothing; otherwise both are one.
"""

from typing import TYPE_CHECKING

from pumpbench.sim.pins import Pins
from pumpbench.sim.pio_loops import Loops
from pumpbench.sim.pio_machine import Machine

if TYPE_CHECKING:
    from pumpbench.sim.pio import Block


class Group:
    """The machines of one block, or of both."""

    def __init__(self, pins: Pins, blocks: "list[Block]") -> None:
        self.pins = pins
        self.blocks = blocks
        self.machines = [m for block in blocks for m in block.machines]
        self.running: list[Machine] = []
        self.running_mask = 0
        self.pin_mask = 0  # of the pins that its blocks may read or drive
        self.until_ns = 0  # where `advance` is going
        self.limit_ns = -1  # until when one machine may go on without looking at the others
        self.loops = Loops(self)
        self._watched: Machine | None = None

    def take_over(self, pin_mask: int) -> None:
        """From now on the machines advance in this group."""
        for machine in self.machines:
            machine.group = self
        self.running[:] = [m for m in self.machines if m.enabled]
        self.running_mask = sum(1 << m.id for m in self.running)
        self.loops.is_tracing = False
        if pin_mask != self.pin_mask:
            self.pin_mask = pin_mask
            self.loops.forget()

    def advance(self, until_ns: int) -> None:
        """Execute everything that is due until then, that instant included."""
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
        """As `advance`, but stop when the machine has moved a word; the time reached."""
        self._watched = machine
        self.advance(until_ns)
        self._watched = None
        return self.until_ns

    def fifo_moved(self, machine: Machine, t_ns: int) -> None:
        """A machine of the group took a word from its TX FIFO or put one into its RX FIFO."""
        if machine is self._watched:
            self.until_ns, self.limit_ns = t_ns, -1

    def woken(self, due_ns: int) -> None:
        """A machine is due that was not before."""
        if due_ns <= self.limit_ns:
            self.limit_ns = due_ns - 1
