# SPDX-License-Identifier: MIT
"""The clock of one emulated PIO block: every PIO instruction at exactly the instant it is due.

rp2040py runs at most one PIO instruction per processor instruction or idle jump, and loses those
due during a jump. Here the block runs by alarms on the simulated clock: there is one when the next
instruction of any state machine is due, and none while all of them wait.

A delay loop, `jmp(x_dec, <itself>)`, is completed in one go while nothing else is running, so a
slow pulse costs no more than a fast one. Before the processor accesses a register of the block the
loop is put back to its true state.
"""

NS_PER_CYCLE = 8  # at 125 MHz
FP = 256  # rp2040py counts cycles in 256ths
JMP_X_DEC = 0b000_00000_010_00000
NO_ADDRESS = 0b111_11111_111_00000
ADDRESS = 0b11111
BUS_KEYS = (0x50200, 0x50300)
NEVER_FP = 1 << 62


class Metronome:
    """Runs PIO block `index` of `mcu` and stands in for it on the processor's bus."""

    def __init__(self, mcu, index: int):
        self._pio = mcu.pio[index]
        self._clock = mcu.clock
        self._alarm = mcu.clock.create_alarm(self._tick)
        self._looping = None  # the machine that was in a delay loop at the last tick
        self._ahead = None  # the machine whose delay loop was completed ahead of time
        self._ahead_due_fp = 0
        self.read_uint32 = self._pio.read_uint32
        self.reset = self._pio.reset
        mcu.peripherals[BUS_KEYS[index]] = self

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        """The processor, or DMA, writes a register of the block."""
        self._catch_up()
        self._put_back()
        self._pio.write_uint32_atomic(offset, value, atomic_type)
        self._pio.check_changed_pins()  # an instruction from the processor may have set some
        self._pio.stopped = True  # so that rp2040py's own loop leaves the block to us
        self.wake()

    def wake(self) -> None:
        """To be called after a change outside the block, which may end the wait of a machine."""
        due_fp = self._pio.next_due_fp
        if due_fp >= NEVER_FP:
            self._alarm.cancel()
            return
        due_ns = -(-due_fp // FP) * NS_PER_CYCLE
        self._alarm.schedule(max(due_ns - self._clock.nanos, 0))

    def _tick(self) -> None:
        self._catch_up()
        self._run_ahead()
        self.wake()

    def _catch_up(self) -> None:
        now_cycles = int(self._clock.nanos) // NS_PER_CYCLE
        self._pio.advance(now_cycles - self._pio.cycle_fp // FP)
        if self._ahead is not None and self._ahead.next_due_fp != self._ahead_due_fp:
            self._ahead = None

    def _run_ahead(self) -> None:
        machine = self._only_runner()
        was_looping, self._looping = self._looping, None
        if machine is None or not self._is_delay_loop(machine):
            return
        if was_looping is machine and machine.x > 0 and self._ahead is None:
            machine.next_due_fp += machine.x * machine.div_fp
            machine.x = 0
            self._ahead, self._ahead_due_fp = machine, machine.next_due_fp
            self._pio.recompute_due()
        self._looping = machine

    def _put_back(self) -> None:
        self._looping = None
        machine, self._ahead = self._ahead, None
        if machine is None:
            return
        owed_fp = machine.next_due_fp - self._pio.cycle_fp
        if owed_fp > 0:
            machine.x = -(-owed_fp // machine.div_fp) - 1
            machine.next_due_fp -= machine.x * machine.div_fp
            self._pio.recompute_due()

    def _only_runner(self):
        runners = [m for m in self._pio.machines if m.enabled and not m.waiting]
        return runners[0] if len(runners) == 1 else None

    def _is_delay_loop(self, machine) -> bool:
        word = self._pio.instructions[machine.pc]
        return word & NO_ADDRESS == JMP_X_DEC and word & ADDRESS == machine.pc
