# SPDX-License-Identifier: MIT
"""The history of the daily dose: daily totals of the prescriptions active in the last 24 h.

A new dose is compared, weekday by weekday, with those of all prescriptions that were active within
24 h, not only with that of the last one. Pure.
"""

from micropython import const

from pump.prescription.daily_totals import daily_totals
from pump.units import DAY_US

_MOST = const(8)


class DoseHistory:
    """min_nl_d: rate of the mode MINIMUM. Keeps 8 entries at most: older ones are merged."""

    def __init__(self, min_nl_d):
        self._min_nl_d = min_nl_d
        self._entries = []  # (least, most, until_us), oldest first; each 7 numbers, ng

    def after(self, prescription, until_us):
        """The record of the history with `prescription`, active until then, added unless None."""
        entries = [entry for entry in self._entries if entry[2] > until_us - DAY_US]
        if prescription is not None:
            totals_ng = daily_totals(prescription, self._min_nl_d).week_ng()
            entries.append((totals_ng, totals_ng, until_us))
        if len(entries) > _MOST:
            entries = [_merged(*entries[:2])] + entries[2:]
        return entries

    def from_record(self, record):
        """Restore the history from a record of `after`."""
        self._entries = [(tuple(least), tuple(most), until) for least, most, until in record]

    def bounds(self, active, now_us):
        """(least, most), each 7 numbers in ng, of `active` and the last 24 h; None without any."""
        self._forget(now_us)
        entries = self._entries[:]
        if active is not None:
            totals_ng = daily_totals(active, self._min_nl_d).week_ng()
            entries.append((totals_ng, totals_ng, now_us))
        if not entries:
            return None
        bounds = entries[0]
        for entry in entries[1:]:
            bounds = _merged(bounds, entry)
        return bounds[0], bounds[1]

    def _forget(self, now_us):
        """Drop entries that ended more than 24 h ago."""
        self._entries = [entry for entry in self._entries if entry[2] > now_us - DAY_US]


def _merged(first, second):
    """One entry with the bounds of both, kept as long as the later."""
    least = [min(pair) for pair in zip(first[0], second[0])]
    most = [max(pair) for pair in zip(first[1], second[1])]
    return tuple(least), tuple(most), second[2]
