# SPDX-License-Identifier: MIT
"""Titration: soft limits on the daily dose, and on its change against the last 24 hours.

They are returned as pairs (name, sentence) for `validation`. Doses are compared weekday by
weekday, so that committing an active week again is no change. Pure.
"""

from micropython import const

from pump.prescription.flex import WEEKDAYS
from pump.units import ug

HIGH = const("HIGH")  # more a day than usual
LOW = const("LOW")  # less a day than usual
INCREASE = const("INCREASE")  # a larger increase within 24 h than usual
DECREASE = const("DECREASE")  # a larger decrease within 24 h than usual


def unusual(least_ng, most_ng, entry):
    """HIGH if most_ng is above, LOW if least_ng is below the usual range of a library entry."""
    usual = ug(entry.usual_ng_d[0]), ug(entry.usual_ng_d[1])
    found = []
    if most_ng > entry.usual_ng_d[1]:
        found.append((HIGH, "%s ug a day: usual are %s to %s" % ((ug(most_ng),) + usual)))
    if least_ng < entry.usual_ng_d[0]:
        found.append((LOW, "%s ug a day: usual are %s to %s" % ((ug(least_ng),) + usual)))
    return found


def changes(totals_ng, before, entry):
    """INCREASE and DECREASE of the totals of seven weekdays, each with its first weekday.

    before: (least, most) ng active within 24 h, each of seven weekdays.
    """
    up_pct = 100 + entry.max_increase_pct
    down_pct = 100 - entry.max_decrease_pct
    up = [day for day in range(7) if totals_ng[day] * 100 > before[0][day] * up_pct]
    down = [day for day in range(7) if totals_ng[day] * 100 < before[1][day] * down_pct]
    found = []
    if up:
        doses = _doses(up[0], before[0], totals_ng)
        found.append((INCREASE, doses + ", more than %d %% up" % entry.max_increase_pct))
    if down:
        doses = _doses(down[0], before[1], totals_ng)
        found.append((DECREASE, doses + ", more than %d %% down" % entry.max_decrease_pct))
    return found


def _doses(day, before_ng, totals_ng):
    doses = WEEKDAYS[day], ug(before_ng[day]), ug(totals_ng[day])
    return "%s: from %s to %s ug within 24 h" % doses
