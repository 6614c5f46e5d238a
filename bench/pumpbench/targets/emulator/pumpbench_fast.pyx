# cython: language_level=3, cdivision=True
# SPDX-License-Identifier: MIT
"""`PatientLoop` and `PatientSio` of `loop.py`, in C: Python is asked for what is rare only."""

from rp2040py.native._cortex_m0_core cimport CortexM0Core
from rp2040py.native._rp2040 cimport RP2040
from rp2040py.native._simulation_clock cimport SimulationClock

cdef double CYCLE_NS = 8.0  # at 125 MHz


cdef class Loop:
    """Runs the processor of `mcu`; PIO blocks have alarms of their own on its clock."""

    cdef CortexM0Core _core
    cdef SimulationClock _clock
    cdef bint _is_stopped

    def __init__(self, mcu):
        self._core, self._clock = mcu.core, mcu.clock
        mcu.on_break = self._stop

    def run_to(self, double end_ns):
        """At most one instruction more."""
        cdef SimulationClock clock = self._clock
        cdef double next_ns
        self._is_stopped = False
        while clock._nanos_counter < end_ns and not self._is_stopped:
            if self._core.waiting:
                next_ns = end_ns
                if clock._next_alarm is not None and clock._next_alarm.nanos < next_ns:
                    next_ns = clock._next_alarm.nanos
            else:
                next_ns = clock._nanos_counter + self._core.execute_instruction() * CYCLE_NS
            if clock._next_alarm is not None and clock._next_alarm.nanos <= next_ns:
                clock.tick(next_ns - clock._nanos_counter)
            else:
                clock._nanos_counter = next_ns

    def _stop(self, _code=0):
        self._is_stopped = True


cdef enum:
    CPUID = 0x000
    SPINLOCK_ST = 0x05C
    DIV_UDIVIDEND = 0x060
    DIV_UDIVISOR = 0x064
    DIV_SDIVIDEND = 0x068
    DIV_SDIVISOR = 0x06C
    DIV_QUOTIENT = 0x070
    DIV_REMAINDER = 0x074
    DIV_CSR = 0x078
    SPINLOCK0 = 0x100
    SPINLOCK31 = 0x17C

cdef enum:
    READY = 0b01
    DIRTY = 0b10
    DIVISION_CYCLES = 8


cdef class Sio:
    """Stands before the SIO of `mcu` for the divider, the spin locks and which core this is."""

    cdef CortexM0Core _core
    cdef object _read, _write, _reset_others
    cdef unsigned int _dividend, _divisor, _quotient, _remainder, _csr, _locks

    def __init__(self, mcu):
        sio = mcu.sio
        self._core = mcu.core
        self._read, self._write, self._reset_others = sio.read_uint32, sio.write_uint32, sio.reset
        sio.read_uint32, sio.write_uint32, sio.reset = self.read_uint32, self.write_uint32, self.reset
        self._clear()

    def reset(self):
        self._clear()
        self._reset_others()

    def read_uint32(self, unsigned int offset):
        cdef unsigned int bit
        if offset == DIV_CSR:
            return self._csr
        if offset == DIV_QUOTIENT:
            self._csr &= ~DIRTY
            return self._quotient
        if offset == DIV_REMAINDER:
            return self._remainder
        if offset == CPUID:
            return 0
        if SPINLOCK0 <= offset <= SPINLOCK31:
            bit = 1U << ((offset - SPINLOCK0) // 4)
            if self._locks & bit:
                return 0
            self._locks |= bit
            return bit
        if offset == SPINLOCK_ST:
            return self._locks
        if offset == DIV_UDIVIDEND or offset == DIV_SDIVIDEND:
            return self._dividend
        if offset == DIV_UDIVISOR or offset == DIV_SDIVISOR:
            return self._divisor
        return self._read(offset)

    def write_uint32(self, unsigned int offset, long long value):
        cdef unsigned int word = <unsigned int>(value & 0xFFFFFFFFU)
        if offset == DIV_UDIVIDEND or offset == DIV_SDIVIDEND:
            self._dividend = word
            self._divide(offset == DIV_SDIVIDEND)
        elif offset == DIV_UDIVISOR or offset == DIV_SDIVISOR:
            self._divisor = word
            self._divide(offset == DIV_SDIVISOR)
        elif SPINLOCK0 <= offset <= SPINLOCK31:
            self._locks &= ~(1U << ((offset - SPINLOCK0) // 4))
        elif offset == DIV_QUOTIENT:
            self._quotient, self._csr = word, READY | DIRTY
        elif offset == DIV_REMAINDER:
            self._remainder, self._csr = word, READY | DIRTY
        else:
            self._write(offset, value)

    cdef void _divide(self, bint is_signed):
        cdef long long dividend = _number(self._dividend, is_signed)
        cdef long long divisor = _number(self._divisor, is_signed)
        if divisor == 0:
            self._quotient = 0xFFFFFFFFU if dividend >= 0 else 1
            self._remainder = self._dividend
        else:
            self._quotient = <unsigned int>(dividend // divisor & 0xFFFFFFFFU)
            self._remainder = <unsigned int>(dividend % divisor & 0xFFFFFFFFU)
        self._csr = READY | DIRTY
        self._core.cycles += DIVISION_CYCLES

    cdef void _clear(self):
        self._dividend = self._quotient = self._remainder = self._csr = self._locks = 0
        self._divisor = 1


cdef inline long long _number(unsigned int word, bint is_signed) noexcept:
    return <long long>(<int>word) if is_signed else <long long>word
