# SPDX-License-Identifier: MIT
"""One PIO state machine: its registers, FIFOs and settings, and the accesses of the processor.

The effects of its instructions are in `decode`. Times are integer nanoseconds since power-up. The
caller brings the whole of PIO up to the present before it accesses a machine. The interfaces to
the other parts are defined here: `Around`, `Home` and `Company` stand for `blocks` and `group`.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from pumpbench.targets.sim.pins import Net, Pins
from pumpbench.targets.sim.pio.asm import Program

NEVER_NS = 1 << 62
FIFO_DEPTH = 4
MASK = 0xFFFFFFFF

# Tries an instruction at t_ns: None when done, or the function to try when its stall may end.
Attempt = Callable[[int], Any]


class Settings:
    """The settings of a state machine; names as in the RP2040 data sheet, counts of pins."""

    def __init__(self) -> None:
        self.period_ns = 8  # a PIO cycle
        self.wrap_bottom, self.wrap_top = 0, 31
        self.in_base = self.jmp_pin = 0
        self.out_base = self.out_count = 0
        self.set_base = self.set_count = 0
        self.side_base = self.side_count = 0
        self.side_optional = self.side_pindir = False
        self.in_right = self.out_right = True
        self.autopush = self.autopull = False
        self.push_thresh = self.pull_thresh = 32


class Around(Protocol):
    """The PIO that a machine is a part of, in the view of the machine."""

    pins: Pins

    def changed(self, machine: "Machine") -> None: ...

    def machines_changed(self) -> None: ...

    def forget_trace(self) -> None: ...

    def fifo_moved(self, machine: "Machine", t_ns: int) -> None: ...

    def decode_once(
        self, machine: "Machine", word: int
    ) -> tuple[Attempt, Callable[[int], None] | None]: ...


class Home(Protocol):
    """The block of a machine."""

    number: int
    flags: int
    memory: list[int]

    @property
    def machines(self) -> list["Machine"]: ...

    def load(self, program: Program) -> int: ...

    def flags_changed(self, t_ns: int) -> None: ...


class Skips(Protocol):
    """The skips over repetitions, called at each anchor, see `loops`."""

    is_tracing: bool
    changes: list[tuple[Net, int, int]]

    def arrived(self, machine: "Machine") -> bool: ...


class Company(Protocol):
    """The machines that a machine advances with."""

    running: list["Machine"]

    @property
    def loops(self) -> Skips: ...

    def advance_to_fifo(self, machine: "Machine", until_ns: int) -> int: ...

    def fifo_moved(self, machine: "Machine", t_ns: int) -> None: ...

    def woken(self, due_ns: int) -> None: ...


class Machine:
    """State machine `number` (0 to 3) of a block."""

    group: Company

    def __init__(self, pio: Around, block: Home, number: int) -> None:
        self.pio = pio
        self.block = block
        self.number = number
        self.id = block.number * 4 + number
        self.settings = Settings()
        self.ops: list[Callable[[], None]] = []  # by address
        self.steps: list[Callable[[], None]] = []  # the same, without the skips of `Loops`
        self.anchors: set[int] = set()  # addresses where `Loops` looks for skips
        self.uses: list[Any] = []  # reads and writes of each instruction
        self.reads = 0  # mask of the pins that they and those of `once` may read
        self.writes = 0  # mask of the pins that they may set or turn round
        self.uses_flags = False  # one of them sets or waits for an IRQ flag
        self.is_decoded = False  # the decoded fields above are up to date
        self.once: dict[int, tuple] = {}  # decoded instructions that the processor writes
        self.enabled = False
        self.initial_pc = 0
        self.pc = 0
        self.x = self.y = 0
        self.isr, self.isr_count = 0, 0
        self.osr, self.osr_count = 0, 32
        self.tx: deque[int] = deque()
        self.rx: deque[int] = deque()
        self.feed: Callable[[], None] | None = None  # DMA's, when the TX FIFO has room
        self.due_ns = NEVER_NS  # when the next instruction starts
        # A stalled machine tries this again whenever its cause may have ended.
        self.attempt: Attempt | None = None
        self.after_pc = 0
        self.after_ns = 0
        self.is_exec_stalled = False
        # A `jmp(x_dec, self)` is one event from spin_start_ns to spin_end_ns.
        self.spin_start_ns, self.spin_end_ns = 0, -1
        self.spin_register, self.spin_count, self.spin_ns, self.spin_pc = "x", 0, 0, 0

    def stall(self, attempt: Attempt, after_pc: int, after_ns: int) -> None:
        """The present instruction waits until `attempt` succeeds."""
        self.attempt = attempt
        self.after_pc = after_pc
        self.after_ns = after_ns
        self.due_ns = NEVER_NS

    def poke(self, t_ns: int) -> None:
        """To be called after a change that a stalled machine may have waited for."""
        if self.attempt is None or not (self.enabled or self.is_exec_stalled):
            return
        pc = self.pc
        if not self.is_exec_stalled:
            self.pc = self.after_pc  # before the attempt, which may be an `out(pc, ...)`
        self.attempt = self.attempt(t_ns)
        if self.attempt is not None:
            self.pc = pc
            return
        self.is_exec_stalled = False
        if self.enabled:
            self.due_ns = t_ns + self.after_ns
            self.group.woken(self.due_ns)

    def settle(self, now_ns: int) -> None:
        """Undo the part of a spin that lies after `now_ns`."""
        if self.due_ns == self.spin_end_ns and self.due_ns > now_ns:
            done = (now_ns - self.spin_start_ns) // self.spin_ns + 1
            if done <= self.spin_count:
                setattr(self, self.spin_register, self.spin_count - done)
                self.due_ns = self.spin_start_ns + done * self.spin_ns
                self.pc = self.spin_pc
        self.spin_end_ns = -1

    def set_enabled(self, enabled: bool, now_ns: int) -> None:
        """Enable or disable it; an enabled machine runs its next instruction at once."""
        if enabled == self.enabled:
            return
        self.settle(now_ns)
        self.enabled = enabled
        if not enabled:
            self.due_ns = NEVER_NS
        elif self.attempt is None:
            self.due_ns = now_ns
        else:
            self.poke(now_ns)
        self.pio.machines_changed()

    def restart(self, now_ns: int) -> None:
        """Forget shift counts, ISR and stalls and go to the program's start; X, Y, OSR stay."""
        self.settle(now_ns)
        self.isr, self.isr_count, self.osr_count = 0, 0, 32
        self.forget_stall()
        self.pc = self.initial_pc
        self.due_ns = now_ns if self.enabled else NEVER_NS
        self.pio.machines_changed()

    def forget_stall(self) -> None:
        self.attempt = None
        self.is_exec_stalled = False

    def put(self, word: int, now_ns: int) -> None:
        """Add a word of the processor to the TX FIFO; it is lost when there is no room."""
        if len(self.tx) < FIFO_DEPTH:
            self.tx.append(word & MASK)
            self.pio.forget_trace()
            self.poke(now_ns)

    def get(self, now_ns: int) -> int:
        """Remove a word from the RX FIFO for the processor; there must be one."""
        self.pio.forget_trace()
        word = self.rx.popleft()
        if len(self.rx) == FIFO_DEPTH - 1:  # it was full: a push may have waited
            self.poke(now_ns)
        return word

    def execute(self, word: int, now_ns: int) -> None:
        """Execute an instruction of the processor, not of the program; its delay is ignored."""
        if self.spin_end_ns >= 0:
            self.settle(now_ns)
        pio, pc = self.pio, self.pc
        self.group.loops.is_tracing = False
        effect, side = self.once.get(word) or pio.decode_once(self, word)
        again = effect(now_ns)
        if side is not None:
            side(now_ns)
        if again is not None:
            self.stall(again, pc, self.settings.period_ns)
            self.is_exec_stalled = True
        elif self.pc != pc:
            self.forget_stall()
            if self.enabled and self.due_ns == NEVER_NS:
                self.due_ns = now_ns
