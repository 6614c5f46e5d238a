# SPDX-License-Identifier: MIT
"""DELivery: the present rate, and the amounts delivered in the pump's life or since the refill."""

from pump.console.params import choice, optional
from pump.kinds import NAMES
from pump.units import ml, ml_of_pl, ug


def rows(progress, dispenser, ledger, guard=None):
    """Rows for the tree. guard: the rotor guard, or None where there is no sensor."""

    def total(since="LIFE"):
        dispenser.settle()
        is_since = since != "LIFE"
        volume_pl = ledger.volume_pl(since_refill=is_since)
        return ug(ledger.drug_ng(is_since)), ml_of_pl(volume_pl)

    def by_kind(since="LIFE"):
        dispenser.settle()
        is_since = since != "LIFE"
        return [
            (name, ml_of_pl(ledger.volume_pl(kind, is_since)))
            for kind, name in sorted(NAMES.items())
        ]

    def interval():
        dispenser.settle()
        least, most = ml_of_pl(ledger.volume_pl()), ml_of_pl(ledger.most_pl() + 999)
        return least, most if ledger.is_bounded() else "NONE"

    def rate():
        rate_ng_d, rate_nl_d = progress.rates()
        return ug(rate_ng_d), ml(rate_nl_d)

    def rotor():
        return guard.counts() if guard is not None else "NONE"

    since = optional(choice("LIFE", "REFill"))
    yield ("DELivery:STEPs?", dispenser.totals)
    yield ("DELivery:TOTal?", total, since)
    yield ("DELivery:LEDGer?", by_kind, since)
    yield ("DELivery:INTerval?", interval)
    yield ("DELivery:RATE?", rate)
    yield ("DELivery:ROTor?", rotor)
