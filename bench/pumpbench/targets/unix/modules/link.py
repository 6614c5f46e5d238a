# SPDX-License-Identifier: MIT
"""The interpreter's end of the line to its chip: it runs on MicroPython.

The other end is `pumpbench.targets.unix.relay`.

Time passes only while the chip is asked to let it pass, so what came with the last answer holds:
the time, and whether the console can be read and written. The levels of the pins and what lies in
FIFOs hold, too, as long as nothing was posted that may change them.
"""

import builtins
import json
import struct

_NOTHING, _NUMBER, _DATA, _ERROR, _HANDLER, _LAST_HANDLER = range(6)
_HEAD_BYTES = 64
_WORDS_AT = 32  # in the head
_MOST_POSTED = 2000  # bytes
_ROOM_BYTES = 4096  # for these and a request behind them, whatever the firmware leaves of the heap
_SPINS = 1000  # looks at the time between two reports of them

now_us = 0  # of the chip's timer, since power-up
flags = 0  # of the console: 1 can be read, 2 can be written
version = 0  # another one when time has passed, or something was posted that changes something
answers = 0  # so far
is_known = False  # what follows
levels = 0  # of the pins, a bit each
queued = 0  # words in the TX FIFOs, four bits each
_received = 0  # mask of the state machines whose next received word came with the head
_counting = 0  # and of those of which X did, as they have sent none
known = {}  # number -> the object that stands for it here
handlers = {}  # number -> function without arguments

_posted = bytearray(_ROOM_BYTES)
_posted[:] = b"["  # the room stays
_spins = 0
_head = bytearray(_HEAD_BYTES)
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


def prepared(target, method):
    """For `post_number`: the request, up to its number. Text would be looked up at each call."""
    return ('["%s","%s",[' if isinstance(target, str) else '[%d,"%s",[').encode() % (
        target,
        method,
    )


def prepared_call(target, method):
    """For `ask`: the whole request, without arguments."""
    return prepared(target, method) + b"]]]\n"


def post_number(start, number):
    """`post` of a prepared request."""
    _change()
    _posted.extend(start)
    _post(b"%d]]," % number)


def post_harmless(whole):
    """`post` of a request, given with its comma, that changes no level and no FIFO."""
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


def received(machine):
    """The next word that a state machine has sent; None: ask for it. It has to be posted."""
    global _received
    if not is_known or not _received >> machine & 1:
        return None
    _received &= ~(1 << machine)
    return struct.unpack_from("<I", _head, _WORDS_AT + 4 * machine)[0]


def counter(machine):
    """X of a state machine that has sent nothing; None: it is not known."""
    if not is_known or not _counting >> machine & 1:
        return None
    return struct.unpack_from("<I", _head, _WORDS_AT + 4 * machine)[0]


def spin():
    """The firmware looks at what only the chip can change, and waits for nothing."""
    global _spins
    _spins += 1
    if _spins >= _SPINS:
        tell("spun", _spins)
        _spins = 0


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
    global now_us, flags, answers, is_known, levels, queued, version
    global _received, _counting, _spins
    before_us = now_us
    _write(whole)
    _spins = 0
    while True:
        if _reader.readinto(_head) != _HEAD_BYTES:
            raise SystemExit(9)  # the bench is gone
        (now_us, value, count, kind, flags, _received, _counting, levels, queued) = (
            struct.unpack_from("<qqIBBBBII", _head)
        )
        answers += 1
        is_known = True
        version += changes or now_us != before_us
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
        data = json.loads(_reader.read(count))
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
