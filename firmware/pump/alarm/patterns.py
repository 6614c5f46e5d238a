# SPDX-License-Identifier: MIT
"""Alarm signals: bursts as lists of segments, and the lamp's flashes, for each priority. Pure.

Modelled on the tables of IEC 60601-1-8 for pulses and bursts and its melodies for drug delivery;
no conformity is claimed. A segment is (period in us, on-time of the pin per period in us, number
of periods); on-time 0 is silence. A tone rises and falls in four steps of its duty cycle, for a
soft edge; at full level the pin is on for an eighth of the period, so that harmonics 2 to 5 stand
within 7 dB of the fundamental.

Durations and spacings are those between the points of full level: the burst of HIGH takes 3.35 s.
"""

from micropython import const

from pump.alarm.conditions import HIGH, LOW, MEDIUM

# Besides the bursts of the priorities:
REMINDER = const("REMINDER")  # an alarm is shown in silence
CLICK = const("CLICK")  # a button's order was accepted
REFUSED = const("REFUSED")  # a button's order was refused
POWER_UP = const("POWER_UP")

_C4, _E4, _D4, _G4, _C5 = const(3822), const(3034), const(3405), const(2551), const(1911)
_G5, _C6 = const(1276), const(956)  # periods in us; A4 is 440 Hz

_STEPS = const(4)  # of a soft edge
_EDGE_PCT = const(15)  # share of the tone that an edge takes, to the nearest whole period

_HIGH_GAPS_MS = (100, 100, 350, 100, 500)

# name -> (periods of the tones in us, ms of each, ms before each)
_BURSTS = {
    HIGH: ((_C5, _D4, _G4, _C5, _D4) * 2, 150, (0,) + (_HIGH_GAPS_MS * 2)[:-1]),
    MEDIUM: ((_C5, _D4, _G4), 200, (0, 200, 200)),
    LOW: ((_E4, _C4), 200, (0, 200)),
    REMINDER: ((_E4,), 200, (0,)),
    CLICK: ((_C6,), 6, (0,)),
    REFUSED: ((_D4, _D4), 60, (0, 90)),
    POWER_UP: ((_C5, _G5), 60, (0, 90)),
}

# priority -> ms of silence from the end of a burst to the next one; LOW sounds once
INTERBURST_MS = {HIGH: 5_000, MEDIUM: 10_000}
# priority -> (ms on, ms off) of the lamp: 2 Hz, 0.6 Hz, steady
FLASHES_MS = {HIGH: (250, 250), MEDIUM: (830, 830), LOW: (1, 0)}


def segments(name):
    """Yield the segments of the burst `name` in order, as defined above."""
    tones, tone_ms, gaps_ms = _BURSTS[name]
    fall_us = 0
    for period_us, gap_ms in zip(tones, gaps_ms):
        cycles = max(_rounded(tone_ms * 10 * _EDGE_PCT, _STEPS * period_us), 1)
        edge_us = _STEPS * cycles * period_us
        if gap_ms:
            yield _silence(gap_ms * 1000 - fall_us - edge_us)
        full_us = period_us // 8
        for level in range(1, _STEPS + 1):
            yield period_us, full_us * level // (_STEPS + 1), cycles
        yield period_us, full_us, max(_rounded(tone_ms * 1000, period_us), 1)
        for level in range(_STEPS, 0, -1):
            yield period_us, full_us * level // (_STEPS + 1), cycles
        fall_us = edge_us


def duration_us(name):
    """Microseconds from the first edge of a burst to the end of its last segment."""
    return sum([period_us * cycles for period_us, _, cycles in segments(name)])


def _silence(length_us):
    """A silent segment of about `length_us`, right to some microseconds."""
    cycles = length_us // _C4 + 1
    return length_us // cycles, 0, cycles


def _rounded(dividend, divisor):
    return (2 * dividend + divisor) // (2 * divisor)
