# SPDX-License-Identifier: MIT
"""`rp2` of the chip: state machines, DMA, and programs, recorded here and assembled there."""

import link
from link import Remote


class PIO:
    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = 0, 1, 2, 3
    SHIFT_LEFT, SHIFT_RIGHT = 0, 1
    JOIN_NONE, JOIN_TX, JOIN_RX = 0, 1, 2

    def __init__(self, number):
        self._number = link.new("rp2", "PIO", number)

    def add_program(self, program):
        link.call(self._number, "add_program", program.ref())

    def remove_program(self, program=None):
        sent = () if program is None else (program.ref(),)
        link.call(self._number, "remove_program", *sent)


class StateMachine(Remote):
    """The same instructions send the same words until time passes, or it is changed."""

    def __init__(self, number, program=None, freq=-1, **pins):
        super().__init__(link.new("rp2", "StateMachine", number))
        self._machine = number
        self._put = link.numbered(self.number, "put")
        self._exec = link.numbered(self.number, "exec")
        self._take = link.shortened(link.prepared(self.number, "get"))
        self._get = self._take[:-1] + b"]\n"
        self._tx_fifo = link.shortened_call(self.number, "tx_fifo")
        self._has_side = False
        self._requests = {}  # instruction, of those that only send a word -> its request
        # No lists: the heap may be full while the firmware goes down.
        self._asked = 0  # these instructions since the last word, 16 bits each
        self._asked_at = 0
        self._known_asked = 0  # instructions, the word they sent, of which version
        self._known_word = self._known_version = 0
        if program is not None:
            self.init(program, freq, **pins)

    def init(self, program, freq=-1, **pins):
        self._has_side = "sideset_base" in pins
        sent = {name: _sent(pins[name]) for name in pins}
        link.call(self.number, "init", program.ref(), freq, **sent)

    def active(self, *value):
        return link.call(self.number, "active", *value)

    def restart(self):
        link.post(self.number, "restart")

    def exec(self, instruction):
        if not isinstance(instruction, int):
            link.call(self.number, "exec", instruction)
        elif self._has_side or not _only_sends(instruction):
            link.post_number(self._exec, instruction)
        else:
            if instruction not in self._requests:
                whole = link.prepared(self.number, "exec", str(instruction))
                self._requests[instruction] = link.shortened(whole)
            is_more = self._asked < 0 or self._asked >> 32  # than three: no more are remembered
            self._asked = -1 if is_more else self._asked << 16 | instruction
            self._asked_at = link.answers
            link.post_harmless(self._requests[instruction])

    def put(self, word, shift=0):
        link.post_word(self._put, self._machine, word << shift)

    def get(self, buffer=None, shift=0):
        if buffer is not None:
            raise NotImplementedError("get() into a buffer is not simulated")
        asked, self._asked = self._asked, 0
        if link.answers > self._asked_at:
            word = link.received(self._machine)
        elif asked == _SEND_NOT_X:
            word = link.counter(self._machine)
            if word is not None:
                word ^= _MASK
        else:
            word = None
        if asked > 0 and asked == self._known_asked and self._known_version == link.version:
            word = self._known_word
        if word is None:
            word = link.ask(self._get, changes=False)
        else:
            link.post_harmless(self._take)
        self._known_asked, self._known_version = asked, link.version
        self._known_word = word
        return word >> shift

    def tx_fifo(self):
        if not link.is_known:
            return link.ask(self._tx_fifo, changes=False)
        link.spin()
        return link.head[link.QUEUED] >> 4 * self._machine & 15

    def rx_fifo(self):
        return link.call(self.number, "rx_fifo")


_SEND_NOT_X = 0xA0C9_8000  # mov(isr, invert(x)), push(noblock)
_MASK = 0xFFFFFFFF


def _only_sends(instruction):
    """Whether it only moves a value into the ISR, or pushes that: nothing else changes."""
    if instruction >> 13 == 5:  # mov
        return instruction >> 5 & 7 == 6
    return instruction >> 13 == 4 and not instruction & 0x80  # push


class DMA(Remote):
    """A transfer reads the content of its memory at the time of `config`."""

    def __init__(self):
        super().__init__(link.new("rp2", "DMA"))

    def config(self, **settings):
        if "read" in settings:
            settings["read"] = link.hexed(settings["read"])
        link.call(self.number, "config", **settings)

    def active(self, *value):
        return link.call(self.number, "active", *value)

    def close(self):
        link.call(self.number, "close")

    def pack_ctrl(self, **fields):
        return link.call(self.number, "pack_ctrl", **fields)

    def unpack_ctrl(self, value):
        return link.call(self.number, "unpack_ctrl", value)


def asm_pio_encode(instruction, sideset_count, sideset_opt=False):
    return link.call("rp2", "asm_pio_encode", instruction, sideset_count, sideset_opt)


class _Line:
    """One instruction, until it is complete."""

    def __init__(self, lines, text):
        self._lines = lines
        lines.append(text)

    def side(self, value):
        self._lines[-1] += ".side(%d)" % value
        return self

    def __getitem__(self, delay):
        self._lines[-1] += "[%d]" % delay
        return self


class _Word:
    """A name in a program: a verb that begins a line, or an operand."""

    def __init__(self, text, lines=None):
        self.text = text
        self._lines = lines

    def __call__(self, *operands):
        text = "%s(%s)" % (self.text, ", ".join([_written(each) for each in operands]))
        return _Word(text) if self._lines is None else _Line(self._lines, text)


def _written(operand):
    return operand.text if isinstance(operand, _Word) else repr(operand)


_VERBS, _OPERANDS = link.call("pio", "names")


def asm_pio(**settings):
    """The decorator of a program. As on the board, it sees no globals of its module."""

    def assemble(function):
        lines = []
        names = {verb: _Word(verb, lines) for verb in _VERBS}
        names.update({operand: _Word(operand) for operand in _OPERANDS})
        scope = function.__globals__
        kept = scope.copy()
        scope.clear()
        scope.update(names)
        try:
            function()
        finally:
            scope.clear()
            scope.update(kept)
        return Remote(link.new("pio", "assemble", lines, **settings))

    return assemble


def _sent(value):
    return value.ref() if isinstance(value, Remote) else value
