# SPDX-License-Identifier: MIT
"""The beat: lets a pump with a battery clock know after a power cut how long it was off.

At the rate of a therapy a record of the delivery may be minutes old. While the regular therapy
runs and is to resume by itself, the clock is marked every 5 s; an outage counts from the last
mark.
"""

from micropython import const

from pump.records.settings import RESUME_BASAL

_EVERY_US = const(5_000_000)


class Beat:
    """rtc: a battery clock with `mark`. settings: has `resume`. infusion: has `is_regular`."""

    def __init__(self, rtc, settings, infusion):
        self._rtc = rtc
        self._settings = settings
        self._infusion = infusion
        self._due_us = 0

    def poll(self, now_us):
        """Mark the clock when due. Returns when it is due again, or None."""
        if self._settings.resume != RESUME_BASAL or not self._infusion.is_regular():
            return None
        if now_us >= self._due_us:
            self._due_us = now_us + _EVERY_US
            try:
                self._rtc.mark()
            except OSError:
                pass  # without a mark no outage counts as short: the pump holds then
        return self._due_us
