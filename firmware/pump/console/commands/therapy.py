# SPDX-License-Identifier: MIT
"""THERapy: start and stop the active prescription."""

STOP = "THERapy:STOP"  # never refused, never lost


def rows(control):
    """Rows for the tree."""

    def state():
        return "RUNNING" if control.is_treating() else "STOPPED"

    return (
        ("THERapy:STARt", control.start),
        (STOP, control.stop),
        ("THERapy:STATe?", state),
    )
