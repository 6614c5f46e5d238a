# SPDX-License-Identifier: MIT
"""MicroPython's `rp2`: the assembler, state machines of the fake PIO, and DMA into them."""

from pumpbench.targets.sim import dma as _dma
from pumpbench.targets.sim import world as _world
from pumpbench.targets.sim.pio import asm as _asm
from pumpbench.targets.sim.pio.asm import PIOASMError, asm_pio, asm_pio_encode
from pumpbench.targets.sim.pio.machine import FIFO_DEPTH, Settings

__all__ = ["DMA", "PIO", "PIOASMError", "StateMachine", "asm_pio", "asm_pio_encode"]

_CLOCK_HZ = 125_000_000


class PIO:
    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = _asm.IN_LOW, _asm.IN_HIGH, _asm.OUT_LOW, _asm.OUT_HIGH
    SHIFT_LEFT, SHIFT_RIGHT = _asm.SHIFT_LEFT, _asm.SHIFT_RIGHT
    JOIN_NONE, JOIN_TX, JOIN_RX = _asm.JOIN_NONE, _asm.JOIN_TX, _asm.JOIN_RX

    def __init__(self, number: int) -> None:
        self._block = _world.current.pio.blocks[number]

    def add_program(self, program) -> None:
        self._block.load(program)

    def remove_program(self, program=None) -> None:
        self._block.unload(program)


class StateMachine:
    def __init__(self, number: int, program=None, freq: int = -1, **pins) -> None:
        if not 0 <= number < 8:
            raise ValueError("invalid StateMachine")
        self._world = _world.current
        self._machine = self._world.pio.machines[number]
        if program is not None:
            self.init(program, freq, **pins)

    def init(self, program, freq: int = -1, **pins) -> None:
        w, m = self._world, self._machine
        w.sync()
        offset = m.block.load(program)
        m.set_enabled(False, w.now_ns)
        m.settings = settings = _settings(program, offset, freq, pins)
        m.tx.clear()
        m.rx.clear()
        if m.feed is not None:
            m.feed()
        m.initial_pc = offset
        m.restart(w.now_ns)
        w.pio.changed(m)
        _take_pins(w, m.block.number, settings.out_base, program.out_init, "out_base" in pins)
        _take_pins(w, m.block.number, settings.set_base, program.set_init, "set_base" in pins)
        _take_pins(
            w, m.block.number, settings.side_base, program.sideset_init, "sideset_base" in pins
        )

    def active(self, value=None) -> bool:
        w, m = self._world, self._machine
        w.sync()
        if value is not None:
            m.set_enabled(bool(value), w.now_ns)
        return m.enabled

    def restart(self) -> None:
        self._world.sync()
        self._machine.restart(self._world.now_ns)

    def exec(self, instruction: int | str) -> None:
        w, m = self._world, self._machine
        now_ns = w.now_ns
        if w.pio.now_ns < now_ns:  # `sync`, without a call where there is nothing to do
            w.sync()
        if isinstance(instruction, str):
            s = m.settings
            instruction = _encode(instruction, s.side_count, s.side_optional)
        m.execute(instruction, now_ns)

    def put(self, word: int, shift: int = 0) -> None:
        w, m = self._world, self._machine
        w.sync()
        if len(m.tx) >= FIFO_DEPTH:
            w.wait_fifo(m, lambda: len(m.tx) < FIFO_DEPTH)
        m.put(word << shift, w.now_ns)

    def get(self, buffer=None, shift: int = 0) -> int:
        if buffer is not None:
            raise NotImplementedError("get() into a buffer is not simulated")
        w, m = self._world, self._machine
        w.sync()
        if not m.rx:
            w.wait_fifo(m, lambda: bool(m.rx))
        return m.get(w.now_ns) >> shift

    def tx_fifo(self) -> int:
        self._world.spin()
        self._world.sync()
        return len(self._machine.tx)

    def rx_fifo(self) -> int:
        self._world.spin()
        self._world.sync()
        return len(self._machine.rx)


class DMA:
    __slots__ = ("_channel", "_world")

    def __init__(self) -> None:
        self._world = _world.current
        self._channel = self._world.dma.claim()

    def config(self, *, read=None, write=None, count=None, ctrl=None, trigger=False) -> None:
        w, channel = self._world, self._open()
        w.sync()
        if channel.is_busy and not (read is None and write is None and ctrl is None):
            raise NotImplementedError("DMA set up anew in the midst of a transfer")
        if read is not None:
            channel.memory, channel.read_to = read, 0
        if write is not None:
            channel.write = write
        if count is not None:
            channel.next_count = count
        if ctrl is not None:
            channel.ctrl = ctrl
        if trigger:
            channel.start(w.pio)

    def active(self, value=None) -> bool:
        w, channel = self._world, self._open()
        if value is None:
            w.spin()
        w.sync()
        if value is not None:
            if value:
                channel.start(w.pio)
            else:
                channel.abort()
        return channel.is_busy

    @property
    def count(self) -> int:
        self._world.spin()
        self._world.sync()
        return self._open().count

    @count.setter
    def count(self, count: int) -> None:
        self._open().next_count = count

    @property
    def channel(self) -> int:
        return _CLOSED if self._channel is None else self._channel.number

    def close(self) -> None:
        if self._channel is not None:
            self._world.dma.release(self._channel)
            self._channel = None

    def pack_ctrl(self, *, default=None, **fields) -> int:
        value = default
        if value is None:
            own = {"chain_to": self.channel & 0xF}
            value = _dma.pack(0, {**_CTRL, **own})
        return _dma.pack(value, fields)

    @staticmethod
    def unpack_ctrl(value: int) -> dict[str, int]:
        return _dma.unpack(value)

    def irq(self, *_args, **_options) -> None:
        raise NotImplementedError("interrupts of DMA are not simulated")

    def _open(self) -> _dma.Channel:
        if self._channel is None:
            raise ValueError("channel closed")
        return self._channel


_CLOSED = 0xFF
_CTRL = {"enable": 1, "size": 2, "inc_read": 1, "inc_write": 1, "treq_sel": 0x3F, "irq_quiet": 1}
_encoded: dict[tuple, int] = {}


def _encode(instruction: str, side_count: int, side_optional: bool) -> int:
    key = instruction, side_count, side_optional
    if key not in _encoded:
        _encoded[key] = asm_pio_encode(*key)
    return _encoded[key]


def _settings(program, offset: int, freq_hz: int, pins: dict) -> Settings:
    s = Settings()
    s.period_ns = _period_ns(freq_hz)
    s.wrap_bottom, s.wrap_top = offset + program.wrap_target, offset + program.wrap
    s.in_right, s.out_right = program.in_right, program.out_right
    s.autopush, s.autopull = program.autopush, program.autopull
    s.push_thresh, s.pull_thresh = program.push_thresh, program.pull_thresh
    s.side_optional, s.side_pindir = program.side_optional, program.side_pindir
    s.out_count, s.set_count = _count(program.out_init), _count(program.set_init)
    s.side_count = _count(program.sideset_init) + program.side_optional
    names = {"in_base": "in_base", "jmp_pin": "jmp_pin", "out_base": "out_base"}
    names |= {"set_base": "set_base", "sideset_base": "side_base"}
    for name, pin in pins.items():
        setattr(s, names[name], getattr(pin, "number", pin))
    return s


def _period_ns(freq_hz: int) -> int:
    if freq_hz == -1:
        return 1_000_000_000 // _CLOCK_HZ
    divider = _CLOCK_HZ * 256 // freq_hz
    if not 256 <= divider <= 65536 * 256:
        raise ValueError("freq out of range")
    period_ns, rest = divmod(divider * 1_000_000_000, 256 * _CLOCK_HZ)
    if rest:
        raise NotImplementedError(f"PIO at {freq_hz} Hz: cycles of broken ns are not simulated")
    return period_ns


def _count(init) -> int:
    if init is None:
        return 0
    return 1 if isinstance(init, int) else len(init)


def _take_pins(w, block: int, base: int, init, has_base: bool) -> None:
    """Give the pins to the PIO block, with the initial levels and directions of the program."""
    if init is None or not has_base:
        return
    for i, state in enumerate((init,) if isinstance(init, int) else init):
        net = w.pins.nets[base + i]
        net.outputs[block], net.output_enables[block] = state & 1, state >> 1
        net.function = block
        w.pins.update(net, w.now_ns)
