# SPDX-License-Identifier: MIT
"""The events of the log, each with a permanent number and a name.

Numbers are never reused or changed: logs depend on them. Faults, refusals and alarms have theirs
in `pump.faults` and `pump.alarm.conditions`.
"""

from micropython import const

RESET = const(401)  # text: its cause
STARTED = const(402)
STOPPED = const(403)
COMMITTED = const(404)
DOSE_BEGAN = const(405)
DOSE_ENDED = const(406)
PATIENT_REFUSED = const(407)
REFILLED = const(408)
CALIBRATED = const(409)
CLOCK_SET = const(410)
ALARM_ON = const(411)
ALARM_OFF = const(412)
FAULT = const(413)
STORE_MENDED = const(414)
STORE_LOST = const(415)
CONFIRMED = const(416)
SETTING = const(417)
EVENTS_LOST = const(418)  # text: how many, for want of room in RAM
DAMAGED = const(419)  # what stands for a record that cannot be read
COMMAND = const(420)
INTERRUPTED = const(421)

EVENTS = {
    RESET: "RESET",
    STARTED: "STARTED",
    STOPPED: "STOPPED",
    COMMITTED: "COMMITTED",
    DOSE_BEGAN: "DOSE_BEGAN",
    DOSE_ENDED: "DOSE_ENDED",
    PATIENT_REFUSED: "PATIENT_REFUSED",
    REFILLED: "REFILLED",
    CALIBRATED: "CALIBRATED",
    CLOCK_SET: "CLOCK_SET",
    ALARM_ON: "ALARM_ON",
    ALARM_OFF: "ALARM_OFF",
    FAULT: "FAULT",
    STORE_MENDED: "STORE_MENDED",
    STORE_LOST: "STORE_LOST",
    CONFIRMED: "CONFIRMED",
    SETTING: "SETTING",
    EVENTS_LOST: "EVENTS_LOST",
    DAMAGED: "DAMAGED",
    COMMAND: "COMMAND",
    INTERRUPTED: "INTERRUPTED",
}
