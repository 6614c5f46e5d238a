# SPDX-License-Identifier: MIT
"""THERapy: start and stop the active prescription."""


def rows(control):
    """Rows for the tree."""

    def state():
        return "RUNNING" if control.is_treating() else "STOPPED"

    return (
        ("THERapy:STARt", control.start),
        ("THERapy:STOP", control.stop),
        ("THERapy:STATe?", state),
    )
