# SPDX-License-Identifier: MIT
"""The interpreter's end of the line to its chip: it runs on MicroPython.

The other end is `pumpbench.targets.unix.relay`.

Time passes only while the chip is asked to let it pass, so what came with the last answer holds:
the time, and whether the console can be read and written. The levels of the pins and what lies in
FIFOs hold, too, as long as nothing was posted that may change them.
"""

import builtins
import json
from array import array

from micropython import const

_NOTHING, _NUMBER, _DATA, _ERROR, _HANDLER, _LAST_HANDLER = range(6)
# Where what stands in the head of an answer.
NOW_US = const(0)  # of the chip's timer, since power-up
_VALUE = const(1)
SPINS = const(2)  # none; looks at the time since then are counted here
_KIND = const(3)
_BEHIND = const(4)  # bytes
FLAGS = const(5)  # of the console: 1 can be read, 2 can be written
_RECEIVED = const(6)  # mask of the state machines whose next received word is in the head
_COUNTING = const(7)  # and of those of which X is, as they have sent none
LEVELS = const(8)  # of the pins, a bit each
QUEUED = const(9)  # words in the TX FIFOs, four bits each
_WORDS = const(10)
_HEAD_NUMBERS = const(18)
_HEAD_BYTES = const(144)
_FIFO_DEPTH = const(4)
_MOST_POSTED = 2000  # bytes
_ROOM_BYTES = 4096  # for these and a request behind them, whatever the firmware leaves of the heap
SPINS_MAX = const(1000)  # looks at the time between two reports of them

# Of the last answer. Of 64 bits; "q" would make an object on the heap of each that is looked at.
head = array("l", [0] * _HEAD_NUMBERS)
version = 0  # another one when time has passed, or something was posted that changes something
answers = 0  # so far
is_known = False  # what the head says of pins and FIFOs
known = {}  # number -> the object that stands for it here
handlers = {}  # number -> function without arguments

_posted = bytearray(_ROOM_BYTES)
_posted[:] = b"["  # the room stays
_shortened = 0  # requests
_reader = None
_writer = None


def open_line(reads, writes):
    """The line goes over these two file descriptors."""
    global _reader, _writer
    _reader = open(reads, "rb")
    _writer = open(writes, "wb")


def call(target, method, *arguments, **options):
    """Have it done, and wait for what comes of it."""
    return ask(_request(target, method, arguments, options) + b"]\n")


def post(target, method, *arguments, **options):
    """Have it done before anything that is asked for later."""
    _change()
    _post(_request(target, method, arguments, options) + b",")


def tell(*words):
    """Say it, and wait for nothing."""
    _write(json.dumps(words).encode()[1:] + b"\n")


def prepared(target, method, argument=""):
    """For `shortened`: a request. Text that is made anew would be looked up at each call."""
    form = '["%s","%s",[%s]],' if isinstance(target, str) else '[%d,"%s",[%s]],'
    return form.encode() % (target, method, argument)


def shortened(whole):
    """A prepared request that comes often: what stands for it, for `post_harmless`."""
    global _shortened
    _post(b'["short",' + whole[:-1] + b"],")
    _shortened += 1
    return b"%d," % (_shortened - 1)


def shortened_call(target, method):
    """For `ask`: what stands for the whole request, without arguments."""
    return shortened(prepared(target, method))[:-1] + b"]\n"


def numbered(target, method, *argument):
    """For `post_number`: what stands for the request, up to its last argument, a number."""
    return b"[" + shortened(prepared(target, method, *argument))


def post_number(start, number):
    """`post` of a numbered request."""
    _change()
    post_harmless_number(start, number)


def post_harmless_number(start, number):
    """`post_harmless` of a numbered request."""
    _posted.extend(start)
    _post(b"%d]," % number)


def post_harmless(whole):
    """`post` of a shortened request that changes no level and no FIFO."""
    _post(whole)


def _post(end):
    """Firmware that goes round and round and asks nothing would fill the heap with requests."""
    _posted.extend(end)
    if len(_posted) > _MOST_POSTED:
        _write(b'"spun",1]\n')


def _change():
    global is_known, version
    is_known = False
    version += 1


def post_word(start, machine, word):
    """`post_number` of a word for the TX FIFO of a state machine.

    Where some wait already and there is room, none is taken at once: what else is known holds.
    """
    count = head[QUEUED] >> 4 * machine & 15
    if is_known and 0 < count < _FIFO_DEPTH:
        head[QUEUED] += 1 << 4 * machine
        post_harmless_number(start, word)
    else:
        post_number(start, word)


def received(machine):
    """The next word that a state machine has sent; None: ask for it. It has to be posted."""
    if not is_known or not head[_RECEIVED] >> machine & 1:
        return None
    head[_RECEIVED] &= ~(1 << machine)
    return head[_WORDS + machine]


def counter(machine):
    """X of a state machine that has sent nothing; None: it is not known."""
    if not is_known or not head[_COUNTING] >> machine & 1:
        return None
    return head[_WORDS + machine]


def spin():
    """The firmware looks at what only the chip can change, and waits for nothing."""
    head[SPINS] += 1
    if head[SPINS] >= SPINS_MAX:
        report_spins()


def report_spins():
    """Too many of them are a hang."""
    tell("spun", head[SPINS])
    head[SPINS] = 0


def hexed(data):
    """Bytes as they are sent."""
    return {"b": bytes(data).hex()}


class Remote:
    """Stands for an object of the chip."""

    def __init__(self, number):
        self.number = number
        known[number] = self

    def ref(self):
        return {"@": self.number}


def new(module, kind, *arguments, **options):
    """The number of a new object."""
    return ask(_request(module, kind, arguments, options) + b"]\n", is_new=True)


def ask(whole, is_new=False, changes=True):
    """`call` of a prepared request. changes: it may change something even if no time passes."""
    global answers, is_known, version
    before_us = head[NOW_US]
    _write(whole)
    while True:
        if _reader.readinto(head) != _HEAD_BYTES:
            raise SystemExit(9)  # the bench is gone
        kind, value = head[_KIND], head[_VALUE]
        answers += 1
        is_known = True
        version += changes or head[NOW_US] != before_us
        if kind == _NUMBER:
            return value
        if kind == _NOTHING:
            return None
        if kind == _HANDLER:
            handlers[value]()
            _write(b'"done"]\n')
            continue
        if kind == _LAST_HANDLER:
            handlers[value]()
            return None
        data = json.loads(_reader.read(head[_BEHIND]))
        if kind == _ERROR:
            raise _error(data)
        return data[0]["@"] if is_new else value_of(data[0])


def _request(target, method, arguments, options):
    return json.dumps([target, method, arguments, options]).encode()


def _write(text):
    _posted.extend(text)
    _writer.write(_posted)
    _posted[1:] = b""


def value_of(sent):
    """What the chip means by an answer."""
    if isinstance(sent, list):
        return tuple(value_of(part) for part in sent)
    if isinstance(sent, dict):
        if "b" in sent:
            return bytes.fromhex(sent["b"])
        if "d" in sent:
            return {name: value_of(part) for name, part in sent["d"].items()}
        return known[sent["@"]]
    return sent


def _error(data):
    kind = getattr(builtins, data[0], None)
    if kind is None:
        return RuntimeError("%s: %s" % (data[0], data[1:]))
    return kind(*[value_of(part) for part in data[1:]])
