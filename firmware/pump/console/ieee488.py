# SPDX-License-Identifier: MIT
"""Common commands of IEEE 488.2, and the SYSTem and STATus commands that every SCPI device has.

All commands are sequential: each has ended when the next one is read. So `*OPC` sets its bit at
once, `*OPC?` always answers 1, and `*WAI` does nothing: a delivery is a state, not a pending
operation, because a STOP must never wait behind another command.
"""

from pump.console.params import mask
from pump.console.status import ESR_OPERATION_COMPLETE

_BYTE = mask(8, 0xFF)
_ENABLE = mask(16, 0x7FFF)  # bit 15 of a SCPI register is never used


def rows(status, errors, identity, reset, self_test):
    """Rows of the common commands, for the tree.

    identity: the text for `*IDN?`. reset() discards staged edits and touches no delivery.
    self_test() -> 0 or the code of the first failure.
    """

    def clear():
        status.clear()
        errors.clear()

    yield ("*IDN?", lambda: identity)
    yield ("*RST", reset)
    yield ("*CLS", clear)
    yield ("*ESE", status.set_event_enable, _BYTE)
    yield ("*ESE?", lambda: status.event_enable)
    yield ("*ESR?", status.take_event)
    yield ("*OPC", lambda: status.set_event(ESR_OPERATION_COMPLETE))
    yield ("*OPC?", lambda: 1)
    yield ("*OPT?", lambda: 0)
    yield ("*SRE", status.set_request_enable, _BYTE)
    yield ("*SRE?", lambda: status.request_enable)
    yield ("*STB?", lambda: status.byte(errors.count > 0))
    yield ("*TST?", self_test)
    yield ("*WAI", lambda: None)


def required_rows(status, errors):
    """Rows of the other commands that SCPI requires of every device, for the tree."""
    yield ("SYSTem:ERRor[:NEXT]?", errors.pop)
    yield ("SYSTem:ERRor:COUNt?", lambda: errors.count)
    yield ("SYSTem:ERRor:ALL?", errors.pop_all)
    yield ("SYSTem:VERSion?", lambda: "1999.0")
    yield ("STATus:PRESet", status.preset)
    yield from _register_rows("STATus:OPERation", status.operation)
    yield from _register_rows("STATus:QUEStionable", status.questionable)


def _register_rows(path, register):
    yield (path + "[:EVENt]?", register.take_event)
    yield (path + ":CONDition?", lambda: register.condition)
    yield (path + ":ENABle", register.set_enable, _ENABLE)
    yield (path + ":ENABle?", lambda: register.enable)
