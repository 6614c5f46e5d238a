# SPDX-License-Identifier: MIT
"""MicroPython's `machine` on a fake RP2040: pins, timers, serial ports, I2C, reset, idle."""

from pumpbench.targets.sim import fake_sys as _sys
from pumpbench.targets.sim import world as _world
from pumpbench.targets.sim.console import FRAME_ADDRESS
from pumpbench.targets.sim.pins import SIO
from pumpbench.targets.sim.uart import STATUS_ADDRESSES
from pumpbench.targets.sim.watchdog import BY_FORCE, TIMEOUT_MAX_MS

PWRON_RESET, WDT_RESET = 1, 3
UNIQUE_ID = bytes.fromhex("e660583883724a32")
FREQ_HZ = 125_000_000


class AnyPin:
    """A pin of either port. Without a mode it keeps its mode, with a pull of -1 its pull."""

    IN: int
    OUT: int
    PULL_UP: int
    PULL_DOWN: int

    def __init__(self, id, mode=None, pull: int | None = -1, *, value=None) -> None:
        self._world = _world.current
        self.number = id.number if isinstance(id, AnyPin) else self._number(id)
        self._net = self._world.pins.nets[self.number]
        if mode is not None or pull != -1 or value is not None:
            self.init(mode, pull, value=value)

    def init(self, mode=None, pull: int | None = -1, *, value=None) -> None:
        net = self._net
        self._world.sync()
        if value is not None:
            net.outputs[SIO] = int(bool(value))
        if mode is not None:
            self._take(mode)
            net.function = SIO
            net.output_enables[SIO] = int(mode == self.OUT)
        if pull != -1:
            net.pull = {None: None, self.PULL_UP: 1, self.PULL_DOWN: 0}[pull]
        self._world.pins.settle(net)

    def value(self, value=None) -> int | None:
        if value is None:
            self._world.spin()
            return self._read()
        net, level = self._net, int(bool(value))
        if net.outputs[SIO] != level:
            net.outputs[SIO] = level
            self._world.pins.settle(net)
        return None

    __call__ = value

    def on(self) -> None:
        self.value(1)

    def off(self) -> None:
        self.value(0)

    def toggle(self) -> None:
        self.value(not self._net.outputs[SIO])

    def _number(self, id) -> int:
        raise NotImplementedError

    def _take(self, mode: int) -> None:
        if mode not in (self.IN, self.OUT):
            raise NotImplementedError(f"pin mode {mode} is not simulated")

    def _read(self) -> int:
        raise NotImplementedError


class Pin(AnyPin):
    IN, OUT, OPEN_DRAIN, ALT = 0, 1, 2, 3
    PULL_UP, PULL_DOWN = 1, 2
    IRQ_FALLING, IRQ_RISING = 4, 8
    high, low = AnyPin.on, AnyPin.off

    def irq(self, handler=None, trigger: int = IRQ_FALLING | IRQ_RISING, hard: bool = False):
        """Call `handler(pin)` after an edge; None: never. Earlier edges are forgotten."""
        if trigger & ~(Pin.IRQ_FALLING | Pin.IRQ_RISING):
            raise NotImplementedError(f"trigger {trigger} is not simulated")
        self._net.on_edge = None if handler is None else Edges(self, handler, trigger).note

    def _number(self, id: int | str) -> int:
        number = int(id.removeprefix("GP")) if isinstance(id, str) else id
        if not 0 <= number < 30:
            raise ValueError("invalid pin")
        return number

    def _read(self) -> int:
        if self._net.function != SIO:
            self._world.sync()
        return self._net.level


class Edges:
    """The interrupt of a pin: edges before it is served are one."""

    def __init__(self, pin, handler, trigger: int, delay_ns: int = 0) -> None:
        self._pin = pin
        self._handler = handler
        self._trigger = trigger
        self._delay_ns = delay_ns
        self._is_pending = False

    def note(self, level: int) -> None:
        edge = self._pin.IRQ_RISING if level else self._pin.IRQ_FALLING
        if edge & self._trigger and not self._is_pending:
            self._is_pending = True
            w = self._pin._world
            w.at(w.now_ns + self._delay_ns, self._serve)

    def _serve(self) -> None:
        self._is_pending = False
        if self._pin._net.on_edge == self.note:  # it was not removed meanwhile
            self._pin._world.interrupted = True
            _sys.call_back(self._handler, self._pin)


class Timer:
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, _id: int = -1, **settings) -> None:
        self._world = _world.current
        self._event = None
        if settings:
            self.init(**settings)

    def init(self, *, mode: int = PERIODIC, period: int = -1, freq: float = -1, callback=None):
        self.deinit()
        period_ns = max(1, period) * 1_000_000 if freq == -1 else round(1e9 / freq)
        self._start(mode, period_ns, callback)

    def _start(self, mode: int, period_ns: int, callback) -> None:
        w = self._world

        def fire() -> None:
            self._event = None
            if mode == Timer.PERIODIC:
                self._start(mode, period_ns, callback)
            w.interrupted = True
            if callback is not None:
                _sys.call_back(callback, self)

        self._event = w.at(w.now_ns + w.by_timer_ns(period_ns), fire)

    def deinit(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None


class UART:
    def __init__(self, number: int, baudrate: int = 115_200, **settings) -> None:
        self._port = _world.current.uart(number)
        self._world = _world.current
        self.init(baudrate, **settings)

    def init(
        self, baudrate: int = 115_200, *, rxbuf: int = 256, timeout: int = 0, **_pins
    ) -> None:
        self._timeout_ns = timeout * 1_000_000
        self._port.set_up(baudrate, rxbuf)

    def any(self) -> int:
        self._world.spin()
        return len(self._port.input)

    def can_read(self) -> bool:
        return bool(self._port.input)

    def can_write(self) -> bool:
        return self._port.host_reads

    def read(self, count: int = 1 << 30) -> bytes | None:
        self._world.spin()
        self._world.wait_for(self.can_read, self._timeout_ns)
        return self._port.take(count) or None

    def readinto(self, buffer, count: int | None = None) -> int | None:
        data = self.read(len(buffer) if count is None else count)
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes | str) -> int:
        data = data.encode() if isinstance(data, str) else bytes(data)
        self._port.write(data)
        return len(data)


class I2C:
    """A bus; on the wires of `board.I2C` it has the world's battery clock, if any."""

    _SDA = ((0, 4, 8, 12, 16, 20, 24, 28), (2, 6, 10, 14, 18, 22, 26))

    def __init__(self, number: int, *, sda: Pin, scl: Pin, freq: int = 400_000) -> None:
        if sda.number not in self._SDA[number]:
            raise ValueError("bad SDA pin")
        if scl.number - 1 not in self._SDA[number]:
            raise ValueError("bad SCL pin")
        self._byte_ns = 9 * 1_000_000_000 // freq
        self._world = _world.current
        self._devices = self._world.i2c.get((sda.number, scl.number), {})

    def scan(self) -> list[int]:
        return [address for address, device in self._devices.items() if device.answers]

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        return self._device(address, 3 + count).read(register, count)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self._device(address, 2 + len(data)).write(register, bytes(data))

    def _device(self, address: int, byte_count: int):
        self._world.sleep_ns(byte_count * self._byte_ns)
        if address not in self._devices:
            raise OSError(5, "EIO")
        return self._devices[address]


def idle() -> None:
    _world.current.idle()


def unique_id() -> bytes:
    return UNIQUE_ID


def freq(hz: int | None = None) -> int | None:
    if hz not in (None, FREQ_HZ):
        raise NotImplementedError("only 125 MHz is simulated")
    return FREQ_HZ if hz is None else None


def reset_cause() -> int:
    return _world.current.reset_cause


def reset() -> None:
    _world.current.reset(BY_FORCE)


class WDT:
    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        if id != 0:
            raise ValueError(f"WDT({id}) doesn't exist")
        if not 0 <= timeout <= TIMEOUT_MAX_MS:
            raise ValueError(f"timeout exceeds {TIMEOUT_MAX_MS}")
        self._watchdog = _world.current.watchdog
        self._watchdog.start(timeout)

    def feed(self) -> None:
        self._watchdog.feed()


class _Words:
    """The chip's registers that are simulated: of the watchdog, the USB frame, the UARTs."""

    def __getitem__(self, address: int) -> int:
        if address in STATUS_ADDRESSES:
            return _world.current.uart(STATUS_ADDRESSES[address]).status
        if address == FRAME_ADDRESS:
            return _world.current.console.frame
        return _world.current.watchdog.read(address)

    def __setitem__(self, address: int, value: int) -> None:
        if address in STATUS_ADDRESSES:  # with any value
            _world.current.uart(STATUS_ADDRESSES[address]).status = 0
            return
        _world.current.watchdog.write(address, value)


mem32 = _Words()
