# SPDX-License-Identifier: MIT
"""Refusals and faults, each with a permanent number and a name; advice is in CONSOLE.md.

`Refused`: a request that cannot be met; the pump is unaffected. The console turns it into an error
in its queue. `Fault`: a physical or integrity failure; the supervisor stops the pump and keeps the
first one. Any other exception is a bug and becomes the fault `TASK_DIED`.

Numbers are never reused or changed: rigs and logs depend on them.
"""

from micropython import const

# Refusals
NOT_STOPPED = const(101)
ALREADY_RUNNING = const(102)
NO_PRESCRIPTION = const(103)
NOTHING_STAGED = const(104)
STALE_TOKEN = const(105)
INVALID_PRESCRIPTION = const(106)
PUMP_FAULT = const(107)
IN_SERVICE = const(108)
BOLUS_IN_PROGRESS = const(109)
LOCKED_OUT = const(110)
PATIENT_MAXIMUM = const(111)
LIMIT_EXCEEDED = const(112)
SOFT_LIMIT = const(113)
NOT_RUNNING = const(114)
NO_PATIENT_BOLUS = const(115)
CLOCK_REFUSED = const(116)
LINE_NOT_CLEARED = const(117)
OBSERVING = const(118)
TOO_SMALL = const(119)
FLEX_CONFLICT = const(121)
OVERFILL = const(122)
RESERVOIR_TOO_LOW = const(123)
NOT_CALIBRATED = const(124)
NO_CALIBRATION_RUN = const(125)
IMPLAUSIBLE = const(126)
NOT_RECORDED = const(127)
UNCONFIRMED = const(128)
NOTHING_TO_CONFIRM = const(129)
NO_ALARM = const(130)
ALARM_SOUNDING = const(131)
NOT_FITTED = const(132)
LOCKED = const(133)
WRONG_PIN = const(134)
WAIT = const(135)

# Faults
TASK_DIED = const(201)
UNDERRUN = const(202)
WITNESS_MISMATCH = const(203)
STEPS_MISSING = const(204)
STORE_FAILED = const(205)
RESET_LOOP = const(206)
CLOCKS_DISAGREE = const(207)
PROGRAM_DAMAGED = const(208)
MEMORY_BAD = const(209)
ENGINE_WRONG = const(210)

# Further findings of the self-test, each an alarm
RECORD_DAMAGED = const(211)
BUTTON_DOWN = const(212)
BUZZER_SILENT = const(213)
LAMP_DARK = const(214)
WATCHDOG_OFF = const(215)

NAMES = """
101 Pump not stopped
102 Already running
103 No prescription
104 Nothing staged
105 Token does not match
106 Prescription invalid
107 Pump in fault
108 Pump in service
109 Bolus in progress
110 Locked out
111 Patient maximum reached
112 Limit exceeded
113 Soft limit not named
114 Therapy not running
115 No patient bolus
116 Clock not changed
117 Other drug in the line
118 Trial under observation
119 Less than one step
121 Flex step conflicts
122 Reservoir overfilled
123 Reservoir too low
124 Pump not calibrated
125 No calibration run
126 Calibration implausible
127 Cannot be recorded
128 Not confirmed
129 Nothing to confirm
130 No such alarm
131 Alarm sounding
132 Not fitted
133 Locked
134 Wrong PIN
135 Wait
201 Task died
202 Step queue ran dry
203 Witness disagrees
204 Steps missing
205 Record failed
206 Reset again and again
207 Clocks disagree
208 Program damaged
209 Memory bad
210 Step engine wrong
211 Record damaged
212 Button down
213 Buzzer silent
214 Lamp dark
215 Watchdog not running
"""


def name_in(table, number):
    """The name of a number in a table, a text with a line `<number> <name>` for each; "" if none.

    As a dict of strings the table would take three times the memory.
    """
    start = table.find("\n%d " % number) + 1
    return table[start : table.find("\n", start)].partition(" ")[2] if start else ""


UNWRITTEN = (OSError, MemoryError)  # a write to flash failed, or there is no memory for it


class Refused(Exception):
    """A request that cannot be met. code: one of the refusals, detail: the reason, as text."""

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Fault(Exception):
    """A failure that must stop the pump. code: one of the faults, detail: text."""

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
