# SPDX-License-Identifier: MIT
"""LOG: the events on record, at least the last 1000."""

from pump.console.params import INTEGER, integer_between
from pump.faults import name_in
from pump.records.event_codes import NAMES
from pump.therapy import wall_clock
from pump.units import fixed

_MOST = 16  # events in one answer


def rows(log):
    """Rows for the tree."""

    def read(first, count):
        return [_shown(event) for event in log.read(first, count)] or "NONE"

    yield ("LOG:COUNt?", lambda: (log.count(), log.first()))
    yield ("LOG:READ?", read, INTEGER, integer_between(1, _MOST))


def _shown(event):
    """number, boot, s of the pump's life, wall clock, code, string of name and text."""
    number, boot, code, at_ms, wall_s, text = event
    said = name_in(NAMES, code) + (" " + text if text else "")
    clock = wall_clock.text(wall_s) if wall_s else "NONE"
    return number, boot, fixed(at_ms, 3), clock, code, '"%s"' % said.replace('"', "'")
