# SPDX-License-Identifier: MIT
"""Alarm conditions: one table with a row for each permanent code.

Codes are never reused or changed: rigs and logs depend on them. The operator advice for a code is
the comment at its constant and a row of CONSOLE.md; it is not stored on the board. Codes from 326
on are free.
"""

from micropython import const

HIGH = const("HIGH")
MEDIUM = const("MEDIUM")
LOW = const("LOW")

PRIORITIES = (HIGH, MEDIUM, LOW)

# The day pattern runs at its lowest rate: set the clock, SYSTem:TIME.
CLOCK_NOT_SET = const(301)
# Commit or discard what is staged; it is dropped 10 min after the last edit.
PROGRAMMING_OPEN = const(302)
# Nothing was changed; begin again with PRESCription:NEW or EDIT, or discard.
PROGRAMMING_DROPPED = const(303)
# A reset has ended a delivery; see DELivery:INTerval? and LOG:READ?, then THERapy:CONFirm.
INTERRUPTED = const(304)
# Plan a refill: REServoir:FORecast? says how long it lasts. Where REServoir:VOLume? is `NONE`,
# calibrate: nobody knows what went out.
RESERVOIR_LOW = const(305)
# Stopped before the dead volume: refill, REServoir:REFill, and start again.
RESERVOIR_EMPTY = const(306)
# The head gave more or less than counted, REServoir:REFill?: calibrate, check the line.
REFILL_MISMATCH = const(307)
# LOG:READ? says which; what is lost counts as the worst. Put it right, then THERapy:CONFirm.
STORE_DAMAGED = const(308)
# The flash is full or fails; nothing can be delivered. Make room.
STORE_FAILING = const(309)
# *TST? gives its number, see Errors; find the cause, then reset the board.
PUMP_FAULT = const(310)
# No therapy for longer than ALARm:STOPped? says: with baclofen a stop is a hazard. Start it.
STOPPED_TOO_LONG = const(311)
# The observation of a trial has ended by itself: see what it did, then acknowledge.
OBSERVATION_OVER = const(312)
# The board's data names none, or a pin that something else has: watch the lamp and ALARm:ACTive?.
NO_BUZZER = const(313)
# It is delivered from a reservoir that nobody has filled: REServoir:REFill says what it holds.
RESERVOIR_UNKNOWN = const(314)
# Let go of it. If nobody holds it, see to its wires: it does nothing until it is released.
BUTTON_STUCK = const(315)
# Close what is staged, ask less in one message; if it stays, keep the log and report it.
MEMORY_LOW = const(316)
# The rotor did not follow the motor, or its sensor died: nothing is caught up, see DELivery:ROTor?
# and the log. Free the head, check the line and the sensor, and start again.
MOTOR_STALL = const(317)
# The rotor does less than 90 % of its steps: DELivery:ROTor? says what was missed. Check the head,
# the coupling and the motor's current.
UNDER_INFUSION = const(318)
# The rotor does more than 110 % of its steps, or turns by itself: close the line, check the head
# and the sensor, and start again. A head turned by hand is told so, too.
OVER_INFUSION = const(319)
# No pulse since power-up, or several for each: check the wiring. Nobody watches the rotor; one
# that is blocked since power-up looks the same.
ROTOR_SENSOR_FAULTY = const(320)
# No line for longer than SYSTem:HEARtbeat? says: see to the host and its line. Delivery goes on.
HOST_SILENT = const(321)
# A task took too long, or began too late; LOG:READ? names it. Ask less in one message.
TASK_LATE = const(322)
# More than 80 % busy for a minute: ask less often.
LOAD_HIGH = const(323)
# *TST? gives the number of the part, see Errors; mend it, ALARm:ACKNowledge, *TST? again.
SELF_TEST_FAILED = const(324)
# While the therapy rested doses fell due, one was ended, or a reset has moved them: LOG:READ? says
# how many, PRESCription:PERiodic:NEXT? when the next one comes. See to the patient model.
DOSE_MISSED = const(325)

# code, priority, latching, effect on the pump, name.
#   L: latching, shown until acknowledged; -: ends with its cause
#   STOPS: ends the delivery; HOLDS: blocks every start; RUNS: delivery goes on
ALARMS = """
301 LOW - RUNS Clock not set
302 LOW - RUNS Programming left open
303 MEDIUM - RUNS Staged copy dropped
304 HIGH L HOLDS Power interrupted
305 LOW - RUNS Reservoir low
306 HIGH L STOPS Reservoir empty
307 MEDIUM - RUNS Refill mismatch
308 HIGH L HOLDS Records lost
309 HIGH L HOLDS Cannot record
310 HIGH L STOPS Pump fault
311 HIGH L RUNS Stopped too long
312 LOW - RUNS Observation over
313 LOW - RUNS No buzzer
314 LOW - RUNS Reservoir unknown
315 MEDIUM - RUNS Button stuck
316 LOW - RUNS Memory low
317 HIGH L STOPS Motor stall
318 HIGH L RUNS Under-infusion
319 HIGH L STOPS Over-infusion
320 MEDIUM - RUNS Rotor sensor faulty
321 LOW - RUNS Host silent
322 LOW - RUNS Task late
323 LOW - RUNS Load high
324 MEDIUM - RUNS Self-test failed
325 MEDIUM - RUNS Periodic dose missed
"""


class Row:
    """A row of the table. priority: one of PRIORITIES. action: RUNS, HOLDS or STOPS."""

    def __init__(self, line):
        code, self.priority, latches, self.action, self.name = line.split(" ", 4)
        self.code = int(code)
        self.is_latching = latches == "L"


def row(code):
    """The row of a code; KeyError when there is none."""
    start = ALARMS.find("\n%d " % code) + 1
    if not start:
        raise KeyError(code)
    return Row(ALARMS[start : ALARMS.find("\n", start)])


def rows():
    """All rows, in order of their codes."""
    return [Row(line) for line in ALARMS.strip().split("\n")]
