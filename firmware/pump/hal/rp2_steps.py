# SPDX-License-Identifier: MIT
"""The step engine of the rp2 port: PIO times the steps and counts them, Python only queues runs.

A run is one word of the state machine's queue, so a queue never holds half a run: the low 12 bits
are the number of steps, the high 20 bits the delay that makes up the period. Every interval is
right to 1 us and every run ends by itself. The instruction that raises the step pin also sets a
flag that a second state machine counts: the emitted count is exact at any instant, before, during
and after a stop. A third machine counts the rising edges of the pin itself: the witness, which
shares only the wire with the engine.
"""

# The names inside the PIO programs are the assembler's.
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false

import rp2
from machine import Pin
from micropython import const

_STEP_HZ = const(1_000_000)  # one instruction a microsecond
_COUNT_BITS = const(12)
_STEP_US = const(7)  # instructions of one interval, without the pulse and the delay
_DELAY_US = const(5)  # instructions of a run without steps, without the delay
_LOW_US = const(2)  # from the end of a pulse to the next fetch
_TEST_US = const(500)  # between two steps of a test
_QUEUE = const(4)  # words that a queue holds
_PIN_FLAG = const(4)  # PIO IRQ flags 4..7 do not interrupt the processor
_MASK = const(0xFFFFFFFF)


def step_program(high_us):
    """The step program: fetches a run; waits and steps until it is done. high_us: 1..15."""

    @rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
    def program():
        wrap_target()
        label("fetch")
        pull().side(0)
        out(y, 12).side(0)
        label("interval")
        mov(x, osr).side(0)
        label("wait")
        jmp(x_dec, "wait").side(0)
        jmp(not_y, "fetch").side(0)  # a run without steps is a delay
        irq(4).side(1)[high_us - 1]  # the edge and its count, in one instruction
        jmp(y_dec, "next").side(0)
        label("next")
        jmp(not_y, "fetch").side(0)
        jmp("interval").side(0)[1]  # as long as a fetch, so runs join without a seam
        wrap()

    return program


@rp2.asm_pio()
def count_flags():
    """X counts down by one for every flag the step machine sets."""
    label("next")
    wait(1, irq, 4)
    jmp(x_dec, "next")


@rp2.asm_pio()
def count_edges():
    """X counts down by one for every rising edge of the input pin."""
    label("next")
    wait(0, pin, 0)
    wait(1, pin, 0)
    jmp(x_dec, "next")


class Counter:
    """A counting state machine, which is read while it runs."""

    def __init__(self, machine):
        self._machine = machine
        self._copy = rp2.asm_pio_encode("mov(isr, invert(x))", 0)
        self._push = rp2.asm_pio_encode("push(noblock)", 0)
        self._count = 0
        machine.active(1)
        self.latch()
        self._raw = machine.get()

    def count(self):
        """Counts since this object was made; to be read at least every 2**32 counts."""
        self.latch()
        return self.latched()

    def latch(self):
        """Latch the present count."""
        self._machine.exec(self._copy)
        self._machine.exec(self._push)

    def latched(self):
        """The count at the last `latch`; to be read once for each."""
        raw = self._machine.get()
        self._count += (raw - self._raw) & _MASK
        self._raw = raw
        return self._count

    def set_back(self, count):
        """Set the total to `count`: forget later counts."""
        self._count = count


def edge_counter(number, pin):
    """A counter of the rising edges of `pin`, on state machine `number` of PIO 0."""
    return Counter(rp2.StateMachine(number, count_edges, in_base=pin))


class StepEngine:
    """STEP, DIR and ENABLE of one driver.

    pins: (step number, dir Output, enable Output). driver: `DRIVER` of the board's data.
    clock: `now_us()`. Forward only, DIR asserted: this pump never runs backwards.
    """

    def __init__(self, pins, driver, clock):
        step, self._direction, self._enable = pins
        self._clock = clock
        self._high_us = driver["step_high_us"]
        self._setup_us = driver["setup_us"]
        self._low = rp2.asm_pio_encode("nop().side(0)", 1)
        self._drop = rp2.asm_pio_encode("pull(noblock).side(0)", 1)
        self._steps = rp2.StateMachine(
            0, step_program(self._high_us), freq=_STEP_HZ, sideset_base=Pin(step)
        )
        self._emitted = Counter(rp2.StateMachine(1, count_flags))
        self._witness = edge_counter(2, Pin(step))

    def arm(self):
        """Energise the driver. Returns the microseconds that it needs before the first step."""
        self._direction.on()
        self._enable.on()
        return self._setup_us

    def start(self):
        """Start the queued runs. Returns the instant that their time counts from."""
        self._steps.active(1)
        return self._clock.now_us() - self._high_us - _LOW_US

    def put(self, count, period_us):
        """Queue `count` (0..4095) steps, each after `period_us`; needs `room()`.

        count 0 is a delay of `period_us`. period_us: at least 5 or, with steps, 7 + step_high_us;
        less than 2**20.
        """
        own_us = self._high_us + _STEP_US if count else _DELAY_US
        self._steps.put(count | (period_us - own_us) << _COUNT_BITS)

    def room(self):
        """The number of runs that can be queued now."""
        return _QUEUE - self._steps.tx_fifo()

    def stop(self):
        """Stop at once, without a further step; the queue is dropped and the driver released."""
        machine = self._steps
        machine.active(0)
        self._enable.off()
        machine.restart()
        machine.exec(self._low)
        while machine.tx_fifo():
            machine.exec(self._drop)

    def test(self, count):
        """Emit `count` steps with the driver off. They are not counted.

        True when engine and witness counted exactly these. Only while nothing is queued.
        """
        before = self.counts()
        self.put(count, _TEST_US)
        self._steps.active(1)
        self._clock.wait_until(self._clock.now_us() + (count + 2) * _TEST_US)
        self.stop()
        after = self.counts()
        self._emitted.set_back(before[0])
        self._witness.set_back(before[1])
        return (after[0] - before[0], after[1] - before[1]) == (count, count)

    def emitted(self):
        """Steps emitted since power-up, exact at any instant."""
        return self._emitted.count()

    def counts(self):
        """(steps emitted, rising edges of the step pin) since power-up, counted independently.

        The second is read a moment later: while steps go out, it may be ahead.
        """
        self._emitted.latch()
        self._witness.latch()
        return self._emitted.latched(), self._witness.latched()
