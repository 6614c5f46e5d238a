# SPDX-License-Identifier: MIT
"""Trouble, in two kinds, each with a permanent number, a name and advice for a human.

`Refused`: a request that cannot be met; the pump is unaffected. The console turns it into an
error in its queue. `Fault`: physics or integrity; the supervisor stops the pump and keeps the
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

# Faults
TASK_DIED = const(201)
UNDERRUN = const(202)
WITNESS_MISMATCH = const(203)
STEPS_MISSING = const(204)
STORE_FAILED = const(205)

REFUSALS = {
    NOT_STOPPED: ("Pump not stopped", "Stop the delivery first: THERapy:STOP."),
    ALREADY_RUNNING: ("Already running", "The therapy has been started; nothing was changed."),
    NO_PRESCRIPTION: ("No prescription", "Stage, validate and commit one: PRESCription:NEW."),
    NOTHING_STAGED: ("Nothing staged", "Begin with PRESCription:NEW."),
    STALE_TOKEN: ("Token does not match", "Ask PRESCription:VALidate? again and review."),
    INVALID_PRESCRIPTION: ("Prescription invalid", "PRESCription:VALidate? lists what to mend."),
    PUMP_FAULT: ("Pump in fault", "*TST? gives its number; find the cause, then reset the board."),
    IN_SERVICE: ("Pump in service", "The firmware ends; a reset starts it again."),
    BOLUS_IN_PROGRESS: ("Bolus in progress", "Wait for its end (BOLus:STATe?) or abort it."),
    LOCKED_OUT: ("Locked out", "BOLus:PATient? says when the next may be given."),
    PATIENT_MAXIMUM: (
        "Patient maximum reached",
        "BOLus:PATient? says when the next may be given.",
    ),
    LIMIT_EXCEEDED: ("Limit exceeded", "The limit is in the text; nothing was given or changed."),
    SOFT_LIMIT: ("Soft limit not named", "Name exactly those of VALidate? in the commit."),
    NOT_RUNNING: ("Therapy not running", "Start it first: THERapy:STARt."),
    NO_PATIENT_BOLUS: ("No patient bolus", "The prescription allows none: PATient:DOSE."),
    CLOCK_REFUSED: ("Clock not changed", "It would exceed LIMit:DAY; stop, or wait."),
    LINE_NOT_CLEARED: ("Other drug in the line", "BRIDge:STARt, or PRIMe:STARt its volume first."),
    OBSERVING: ("Trial under observation", "Wait for its end or end it: BOLus:ABORt."),
    TOO_SMALL: ("Less than one step", "The pump cannot give so little; raise the dose."),
    FLEX_CONFLICT: ("Flex step conflicts", "The windows are in the text; nothing was changed."),
    NOT_RECORDED: ("Cannot be recorded", "The flash is full or fails; nothing was delivered."),
    UNCONFIRMED: ("Not confirmed", "Read ALARm:ACTive? and LOG:READ?; then THERapy:CONFirm."),
    NOTHING_TO_CONFIRM: ("Nothing to confirm", "No interruption is open."),
    OVERFILL: (
        "Reservoir overfilled",
        "REServoir:CAPacity? is what it takes; nothing was changed.",
    ),
    RESERVOIR_TOO_LOW: ("Reservoir too low", "Refill it, and say so: REServoir:REFill."),
    NOT_CALIBRATED: ("Pump not calibrated", "MOTor:CALibrate:PERRev, or RUN and MEASured."),
    NO_CALIBRATION_RUN: (
        "No calibration run",
        "MOTor:CALibrate:RUN first, to its end; used once.",
    ),
    IMPLAUSIBLE: ("Calibration implausible", "Measure again; beyond the bounds: PERRev."),
}

FAULTS = {
    TASK_DIED: ("Task died", "A bug. Keep the log and report it; reset the board."),
    UNDERRUN: ("Step queue ran dry", "The firmware was held up longer than the lease; reset."),
    WITNESS_MISMATCH: ("Witness disagrees", "Check the wiring of the step pin; then reset."),
    STEPS_MISSING: ("Steps missing", "The step engine did not finish its runs; reset."),
    STORE_FAILED: ("Record failed", "The flash is full or fails: make room, then reset."),
}


class Refused(Exception):
    """A request that cannot be met. `code` is a key of `REFUSALS`, `detail` says why."""

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Fault(Exception):
    """Something that must stop the pump. `code` is a key of `FAULTS`, `detail` says what."""

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
