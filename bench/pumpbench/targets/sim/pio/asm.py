# SPDX-License-Identifier: MIT
"""Assembler of PIO programs: `rp2.asm_pio` and `rp2.asm_pio_encode`, with the chip's 16-bit words.

A program is a Python function that is called twice: to find its labels, then to emit its words.
As on the board, it sees the names of PIO and of its closure, and no globals of its module.
"""

import builtins
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = range(4)
SHIFT_LEFT, SHIFT_RIGHT = 0, 1
JOIN_NONE, JOIN_TX, JOIN_RX = 0, 1, 2

_IRQ_SOURCE = 2
VERBS = ["wrap_target", "wrap", "label", "word", "nop", "jmp", "wait", "in_", "push", "pull"]
VERBS += ["out", "mov", "irq", "set"]
OPERANDS = {
    # sources and destinations
    "gpio": 0,
    "pins": 0,
    "x": 1,
    "y": 2,
    "null": 3,
    "pindirs": 4,
    "pc": 5,
    "status": 5,
    "isr": 6,
    "osr": 7,
    "exec": 8,  # 4 in mov, 7 in out
    "invert": lambda source: source | 0x08,
    "reverse": lambda source: source | 0x10,
    # conditions of jmp; `pin` is also a source of wait
    "not_x": 1,
    "x_dec": 2,
    "not_y": 3,
    "y_dec": 4,
    "x_not_y": 5,
    "pin": 6,
    "not_osre": 7,
    # modifiers of push, pull and irq
    "noblock": 0x01,
    "block": 0x21,
    "iffull": 0x40,
    "ifempty": 0x40,
    "clear": 0x40,
    "rel": lambda flag: flag | 0x10,
}


class PIOASMError(Exception):
    """The program cannot be assembled; the message says why."""


class Program(SimpleNamespace):
    """Assembled words and the settings of a state machine; wraps are counted from word 0."""


class _Words:
    """Collects words; every instruction returns the collector, for `.side(n)` and `[delay]`."""

    def __init__(self, side_bits: int, side_optional: bool, labels: dict[str, int] | None) -> None:
        self.words: list[int] = []
        self.labels = {} if labels is None else labels
        self.is_last_pass = labels is not None
        self.sided = 0
        self.wrap_target_at = 0
        self.wrap_at: int | None = None
        self._side_optional = side_optional
        self._side_bits = side_bits + side_optional
        self._delay_max = 31 >> self._side_bits

    def names(self) -> dict[str, object]:
        """The globals that a program runs with."""
        return {
            "__builtins__": builtins,
            **OPERANDS,
            **{verb: getattr(self, verb) for verb in VERBS},
        }

    def wrap_target(self) -> None:
        self.wrap_target_at = len(self.words)

    def wrap(self) -> None:
        self.wrap_at = len(self.words) - 1

    def label(self, name: str) -> None:
        if self.is_last_pass:
            return
        if name in self.labels:
            raise PIOASMError(f"duplicate label {name}")
        self.labels[name] = len(self.words)

    def __getitem__(self, delay: int) -> "_Words":
        if self.is_last_pass and delay > self._delay_max:
            raise PIOASMError("delay too large")
        self.words[-1] |= delay << 8
        return self

    def side(self, value: int) -> "_Words":
        self.sided += 1
        if self.is_last_pass:
            if not self._side_bits:
                raise PIOASMError("no sideset")
            if value >= 1 << self._side_bits:
                raise PIOASMError("sideset too large")
            self.words[-1] |= self._side_optional << 12 | value << (13 - self._side_bits)
        return self

    def word(self, word: int, label: str | None = None) -> "_Words":
        if self.is_last_pass and label is not None:
            if label not in self.labels:
                raise PIOASMError(f"unknown label {label}")
            word |= self.labels[label]
        self.words.append(word)
        return self

    def nop(self) -> "_Words":
        return self.word(0xA042)

    def jmp(self, condition: Any, label: str | None = None) -> "_Words":
        if label is None:
            condition, label = 0, condition
        return self.word(condition << 5, label)

    def wait(self, polarity: int, source: Any, index: int) -> "_Words":
        if source == OPERANDS["pin"]:
            source = 1
        elif source != OPERANDS["gpio"]:  # the verb `irq` stands for the source
            source = _IRQ_SOURCE
        return self.word(0x2000 | polarity << 7 | source << 5 | index)

    def in_(self, source: int, bits: int) -> "_Words":
        return self.word(0x4000 | source << 5 | _bit_count(bits))

    def out(self, destination: int, bits: int) -> "_Words":
        destination = 7 if destination == OPERANDS["exec"] else destination
        return self.word(0x6000 | destination << 5 | _bit_count(bits))

    def push(self, *modifiers: int) -> "_Words":
        return self.word(0x8000 | _blocking(modifiers))

    def pull(self, *modifiers: int) -> "_Words":
        return self.word(0x8080 | _blocking(modifiers))

    def mov(self, destination: int, source: int) -> "_Words":
        destination = 4 if destination == OPERANDS["exec"] else destination
        return self.word(0xA000 | destination << 5 | source)

    def irq(self, modifier: int, flag: int | None = None) -> "_Words":
        if flag is None:
            modifier, flag = 0, modifier
        return self.word(0xC000 | modifier & 0x60 | flag)

    def set(self, destination: int, value: int) -> "_Words":
        return self.word(0xE000 | destination << 5 | value)


def _bit_count(bits: int) -> int:
    if not 0 < bits <= 32:
        raise PIOASMError(f"invalid bit count {bits}")
    return bits & 0x1F


def _blocking(modifiers: tuple[int, ...]) -> int:
    bits = 0
    for modifier in modifiers:
        bits |= modifier
    return bits & 0x60 if bits & 1 else bits & 0x60 | 0x20  # block by default


def asm_pio(
    *,
    out_init=None,
    set_init=None,
    sideset_init=None,
    side_pindir=False,
    in_shiftdir=SHIFT_LEFT,
    out_shiftdir=SHIFT_LEFT,
    autopush=False,
    autopull=False,
    push_thresh=32,
    pull_thresh=32,
    fifo_join=JOIN_NONE,
) -> Callable[[FunctionType], Program]:
    """The decorator that turns a function into a `Program`."""
    if fifo_join != JOIN_NONE:
        raise NotImplementedError("joined FIFOs are not simulated")

    def assemble(function: FunctionType) -> Program:
        words, side_optional = _assemble(function, _pin_count(sideset_init))
        return Program(
            name=function.__name__,
            words=tuple(words.words),
            wrap_target=words.wrap_target_at,
            wrap=len(words.words) - 1 if words.wrap_at is None else words.wrap_at,
            side_optional=side_optional,
            side_pindir=bool(side_pindir),
            out_init=out_init,
            set_init=set_init,
            sideset_init=sideset_init,
            in_right=in_shiftdir == SHIFT_RIGHT,
            out_right=out_shiftdir == SHIFT_RIGHT,
            autopush=bool(autopush),
            autopull=bool(autopull),
            push_thresh=push_thresh,
            pull_thresh=pull_thresh,
        )

    return assemble


def _pin_count(init: int | tuple | list | None) -> int:
    if init is None:
        return 0
    return 1 if isinstance(init, int) else len(init)


def _assemble(function: FunctionType, side_bits: int) -> tuple[_Words, bool]:
    first = _Words(side_bits, False, None)
    _call(function, first.names())
    side_optional = bool(side_bits) and first.sided != len(first.words)
    last = _Words(side_bits, side_optional, first.labels)
    _call(function, last.names())
    return last, side_optional


def _call(function: FunctionType, names: dict[str, object]) -> None:
    closure = function.__closure__
    FunctionType(function.__code__, names, function.__name__, function.__defaults__, closure)()


def asm_pio_encode(instruction: str, sideset_count: int, sideset_opt: bool = False) -> int:
    """One instruction's word; `sideset_count` includes the enable bit, as MicroPython has it."""
    optional = bool(sideset_opt)
    words = _Words(sideset_count - optional, optional, {})
    names = words.names()
    names["jmp"] = None  # MicroPython cannot encode it either
    exec(instruction, names)
    if len(words.words) != 1:
        raise PIOASMError("expecting exactly 1 instruction")
    return words.words[0]
