# SPDX-License-Identifier: MIT
"""Alarm conditions: a permanent code, a name and a priority, in one table.

Codes are never reused or changed: rigs and logs depend on them. Advice is in CONSOLE.md.
"""

from micropython import const

HIGH = "HIGH"
MEDIUM = "MEDIUM"
LOW = "LOW"

PRIORITIES = (HIGH, MEDIUM, LOW)

CLOCK_NOT_SET = const(301)
PROGRAMMING_OPEN = const(302)
PROGRAMMING_DROPPED = const(303)
INTERRUPTED = const(304)
RESERVOIR_LOW = const(305)
RESERVOIR_EMPTY = const(306)
REFILL_MISMATCH = const(307)
STORE_DAMAGED = const(308)
STORE_FAILING = const(309)

ALARMS = {
    CLOCK_NOT_SET: ("Clock not set", LOW),
    PROGRAMMING_OPEN: ("Programming left open", LOW),
    PROGRAMMING_DROPPED: ("Staged copy dropped", MEDIUM),
    INTERRUPTED: ("Power interrupted", HIGH),
    RESERVOIR_LOW: ("Reservoir low", LOW),
    RESERVOIR_EMPTY: ("Reservoir empty", HIGH),
    REFILL_MISMATCH: ("Refill mismatch", MEDIUM),
    STORE_DAMAGED: ("Records lost", HIGH),
    STORE_FAILING: ("Cannot record", HIGH),
}
