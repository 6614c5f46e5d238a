# SPDX-License-Identifier: MIT
"""MicroPython's `machine` of the esp32 port: pins, timers, PWM, I2C, RTC memory, watchdog."""

from typing import cast

from pumpbench.targets.sim import fake_machine as _rp2
from pumpbench.targets.sim import fake_sys as _sys
from pumpbench.targets.sim import world as _world
from pumpbench.targets.sim.esp32 import ledc as _ledc
from pumpbench.targets.sim.esp32 import world as _esp32

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
UNIQUE_ID = bytes.fromhex("7cdfa1e0b2c4")
_IDLE_NS = 1_000
_TICK_MS = 10  # of FreeRTOS
_TIMERS = 4
_DUTY_MAX = 65_535


def _current() -> _esp32.Esp32World:
    return cast("_esp32.Esp32World", _world.current)


class Pin(_rp2.AnyPin):
    """A mode disconnects the pin from any peripheral that drove it."""

    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2
    WAKE_LOW, WAKE_HIGH = 4, 5
    _world: _esp32.Esp32World

    def irq(self, handler=None, trigger: int = IRQ_FALLING | IRQ_RISING) -> None:
        """Schedule `handler(pin)` after an edge. There are no hard interrupts."""
        if handler is None:
            self._net.on_edge = None
        else:
            late_ns = self._world.callback_ns
            self._net.on_edge = _rp2.Edges(self, handler, trigger, late_ns).note

    def _number(self, id) -> int:
        if not isinstance(id, int) or not 0 <= id < self._world.chip.pins:
            raise ValueError("invalid pin")
        return id

    def _take(self, mode: int) -> None:
        super()._take(mode)
        if mode == Pin.OUT and self.number in self._world.chip.inputs_only:
            raise ValueError("pin can only be input")
        self._world.signals.enable_input(self._net)

    def _read(self) -> int:
        self._world.sync()
        return self._net.level if self._world.signals.can_read(self._net) else 0


class Timer(_rp2.Timer):
    """0 to 3 are of the chip, each exists once; -1 counts ticks of FreeRTOS. All are soft."""

    _world: _esp32.Esp32World

    def __new__(cls, id: int, **_settings) -> "Timer":
        w = _current()
        if id == -1:
            return super().__new__(cls)
        if not 0 <= id < _TIMERS:
            raise ValueError(f"invalid Timer number, max {_TIMERS}")
        return cast("Timer", w.timers.setdefault(id, super().__new__(cls)))

    def __init__(self, id: int, **settings) -> None:
        self._world = _current()
        self._is_soft = id == -1
        self._event = getattr(self, "_event", None)
        if settings:
            self.init(**settings)

    def init(
        self,
        *,
        mode: int = _rp2.Timer.PERIODIC,
        callback=None,
        period: int = 0xFFFFFFFF,
        tick_hz: int = 1_000,
        freq: float | None = None,
        hard: bool = False,
    ) -> None:
        if hard:
            raise ValueError("hard Timers are not implemented")
        self.deinit()
        period_ns = period * 1_000_000_000 // tick_hz if freq is None else round(1e9 / freq)
        if self._is_soft:
            ticks = period_ns // (_TICK_MS * 1_000_000)
            if ticks == 0:
                raise ValueError("period too small for soft timer, less than OS tick period")
            period_ns = ticks * _TICK_MS * 1_000_000
        self._start(mode, period_ns, callback)

    def _start(self, mode: int, period_ns: int, callback) -> None:
        w = self._world
        due_ns = w.now_ns + w.by_timer_ns(period_ns)

        def fire() -> None:
            self._event = None
            if mode == Timer.PERIODIC:
                self._start(mode, period_ns, callback)
            if callback is not None:
                w.at(w.now_ns + w.callback_ns, lambda: _sys.call_back(callback, self))

        self._event = w.at(due_ns, fire)


class PWM:
    """A channel of LEDC on a pin; whole hertz."""

    def __init__(
        self, pin: Pin, freq: int = 5_000, *, duty_u16=None, duty_ns=None, invert: int = 0
    ) -> None:
        w = self._world = _current()
        w.sync()
        self._ledc = _ledc.Ledc(w.signals, w.pins.nets[pin.number], bool(invert))
        self._freq, self._on_ns = freq, 0
        self.freq(freq)
        if duty_u16 is not None:
            self.duty_u16(duty_u16)
        elif duty_ns is not None:
            self.duty_ns(duty_ns)
        else:
            self.duty_u16(32_768)

    def freq(self, freq: int | None = None) -> int | None:
        if freq is None:
            return self._freq
        if not 0 < freq <= 40_000_000:
            raise ValueError("frequency must be from 1Hz to 40MHz")
        self._freq = freq
        self._apply()
        return None

    def duty_u16(self, duty: int) -> None:
        if not 0 <= duty <= _DUTY_MAX:
            raise ValueError(f"duty_u16 must be from 0 to {_DUTY_MAX}")
        self._on_ns = duty * (1_000_000_000 // self._freq) // _DUTY_MAX
        self._apply()

    def duty_ns(self, on_ns: int) -> None:
        if not 0 <= on_ns <= 1_000_000_000 // self._freq:
            raise ValueError("duty_ns is longer than the period")
        self._on_ns = on_ns
        self._apply()

    def deinit(self) -> None:
        self._world.sync()
        self._ledc.delete()

    def _apply(self) -> None:
        self._world.sync()
        self._ledc.set(1_000_000_000 // self._freq, self._on_ns)


class I2C(_rp2.I2C):
    """A bus on any two pins."""

    def __init__(self, number: int, *, sda: Pin, scl: Pin, freq: int = 400_000) -> None:
        if number not in (0, 1):
            raise ValueError(f"I2C({number}) doesn't exist")
        self._byte_ns = 9 * 1_000_000_000 // freq
        self._world = _current()
        self._devices = self._world.i2c.get((sda.number, scl.number), {})


class RTC:
    """Only its memory, which survives a reset with power on."""

    def memory(self, data=None) -> bytes | None:
        w = _current()
        if data is None:
            return w.rtc_memory or b""  # without its magic word, as at power-up, it has no length
        if len(data) > _esp32.RTC_BYTES:
            raise ValueError("buffer too long")
        w.rtc_memory = bytes(data)
        return None


class WDT(_rp2.WDT):
    """The task watchdog: any time, replaced by the next one, and never stopped."""

    def __init__(self, id: int = 0, timeout: int = 5_000) -> None:
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._watchdog = _current().watchdog
        self._watchdog.start(timeout)


def idle() -> None:
    """`taskYIELD`: returns at once, in any case."""
    _current().sleep_ns(_IDLE_NS)


def lightsleep(_duration_ms: int = 0) -> None:
    raise NotImplementedError("light sleep stops RMT and PCNT; it is not simulated")


def unique_id() -> bytes:
    return UNIQUE_ID


def freq(hz: int | None = None) -> int | None:
    if hz not in (None, _current().cpu_hz):
        raise NotImplementedError("only the frequency of power-up is simulated")
    return _current().cpu_hz if hz is None else None


def reset_cause() -> int:
    return _current().reset_cause


def reset() -> None:
    _current().reset(2)
