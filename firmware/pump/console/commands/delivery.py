# SPDX-License-Identifier: MIT
"""DELivery: what is going out, and what went out since power-up."""

from pump.units import ml, ml_of_pl, ug


def rows(control, dispenser, ledger):
    """Rows for the tree."""

    def total():
        dispenser.totals()  # books what went out up to now
        return ug(ledger.drug_ng()), ml_of_pl(ledger.volume_pl())

    def rate():
        rate_ng_d, rate_nl_d = control.rates()
        return ug(rate_ng_d), ml(rate_nl_d)

    return (
        ("DELivery:STEPs?", dispenser.totals),
        ("DELivery:TOTal?", total),
        ("DELivery:RATE?", rate),
    )
