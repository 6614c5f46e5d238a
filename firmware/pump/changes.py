# SPDX-License-Identifier: MIT
"""What has changed between two looks at the pump, as events for the log. It changes nothing."""

from pump.kinds import NAMES
from pump.state import STOPPED
from pump.store import events
from pump.units import ug


def changes(before, now):
    """(code, text) of each event. before, now: (mode, record of the dose, alarms, ...)."""
    found = []
    if now[0] != before[0]:
        found.append((events.STOPPED if now[0] == STOPPED else events.STARTED, now[0]))
    if before[1] is not None and before[1] is not now[1]:
        found.append((events.DOSE_ENDED, _dose(before[1], before[1].given_ng)))
    if now[1] is not None and now[1] is not before[1]:
        found.append((events.DOSE_BEGAN, _dose(now[1], now[1].programmed_ng)))
    found += [(events.ALARM_ON, str(code)) for code in now[2] if code not in before[2]]
    found += [(events.ALARM_OFF, str(code)) for code in before[2] if code not in now[2]]
    return found


def _dose(record, dose_ng):
    """A dose as the log tells of it."""
    text = "%d %s %s %s" % (record.id, NAMES[record.kind], ug(dose_ng), record.outcome)
    return text.rstrip()
