# SPDX-License-Identifier: MIT
"""The step engine of the esp32 port: RMT times the steps, Python hands it one piece after another.

A piece is some equal steps of a run, at most all of them, and fits the memory of RMT with its end
marker: it needs no refill, so it is finite and exact in count whatever Python, flash or a panic
do. On an ESP32-S3 it is one step that the hardware repeats, a thousand times at most; an ESP32 has
no such repetition and holds every step in memory, a quarter of a second at most: nor can it stop
RMT before the end of a piece, and it panics if that takes 300 ms.

MicroPython blocks while RMT is sending, so there is no queue in hardware: up to four runs wait
here, and a timer's callback writes the next piece when one is out. If Python hangs without serving
callbacks, the steps end with the piece under way; else they end with the queued runs.

Python leaves a gap between two pieces: 0.13 ms on the fake ESP32-S3, 0.4 ms on the fake ESP32,
which assume 0.1 ms for a callback and half a microsecond for writing a pulse; no chip has been
measured. While flash is written the gap is as long as that takes: 45 ms, 0.8 s where two blocks
are erased at the slowest. The next piece makes it up: its steps are spread evenly from its real
beginning to its nominal end, at twice the rate at most, and no faster than the driver's limit. So
of n steps each is late by an n-th less than the one before; none is early, and lateness does not
accumulate. A period is whole microseconds, rounded up: another microsecond for each step of the
piece.

While a piece is under way, the emitted count is that of the witness, limited to the range that the
elapsed time allows: outside it, the two counts disagree. Of a complete piece the number is known.
"""

# The stubs know no Timer with ticks.
# pyright: reportCallIssue=false

import esp32
import machine
from machine import Pin
from micropython import const

_STEP_HZ = const(1_000_000)  # ticks of RMT are microseconds
_TICKS = const(32_767)  # the longest pulse
_QUEUE = const(4)  # runs that can wait
_ROUNDS = const(1_000)  # of an ESP32-S3; from 1024 on an interrupt would be needed
_ROUNDS_US = const(2_500_000)  # the longest piece of an ESP32-S3
_SYMBOLS = const(320)  # five of the eight blocks of an ESP32
_LIST_US = const(250_000)  # the longest piece of an ESP32
_AGAIN_US = const(200)  # until RMT is polled once more
_SLACK_US = const(50)  # tolerance of the range that the time allows
_TEST_US = const(500)  # between two steps of a test
_TEST_LATE_US = const(5_000)
_LIMIT = const(30_000)  # where PCNT returns to 0
_TIMER = const(0)


class EdgeCounter:
    """Unit `number` of PCNT counts the rising edges of a pin, which becomes an input.

    To be read at least every 30 000 edges.
    """

    def __init__(self, number, pin):
        self._unit = esp32.PCNT(number, pin=pin, rising=esp32.PCNT.INCREMENT, max=_LIMIT)
        self._unit.irq(_forget, esp32.PCNT.IRQ_MAX)  # enables the event that returns it to 0
        self._unit.start()
        self._count = 0
        self._raw = self._unit.value()

    def count(self):
        """Counts since this object was made."""
        raw = self._unit.value()
        self._count += (raw - self._raw) % _LIMIT
        self._raw = raw
        return self._count

    def set_back(self, count):
        """Set the total to `count`: forget later counts."""
        self._count = count


def _forget(unit):
    """Interrupt of PCNT at its limit; `count` allows for the return to 0."""
    unit.irq().flags()


class StepEngine:
    """STEP, DIR and ENABLE of one driver.

    pins: (step number, dir Output, enable Output). driver: `DRIVER` of the board's data.
    clock: `now_us()`. has_rounds: an ESP32-S3. Forward only, DIR asserted.
    """

    def __init__(self, pins, driver, clock, has_rounds):
        self._step, self._direction, self._enable = pins
        self._clock = clock
        self._has_rounds = has_rounds
        self._longest_us = _ROUNDS_US if has_rounds else _LIST_US
        self._high_us = driver["step_high_us"]
        self._setup_us = driver["setup_us"]
        self._least_us = max(1_000_000 // driver["max_steps_s"], 2 * self._high_us)
        self._runs = []
        self._is_on = self._is_held = False
        self._due_us = 0  # nominal end of the written pieces, on the clock
        self._out = 0  # steps of all pieces before the one under way
        self._count, self._period_us = 0, 1  # of the piece under way; count 0: there is none
        self._begun_us = (0, 0)  # instants before and after it was written
        self._end_us = 0  # end of it, or of the last one
        self._seen = 0  # count of the witness before it
        self._witness = EdgeCounter(0, Pin(self._step))
        self._rmt: "esp32.RMT" = None  # pyright: ignore[reportAttributeAccessIssue]
        self._take_pin()
        self._attach()
        self._timer = machine.Timer(_TIMER)
        self._on_timer = self._look_again  # made once

    def arm(self):
        """Energise the driver. Returns the microseconds that it needs before the first step."""
        self._direction.on()
        self._enable.on()
        return self._setup_us

    def start(self):
        """Start the queued runs. Returns the instant that their time counts from."""
        start_us = self._due_us = self._end_us = self._clock.now_us()
        self._is_on = True
        self._feed()
        return start_us

    def put(self, count, period_us):
        """Queue `count` (0..4095) steps, each after `period_us`; needs `room()`.

        count 0 is a delay of `period_us`.
        """
        self._runs.append((count, period_us))
        self._feed()

    def room(self):
        """The number of runs that can be queued now."""
        self._feed()
        return _QUEUE - len(self._runs)

    def stop(self):
        """Stop at once, without a further step; the queue is dropped and the driver released.

        The pin is taken from RMT; an ESP32 then waits for RMT, a quarter of a second at most.
        After that RMT is made anew: it never reports the end of a piece that was stopped.
        """
        self._is_on = False
        if self._count:
            self._take_pin()
        self._enable.off()
        self._runs.clear()
        if self._count:
            self._out, self._count = self._look()[0], 0
            if not self._has_rounds:
                self._rmt.wait_done(timeout=_LIST_US // 1000)
            rmt = self._rmt
            self._rmt = None  # pyright: ignore[reportAttributeAccessIssue]
            rmt.deinit()  # the pin is not driven now; its pull-down holds it
            self._take_pin()

    def test(self, count):
        """Emit `count` steps with the driver off. They are not counted.

        True when engine and witness counted exactly these. Only while nothing is queued.
        """
        before = self.counts()
        each_us = max(_TEST_US, self._least_us)
        self.put(count, each_us)
        wait_us = (count + 2) * each_us + _TEST_LATE_US
        self._clock.wait_until(self.start() + wait_us)
        after = self.counts()
        self.stop()
        self._out = before[0]
        self._witness.set_back(before[1])
        return (after[0] - before[0], after[1] - before[1]) == (count, count)

    def emitted(self):
        """Steps emitted since power-up."""
        return self.counts()[0]

    def counts(self):
        """(steps emitted, rising edges of the step pin) since power-up; see the module."""
        self._feed()
        self._is_held = True
        try:
            return self._look()
        finally:
            self._is_held = False

    def _look(self):
        """Read the counts of this instant."""
        before_us = self._clock.now_us()
        seen = self._witness.count()
        if not self._count:
            return self._out, seen
        after_us = self._clock.now_us()
        least = (before_us - self._begun_us[1] - _SLACK_US) // self._period_us
        most = (after_us - self._begun_us[0] + _SLACK_US + self._high_us) // self._period_us
        steps = min(max(seen - self._seen, least, 0), most, self._count)
        return self._out + steps, seen

    def _feed(self):
        """Write the next piece if the one before is out, and schedule the next callback."""
        if not self._is_on or self._is_held:
            return
        self._is_held = True
        try:
            if self._count and self._rmt.wait_done():
                self._out += self._count
                self._count = 0
            if not self._count:
                self._write()
        finally:
            self._is_held = False

    def _look_again(self, _timer):
        """The timer's callback. It may have interrupted `_feed`."""
        if self._is_held:
            self._call_in(_AGAIN_US)
        elif self._is_on:
            self._feed()
            if self._count:
                self._call_in(self._end_us - self._clock.now_us())

    def _call_in(self, wait_us):
        self._timer.init(
            mode=machine.Timer.ONE_SHOT,
            period=max(wait_us, _AGAIN_US),
            tick_hz=1_000_000,
            callback=self._on_timer,
        )

    def _write(self):
        """Write a piece of the first waiting run, unless it is too early for it."""
        runs = self._runs
        while runs and runs[0][0] == 0:
            self._due_us += runs.pop(0)[1]
        if not runs:
            return
        left, period_us = runs[0]
        now_us = self._clock.now_us()
        count = 1 if now_us < self._due_us else min(left, self._most(period_us))
        due_us = self._due_us + count * period_us
        if due_us - now_us > self._longest_us and count == 1:
            self._call_in(due_us - now_us - self._longest_us)
            return
        each_us = -((now_us - due_us) // count)
        least_us = max(period_us // 2, self._least_us)
        if count == 1:  # it may begin long after the step before
            least_us = max(self._end_us + least_us - now_us, 2 * self._high_us)
        each_us = max(each_us, least_us)
        self._send(count, each_us)
        self._due_us = due_us
        if left > count:
            runs[0] = (left - count, period_us)
        else:
            runs.pop(0)
        self._end_us = self._begun_us[1] + count * each_us
        self._call_in(count * each_us)

    def _most(self, period_us):
        """The largest number of steps of a piece."""
        if self._has_rounds:
            return min(_ROUNDS, self._longest_us // period_us)
        symbols = (_parts(period_us) + 1) // 2
        return max(min((_SYMBOLS - 1) // symbols, self._longest_us // period_us), 1)

    def _send(self, count, period_us):
        """Have RMT make `count` steps, each at the end of its period."""
        if self._rmt is None:
            self._attach()
        low_us = period_us - self._high_us
        parts = _parts(low_us)
        part_us, longer = divmod(low_us, parts)
        pulses = [part_us + 1] * longer + [part_us] * (parts - longer) + [self._high_us]
        levels = [0] * parts + [1]
        if not self._has_rounds:
            pulses, levels = pulses * count, levels * count
        else:
            self._rmt.loop_count(count)
        self._seen = self._witness.count()
        before_us = self._clock.now_us()
        self._rmt.write_pulses(pulses, levels)
        self._begun_us = before_us, self._clock.now_us()
        self._count, self._period_us = count, period_us

    def _attach(self):
        """Connect the pin to RMT."""
        options: "dict" = {} if self._has_rounds else {"num_symbols": _SYMBOLS}
        self._rmt = esp32.RMT(pin=Pin(self._step), resolution_hz=_STEP_HZ, **options)

    def _take_pin(self):
        """Make the pin a low output of the processor, whatever RMT does. PCNT still sees it."""
        Pin(self._step, Pin.OUT, Pin.PULL_DOWN, value=0)


def _parts(low_us):
    """The number of pulses for a low of that length: odd, as the high pulse follows."""
    return -(-low_us // _TICKS) | 1
