# SPDX-License-Identifier: MIT
"""Alarm conditions: a permanent code, a name, a priority and advice for a human, in one table.

Codes are never reused or changed: rigs and logs depend on them.
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
    CLOCK_NOT_SET: (
        "Clock not set",
        LOW,
        "The day pattern runs at its lowest rate: set the clock, SYSTem:TIME.",
    ),
    PROGRAMMING_OPEN: (
        "Programming left open",
        LOW,
        "Commit or discard what is staged; it is dropped 10 min after the last edit.",
    ),
    PROGRAMMING_DROPPED: (
        "Staged copy dropped",
        MEDIUM,
        "Nothing was changed; begin again with PRESCription:NEW or EDIT.",
    ),
    INTERRUPTED: (
        "Power interrupted",
        HIGH,
        "A reset has ended a delivery; see DELivery:INTerval?, then THERapy:CONFirm.",
    ),
    RESERVOIR_LOW: (
        "Reservoir low",
        LOW,
        "Plan a refill: REServoir:FORecast? says how long it lasts.",
    ),
    RESERVOIR_EMPTY: (
        "Reservoir empty",
        HIGH,
        "Stopped before the dead volume: refill, REServoir:REFill, and start again.",
    ),
    REFILL_MISMATCH: (
        "Refill mismatch",
        MEDIUM,
        "The head gave more or less than counted, REServoir:REFill?: calibrate, check the line.",
    ),
    STORE_DAMAGED: (
        "Records lost",
        HIGH,
        "LOG:READ? says which; what is lost counts as the worst. THERapy:CONFirm.",
    ),
    STORE_FAILING: (
        "Cannot record",
        HIGH,
        "The flash is full or fails; nothing can be delivered. Make room.",
    ),
}
