# SPDX-License-Identifier: MIT
"""THERapy: start and stop the active prescription, and its resumption after a reset."""

from pump.console.params import choice
from pump.state import JOG, STOPPED

STOP = "THERapy:STOP"  # never refused, never lost


def rows(orders):
    """Rows for the tree."""

    def state():
        orders.infusion.poll(0)
        mode = orders.infusion.mode.name
        return STOPPED if mode == JOG else mode

    def set_resume(mode):
        orders.settings.resume = mode
        orders.settings.sync()

    yield ("THERapy:STARt", orders.start)
    yield ("THERapy:CONFirm", orders.confirm)
    yield ("THERapy:RESume", set_resume, choice("HOLD", "BASal"))
    yield ("THERapy:RESume?", lambda: orders.settings.resume)
    yield (STOP, orders.stop)
    yield ("THERapy:STATe?", state)
