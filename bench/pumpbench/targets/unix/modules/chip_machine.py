# SPDX-License-Identifier: MIT
"""`machine` of the chip."""

import chip_sys
import link
from link import Remote

PWRON_RESET, WDT_RESET = 1, 3


def guarded(function, argument):
    """Call a handler of an interrupt; an exception in it is printed."""

    def run():
        try:
            function(argument)
        except Exception as error:
            chip_sys.print_exception(error)

    return run


class Pin(Remote):
    IN, OUT, OPEN_DRAIN, ALT = 0, 1, 2, 3
    PULL_UP, PULL_DOWN = 1, 2
    IRQ_FALLING, IRQ_RISING = 4, 8

    def __init__(self, pin, mode=None, pull=-1, *, value=None):
        name = pin.ref() if isinstance(pin, Pin) else pin
        super().__init__(link.new("machine", "Pin", name, mode, pull, value=value))
        self._pin = pin._pin if isinstance(pin, Pin) else _number(pin)
        self._level = link.shortened_call(self.number, "value")
        self._set = link.numbered(self.number, "value")

    def init(self, mode=None, pull=-1, *, value=None):
        link.call(self.number, "init", mode, pull, value=value)

    def value(self, value=None):
        if value is None:
            if not link.is_known:
                return link.ask(self._level, changes=False)
            link.spin()
            return link.head[link.LEVELS] >> self._pin & 1
        link.post_number(self._set, int(bool(value)))
        return None

    def __call__(self, value=None):
        return self.value(value)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high, low = on, off

    def toggle(self):
        link.post(self.number, "toggle")

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, hard=False):
        if handler is None:
            link.call(self.number, "irq", None, trigger)
            return
        link.handlers[self.number] = guarded(handler, self)
        link.call(self.number, "irq", {"f": self.number}, trigger)


def _number(pin):
    return int(pin[2:]) if isinstance(pin, str) else pin


class Timer(Remote):
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, _id=-1, **settings):
        super().__init__(link.new("machine", "Timer", _id))
        self._starts = {}  # mode -> the request, up to the period
        if settings:
            self.init(**settings)

    def init(self, *, mode=PERIODIC, period=-1, freq=-1, callback=None):
        if callback is None or freq != -1 or not isinstance(period, int):
            handler = None if callback is None else {"f": self.number}
            link.post(self.number, "init", mode=mode, period=period, freq=freq, callback=handler)
        else:
            if mode not in self._starts:
                self._starts[mode] = b"[" + link.shortened(
                    b'[%d,"init",[],{"mode":%d,"callback":{"f":%d}},"period"],'
                    % (self.number, mode, self.number)
                )
            link.post_harmless_number(self._starts[mode], period)
        if callback is not None:
            link.handlers[self.number] = guarded(callback, self)

    def deinit(self):
        link.call(self.number, "deinit")


class UART(Remote):
    def __init__(self, number, baudrate=115_200, **settings):
        pins = ("tx", "rx", "cts", "rts")
        settings = {name: settings[name] for name in settings if name not in pins}
        super().__init__(link.new("machine", "UART", number, baudrate, **settings))

    def any(self):
        return link.call(self.number, "any")

    def read(self, count=1 << 30):
        return link.call(self.number, "read", count)

    def readinto(self, buffer, count=None):
        data = self.read(len(buffer) if count is None else count)
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        return link.call(self.number, "write", link.hexed(data))


class I2C(Remote):
    def __init__(self, number, *, sda, scl, freq=400_000):
        wires = {"sda": sda.ref(), "scl": scl.ref()}
        super().__init__(link.new("machine", "I2C", number, freq=freq, **wires))

    def scan(self):
        return list(link.call(self.number, "scan"))

    def readfrom_mem(self, address, register, count):
        return link.call(self.number, "readfrom_mem", address, register, count)

    def writeto_mem(self, address, register, data):
        link.call(self.number, "writeto_mem", address, register, link.hexed(data))


class WDT(Remote):
    def __init__(self, id=0, timeout=5000):
        super().__init__(link.new("machine", "WDT", id, timeout))
        self._feed = link.shortened(link.prepared(self.number, "feed"))

    def feed(self):
        link.post_harmless(self._feed)


_WATCHDOGS = 0x40058, 0x400D8  # base of the registers, RP2040 and RP2350
_SCRATCH, _SCRATCH_END = 0x0C, 0x2C  # only written by the firmware
# Address -> the word written last. It never grows: the heap may be full.
_scratch = {base << 12 | at: -1 for base in _WATCHDOGS for at in range(_SCRATCH, _SCRATCH_END, 4)}
_writes = {at: link.numbered("mem32", "__setitem__", str(at)) for at in _scratch}


class _Words:
    def __getitem__(self, address):
        return link.call("mem32", "__getitem__", address)

    def __setitem__(self, address, value):
        if address in _scratch:
            if _scratch[address] == value:
                return
            _scratch[address] = value
            link.post_harmless_number(_writes[address], value)
        else:
            link.post("mem32", "__setitem__", address, value)


mem32 = _Words()


_IDLE = link.shortened_call("machine", "idle")


def idle():
    link.ask(_IDLE)


def unique_id():
    return link.call("machine", "unique_id")


def freq(*hz):
    return link.call("machine", "freq", *hz)


def reset_cause():
    return link.call("machine", "reset_cause")


def reset():
    link.call("machine", "reset")
