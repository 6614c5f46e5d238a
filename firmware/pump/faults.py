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

# Faults
TASK_DIED = const(201)
UNDERRUN = const(202)
WITNESS_MISMATCH = const(203)
STEPS_MISSING = const(204)

REFUSALS = {
    NOT_STOPPED: ("Pump not stopped", "Stop the delivery first: THERapy:STOP."),
    ALREADY_RUNNING: ("Already running", "The therapy has been started; nothing was changed."),
    NO_PRESCRIPTION: ("No prescription", "Stage, validate and commit one: PRESCription:NEW."),
    NOTHING_STAGED: ("Nothing staged", "Begin with PRESCription:NEW."),
    STALE_TOKEN: ("Token does not match", "Ask PRESCription:VALidate? again and review."),
    INVALID_PRESCRIPTION: ("Prescription invalid", "PRESCription:VALidate? lists what to mend."),
    PUMP_FAULT: ("Pump in fault", "*TST? gives its number; find the cause, then reset the board."),
    IN_SERVICE: ("Pump in service", "The firmware ends; a reset starts it again."),
}

FAULTS = {
    TASK_DIED: ("Task died", "A bug. Keep the log and report it; reset the board."),
    UNDERRUN: ("Step queue ran dry", "The firmware was held up longer than the lease; reset."),
    WITNESS_MISMATCH: ("Witness disagrees", "Check the wiring of the step pin; then reset."),
    STEPS_MISSING: ("Steps missing", "The step engine did not finish its runs; reset."),
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
