# SPDX-License-Identifier: MIT
"""MicroPython's `esp32`: RMT and PCNT."""

import errno
from typing import cast

from pumpbench.targets.sim import fake_sys as _sys
from pumpbench.targets.sim import world as _world
from pumpbench.targets.sim.esp32 import pcnt as _pcnt
from pumpbench.targets.sim.esp32 import rmt as _rmt
from pumpbench.targets.sim.esp32 import world as _esp32

__all__ = ["PCNT", "RMT"]

_CLOCK_HZ = 80_000_000
_START_NS = 20_000  # assumed: time of `write_pulses` before the first pulse
_PULSE_NS = 500  # and for each of them
_UNITS = {"ESP32": 8, "ESP32-S3": 4}


def _current() -> _esp32.Esp32World:
    return cast("_esp32.Esp32World", _world.current)


class RMT:
    PULSE_MAX = _rmt.MAX_TICKS

    def __init__(
        self,
        id: int = -1,
        *,
        pin,
        resolution_hz: int | None = None,
        clock_div: int | None = None,
        idle_level: bool = False,
        tx_carrier=None,
        num_symbols: int | None = None,
    ) -> None:
        w = self._world = _current()
        if tx_carrier is not None:
            raise NotImplementedError("a carrier is not simulated")
        if resolution_hz is not None and clock_div is not None:
            raise ValueError("resolution_hz and clock_div are mutually exclusive")
        if clock_div is not None:
            if not 1 <= clock_div <= 255:
                raise ValueError("clock_div must be between 1 and 255")
            resolution_hz = _CLOCK_HZ // clock_div
        self._resolution_hz = 10_000_000 if resolution_hz is None else resolution_hz
        divider = _CLOCK_HZ // self._resolution_hz
        if not 1 <= divider <= 256:
            raise OSError(-0x102, "ESP_ERR_INVALID_ARG")
        least = w.chip.symbols
        symbols = least if num_symbols is None else num_symbols
        if symbols < least or symbols % 2:
            raise ValueError(f"num_symbols must be even and at least {least}")
        self._blocks = -(-symbols // least)
        if self._blocks > w.rmt_blocks:
            raise OSError(-0x105, "ESP_ERR_NOT_FOUND")
        w.rmt_blocks -= self._blocks
        w.sync()
        self._loops = 0
        self._ongoing = 0  # transmissions not yet reported as done
        self._is_enabled = False
        tick_ns = 1e9 / (_CLOCK_HZ // divider)
        size = self._blocks * least
        self._channel = _rmt.Transmitter(
            w.signals, w.pins.nets[pin.number], tick_ns, size, int(bool(idle_level))
        )
        self._channel.done = self._done
        self._is_there = True

    @staticmethod
    def source_freq() -> int:
        return _CLOCK_HZ

    def clock_div(self) -> int:
        self._need()
        return _CLOCK_HZ // self._resolution_hz

    def active(self, value=None) -> bool:
        """Whether it sends; False stops it. A stopped transmission never counts as done."""
        if value is None:
            self._world.spin()
            self._world.sync()
            return self._is_enabled and self._ongoing > 0
        if value:
            raise ValueError("activate by calling write_pulses()")
        self._disable()
        return False

    def deinit(self) -> None:
        if self._is_there:
            self._disable()
            self._channel.delete()
            self._world.rmt_blocks += self._blocks
            self._is_there = False
            self._ongoing = 0

    def wait_done(self, *, timeout: int = 0) -> bool:
        w = self._world
        self._need()
        w.spin()
        w.sync()
        if not self._is_enabled:
            return True
        if timeout == 0:
            return self._ongoing == 0
        return w.wait_for(self._is_idle, timeout * 1_000_000)

    def loop(self, enable: bool) -> None:
        self._need()
        self._set_loops(-1 if enable else 0)

    def loop_count(self, count: int) -> None:
        self._need()
        if count < -1:
            raise ValueError("arg must be -1, 0 or positive")
        self._set_loops(count)

    def write_pulses(self, duration, data=True) -> None:
        """Send; blocks, without a time limit, while another transmission is under way."""
        w = self._world
        self._need()
        if self._is_enabled:
            w.wait_for(self._is_idle, 1 << 61)
        self._is_enabled = True
        halves = _halves(duration, data)
        w.sleep_ns(_START_NS + len(halves) * _PULSE_NS)
        if self._loops > 0 and not w.chip.has_loop_count:
            raise OSError(errno.EOPNOTSUPP, "ESP_ERR_NOT_SUPPORTED")
        if self._loops and len(halves) > 2 * (self._channel.symbols - 1):
            raise OSError(-0x102, "ESP_ERR_INVALID_ARG")
        if self._loops > _rmt.LOOPS_MAX:
            raise NotImplementedError("loops in batches are not simulated")
        w.sync()
        self._ongoing += 1
        self._channel.send(halves, self._loops)
        self._watch()

    def can_read(self) -> bool:
        return False

    def can_write(self) -> bool:
        """The state for `select.poll`."""
        self._world.sync()
        return self._ongoing == 0

    def _need(self) -> None:
        if not self._is_there:
            raise OSError("already deinitialized")

    def _is_idle(self) -> bool:
        self._world.sync()
        return not self._channel.is_busy

    def _done(self) -> None:
        self._ongoing -= 1

    def _watch(self) -> None:
        """Schedule an event when the sequence may be over: nothing else would wake a wait."""
        channel = self._channel
        if channel.is_busy:
            at_ns = max(channel.next_ns, self._world.now_ns + 1)
            self._world.at(at_ns, self._watch_on)

    def _watch_on(self) -> None:
        self._world.sync()
        self._watch()

    def _set_loops(self, count: int) -> None:
        if self._is_enabled and self._ongoing > 0 and self._loops and not count:
            self._disable()
        self._loops = count

    def _disable(self) -> None:
        """As `rmt_disable`: at once, or, on an ESP32, with interrupts off until the end marker."""
        w, channel = self._world, self._channel
        w.sync()
        if not self._is_enabled:
            return
        if channel.is_busy and w.chip.has_async_stop:
            channel.halt()
        elif channel.is_busy:
            channel.mark_end()
            begun_ns = w.now_ns
            while channel.is_busy:
                channel.done = lambda: None
                w.hold(max(1, min(channel.next_ns, begun_ns + _esp32.PANIC_NS) - w.now_ns))
                if w.now_ns - begun_ns >= _esp32.PANIC_NS:
                    w.panic()
            channel.done = self._done
        self._is_enabled = False


def _halves(duration, data) -> list[_rmt.Half]:
    if not isinstance(data, list | tuple):
        first = int(bool(data))
        pairs = [((first + n) % 2, ticks) for n, ticks in enumerate(_array(duration))]
    elif isinstance(duration, int):
        pairs = [(int(bool(level)), duration) for level in data]
    else:
        if len(_array(duration)) != len(data):
            raise ValueError("duration and data must have same length")
        pairs = [(int(bool(level)), ticks) for ticks, level in zip(duration, data, strict=True)]
    if not pairs:
        raise ValueError("No pulses")
    for _, ticks in pairs:
        if not 1 <= ticks <= _rmt.MAX_TICKS:  # a board would take the low 15 bits
            raise NotImplementedError(f"a duration of {ticks} ticks")
    return pairs if len(pairs) % 2 == 0 else [*pairs, (0, _rmt.END)]


def _array(durations):
    if not isinstance(durations, list | tuple):
        raise TypeError("object isn't a tuple or list")
    return durations


class _Irq:
    def __init__(self, unit: "PCNT") -> None:
        self._flags = 0
        self.handler = None
        self.mask = 0
        self._unit = unit

    def reached(self, flags: int) -> None:
        if self.handler is not None and flags & self.mask:
            self._flags |= flags & self.mask
            w = _current()
            w.at(w.now_ns + w.callback_ns, self.call)

    def call(self) -> None:
        if self._flags and self.handler is not None:
            _sys.call_back(self.handler, self._unit)

    def flags(self) -> int:
        flags, self._flags = self._flags, 0
        return flags

    def trigger(self) -> int:
        return self.mask


class PCNT:
    IGNORE, INCREMENT, DECREMENT = 0, 1, 2
    NORMAL, REVERSE, HOLD = 0, 1, 2
    IRQ_ZERO, IRQ_THRESHOLD0, IRQ_THRESHOLD1 = _pcnt.ZERO, _pcnt.THRESHOLD0, _pcnt.THRESHOLD1
    IRQ_MIN, IRQ_MAX = _pcnt.MIN, _pcnt.MAX

    _CHANGES = (0, 1, -1)

    def __init__(self, id: int, **settings) -> None:
        w = self._world = _current()
        if not 0 <= id < (8 if w.chip.pins == 40 else 4):
            raise ValueError("invalid id")
        w.sync()
        if id not in w.units:
            w.units[id] = _pcnt.Unit(w.signals)
        self._unit = cast("_pcnt.Unit", w.units[id])
        self._irq: _Irq | None = None
        self.init(**settings)

    def init(self, *, channel: int = 0, **settings) -> None:
        self._world.sync()
        unit = self._unit
        if channel not in (0, 1):
            raise ValueError("channel")
        if settings.keys() & {"mode_pin", "mode_low", "mode_high", "filter"}:
            raise NotImplementedError("direction and filter of PCNT are not simulated")
        before = unit.channels[channel] or (None, 0, 0)
        net, rising, falling = before
        if "pin" in settings:
            pin = settings["pin"]
            net = None if pin is None else self._world.pins.nets[pin.number]
        if "rising" in settings or "falling" in settings:
            rising = self._CHANGES[settings.get("rising", 0)]
            falling = self._CHANGES[settings.get("falling", 0)]
        if "pin" in settings:
            unit.connect(channel, net, rising, falling)
        elif net is not None:
            unit.channels[channel] = net, rising, falling
        self._limit(settings)

    def _limit(self, settings: dict) -> None:
        unit = self._unit
        clears = settings.keys() & {"min", "max", "threshold0", "threshold1", "value"}
        if settings.get("value", 0) != 0:
            raise ValueError("value")
        if not -32_768 <= settings.get("min", 0) <= 0:
            raise ValueError("minimum")
        if not 0 <= settings.get("max", 0) <= 32_767:
            raise ValueError("maximum")
        unit.minimum = settings.get("min", unit.minimum)
        unit.maximum = settings.get("max", unit.maximum)
        for n in range(2):
            unit.thresholds[n] = settings.get(f"threshold{n}", unit.thresholds[n])
        if clears:
            unit.value = 0

    def value(self, value: int | None = None) -> int:
        w = self._world
        if value not in (None, 0):
            raise ValueError("value")
        w.spin()
        w.sync()
        if self._irq is not None:
            self._irq.call()
        found = self._unit.value
        if value == 0:
            self._unit.value = 0
        return found

    def start(self) -> None:
        self._world.sync()
        self._unit.is_running = True

    def stop(self) -> None:
        self._world.sync()
        self._unit.is_running = False

    def irq(self, handler=None, trigger: int = IRQ_ZERO) -> _Irq:
        if self._irq is None:
            self._irq = _Irq(self)
        if handler is not None:
            self._irq.handler, self._irq.mask = handler, trigger
            self._unit.reached = self._irq.reached
        return self._irq

    def deinit(self) -> None:
        self._world.sync()
        self._unit.is_running = False
        self._unit.channels = [None, None]
        self._unit.value = 0
