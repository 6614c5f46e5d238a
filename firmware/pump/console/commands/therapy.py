# SPDX-License-Identifier: MIT
"""THERapy: start and stop the active prescription, and what becomes of it after a reset."""

from pump.console.params import choice
from pump.state import JOG, STOPPED

STOP = "THERapy:STOP"  # never refused, never lost


def rows(control):
    """Rows for the tree."""

    def state():
        control.treatment.poll(0)
        mode = control.treatment.mode
        return STOPPED if mode == JOG else mode

    def set_resume(mode):
        control.settings.resume = mode
        control.settings.sync()

    yield ("THERapy:STARt", control.start)
    yield ("THERapy:CONFirm", control.confirm)
    yield ("THERapy:RESume", set_resume, choice("HOLD", "BASal"))
    yield ("THERapy:RESume?", lambda: control.settings.resume)
    yield (STOP, control.stop)
    yield ("THERapy:STATe?", state)
