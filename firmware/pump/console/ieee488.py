# SPDX-License-Identifier: MIT
"""Common commands of IEEE 488.2, and the SYSTem and STATus commands that every SCPI device has.

All commands are sequential: each is done when the next one is read. So `*OPC` sets its bit at
once, `*OPC?` always answers 1, and `*WAI` does nothing: a delivery is a state, not a pending
operation, because a pump must never make a STOP wait behind another command.
"""

from pump.console.masks import mask
from pump.console.status import ESR_OPERATION_COMPLETE

_BYTE = mask(8, 0xFF)
_ENABLE = mask(16, 0x7FFF)  # bit 15 of a SCPI register is never used


def rows(status, errors, identity, reset, self_test):
    """Rows for the tree.

    identity: the text for `*IDN?`; reset() discards staged edits and touches no delivery;
    self_test() -> 0 or the code of what failed.
    """

    def clear():
        status.clear()
        errors.clear()

    common = (
        ("*IDN?", lambda: identity),
        ("*RST", reset),
        ("*CLS", clear),
        ("*ESE", status.set_event_enable, _BYTE),
        ("*ESE?", lambda: status.event_enable),
        ("*ESR?", status.take_event),
        ("*OPC", lambda: status.set_event(ESR_OPERATION_COMPLETE)),
        ("*OPC?", lambda: 1),
        ("*OPT?", lambda: 0),
        ("*SRE", status.set_request_enable, _BYTE),
        ("*SRE?", lambda: status.request_enable),
        ("*STB?", lambda: status.byte(errors.count > 0)),
        ("*TST?", self_test),
        ("*WAI", lambda: None),
        ("SYSTem:ERRor[:NEXT]?", errors.pop),
        ("SYSTem:ERRor:ALL?", errors.pop_all),
        ("SYSTem:ERRor:COUNt?", lambda: errors.count),
        ("STATus:PRESet", status.preset),
        ("SYSTem:VERSion?", lambda: "1999.0"),
    )
    operation = _register_rows("STATus:OPERation", status.operation)
    questionable = _register_rows("STATus:QUEStionable", status.questionable)
    return common + operation + questionable


def _register_rows(path, register):
    return (
        (path + "[:EVENt]?", register.take_event),
        (path + ":CONDition?", lambda: register.condition),
        (path + ":ENABle", register.set_enable, _ENABLE),
        (path + ":ENABle?", lambda: register.enable),
    )
