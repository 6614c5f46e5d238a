# SPDX-License-Identifier: MIT
"""DELivery: what is going out, and what went out since power-up."""

from pump.kinds import NAMES
from pump.units import ml, ml_of_pl, ug


def rows(progress, dispenser, ledger):
    """Rows for the tree."""

    def total():
        dispenser.totals()  # books what went out up to now
        return ug(ledger.drug_ng()), ml_of_pl(ledger.volume_pl())

    def by_kind():
        dispenser.totals()
        return [(name, ml_of_pl(ledger.volume_pl(kind))) for kind, name in sorted(NAMES.items())]

    def rate():
        rate_ng_d, rate_nl_d = progress.rates()
        return ug(rate_ng_d), ml(rate_nl_d)

    return (
        ("DELivery:STEPs?", dispenser.totals),
        ("DELivery:TOTal?", total),
        ("DELivery:LEDGer?", by_kind),
        ("DELivery:RATE?", rate),
    )
