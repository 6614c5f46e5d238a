# SPDX-License-Identifier: MIT
"""The interpreter's end of the line to its chip: it runs on MicroPython.

The other end is `pumpbench.targets.unix.relay`.

Time passes only during requests that let it pass, so the last answer stays valid: the time, and
whether the console is readable and writable. The levels of the pins and the content of FIFOs stay
valid, too, until a request is posted that may change them.
"""

import builtins
import json
from array import array

from micropython import const

_NOTHING, _NUMBER, _DATA, _ERROR, _HANDLER, _LAST_HANDLER = range(6)
# Indices in the head of an answer.
NOW_US = const(0)  # of the chip's timer, since power-up
_VALUE = const(1)
SPINS = const(2)  # 0 in an answer; queries of the time since then are counted here
_KIND = const(3)
_BEHIND = const(4)  # bytes
FLAGS = const(5)  # of the console: 1 can be read, 2 can be written
_RECEIVED = const(6)  # mask of the state machines whose next word is in the head
_COUNTING = const(7)  # mask of those whose X is there, as they have sent none
LEVELS = const(8)  # of the pins, a bit each
QUEUED = const(9)  # words in the TX FIFOs, four bits each
_WORDS = const(10)
_HEAD_NUMBERS = const(18)
_HEAD_BYTES = const(144)
_FIFO_DEPTH = const(4)
_MOST_POSTED = 2000  # bytes
_ROOM_BYTES = 4096  # for these and a request after them, reserved from the firmware's heap
SPINS_MAX = const(1000)  # queries of the time between two reports

# Of the last answer. Of 64 bits; "q" would make an object on the heap of each that is looked at.
head = array("l", [0] * _HEAD_NUMBERS)
version = 0  # changes when time has passed, or a request that changes the state was posted
answers = 0  # so far
is_known = False  # whether the pins and FIFOs in the head are valid
known = {}  # number -> its local object
handlers = {}  # number -> function without arguments

_posted = bytearray(_ROOM_BYTES)
_posted[:] = b"["  # keeps its memory
_shortened = 0  # requests
_reader = None
_writer = None


def open_line(reads, writes):
    """Use these two file descriptors for the line."""
    global _reader, _writer
    _reader = open(reads, "rb")
    _writer = open(writes, "wb")


def call(target, method, *arguments, **options):
    """Send a request. Returns its result."""
    return ask(_request(target, method, arguments, options) + b"]\n")


def post(target, method, *arguments, **options):
    """Queue a request without a result, to be done before any later one."""
    _change()
    _post(_request(target, method, arguments, options) + b",")


def tell(*words):
    """Send words, and do not wait."""
    _write(json.dumps(words).encode()[1:] + b"\n")


def prepared(target, method, argument=""):
    """A request as text, for `shortened`, made once: new text would be looked up at each call."""
    form = '["%s","%s",[%s]],' if isinstance(target, str) else '[%d,"%s",[%s]],'
    return form.encode() % (target, method, argument)


def shortened(whole):
    """The short form of a prepared request that comes often, for `post_harmless`."""
    global _shortened
    _post(b'["short",' + whole[:-1] + b"],")
    _shortened += 1
    return b"%d," % (_shortened - 1)


def shortened_call(target, method):
    """The short form of a whole request without arguments, for `ask`."""
    return shortened(prepared(target, method))[:-1] + b"]\n"


def numbered(target, method, *argument):
    """The short form of a request up to its last argument, a number, for `post_number`."""
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
    """Queue a request; sent when there are many, as they would fill the heap."""
    _posted.extend(end)
    if len(_posted) > _MOST_POSTED:
        _write(b'"spun",1]\n')


def _change():
    global is_known, version
    is_known = False
    version += 1


def post_word(start, machine, word):
    """`post_number` of a word for the TX FIFO of a state machine.

    If others wait already and there is room, the machine takes none at once: the known state
    holds.
    """
    count = head[QUEUED] >> 4 * machine & 15
    if is_known and 0 < count < _FIFO_DEPTH:
        head[QUEUED] += 1 << 4 * machine
        post_harmless_number(start, word)
    else:
        post_number(start, word)


def received(machine):
    """The next word sent by a state machine; None: ask for it. It has to be posted."""
    if not is_known or not head[_RECEIVED] >> machine & 1:
        return None
    head[_RECEIVED] &= ~(1 << machine)
    return head[_WORDS + machine]


def counter(machine):
    """X of a state machine that has sent nothing; None: unknown."""
    if not is_known or not head[_COUNTING] >> machine & 1:
        return None
    return head[_WORDS + machine]


def spin():
    """Count a query of the chip that does not wait."""
    head[SPINS] += 1
    if head[SPINS] >= SPINS_MAX:
        report_spins()


def report_spins():
    """Report them: too many are a hang."""
    tell("spun", head[SPINS])
    head[SPINS] = 0


def hexed(data):
    """Bytes in the form in which they are sent."""
    return {"b": bytes(data).hex()}


class Remote:
    """Stands for an object of the chip."""

    def __init__(self, number):
        self.number = number
        known[number] = self

    def ref(self):
        return {"@": self.number}


def new(module, kind, *arguments, **options):
    """Make an object of the chip. Returns its number."""
    return ask(_request(module, kind, arguments, options) + b"]\n", is_new=True)


def ask(whole, is_new=False, changes=True):
    """`call` of a prepared request. changes: it may change the state even if no time passes."""
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
    """The value of an answer of the chip."""
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
