# SPDX-License-Identifier: MIT
"""THERapy: start and stop the active prescription."""

from pump.state import JOG, STOPPED

STOP = "THERapy:STOP"  # never refused, never lost


def rows(control):
    """Rows for the tree."""

    def state():
        control.treatment.poll(0)
        mode = control.treatment.mode
        return STOPPED if mode == JOG else mode

    return (
        ("THERapy:STARt", control.start),
        (STOP, control.stop),
        ("THERapy:STATe?", state),
    )
