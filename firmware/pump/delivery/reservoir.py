# SPDX-License-Identifier: MIT
"""The reservoir: a model of its content, counted down from the last refill.

Pure. The volume is not measured: it is that of the last refill less the volume delivered since.
Before the first refill it is unknown. `most_pl` is always the ledger's upper bound of the volume
delivered in the pump's life; None: there is no bound.
"""

from micropython import const

from pump.faults import OVERFILL, Refused
from pump.units import ml

_PL_PER_NL = const(1_000)
_LOW_NL = const(2_000_000)
_MISMATCH_PER_MILLE = const(145)  # of the dispensed volume: tolerance of a good head
_ALIKE_PL = const(100_000_000)  # differences up to this are within measuring error


class Reservoir:
    """dead_nl: volume that cannot be delivered. low_nl: the alarm threshold.

    last: of the last refill (volume_nl, measured_nl, expected_pl, dispensed_pl), or None; measured
    and expected are the residual before it, or None. is_mismatched: the last measured residual
    disagreed with the model. is_empty: a delivery was stopped for want of fluid. is_low: as last
    found by `ReservoirGuard`. unmeasured: steps of unknown volume emitted before the last refill.
    """

    def __init__(self, capacity_nl, dead_nl):
        self.capacity_nl = capacity_nl
        self.dead_nl = dead_nl
        self.low_nl = _LOW_NL
        self.last: "tuple | None" = None
        self.is_mismatched = False
        self.is_empty = False
        self.is_low = False
        self.unmeasured = 0
        self._from_pl = 0  # `most_pl` at the last refill

    def volume_pl(self, most_pl):
        """The content, at least 0, or None while it is unknown."""
        if self.last is None or most_pl is None:
            return None
        return max(self.last[0] * _PL_PER_NL - (most_pl - self._from_pl), 0)

    def left_pl(self, most_pl):
        """The volume that can still be delivered, below 0 within the dead volume; or None."""
        volume_pl = self.volume_pl(most_pl)
        return None if volume_pl is None else volume_pl - self.dead_nl * _PL_PER_NL

    def resize(self, capacity_nl, most_pl):
        """Set the capacity. Refused OVERFILL when that is less than the content."""
        volume_pl = self.volume_pl(most_pl) or 0
        if capacity_nl * _PL_PER_NL < volume_pl:
            raise Refused(OVERFILL, "it holds %s mL" % ml(-(-volume_pl // _PL_PER_NL)))
        self.capacity_nl = capacity_nl

    def refill(self, volume_nl, measured_nl, most_pl, unmeasured=0):
        """It holds `volume_nl` in all from now on. measured_nl: the measured residual, or None.

        most_pl: without the volume of `unmeasured`, the steps of unknown volume in the pump's
        life. Refused OVERFILL when a volume exceeds the capacity.
        """
        if max(volume_nl, measured_nl or 0) > self.capacity_nl:
            raise Refused(OVERFILL, "it takes %s mL" % ml(self.capacity_nl))
        expected_pl = self.volume_pl(most_pl if unmeasured == self.unmeasured else None)
        dispensed_pl = most_pl - self._from_pl
        self.last = (volume_nl, measured_nl, expected_pl, dispensed_pl)
        self._from_pl = most_pl
        self.unmeasured = unmeasured
        self.is_empty = volume_nl <= self.dead_nl
        over_pl = self._over_pl()
        if over_pl is not None:
            self.is_mismatched = _is_far_off(abs(over_pl), dispensed_pl)

    def measure(self, before_pl):
        """Unmeasured steps were booked; `before_pl` of them precedes the last refill."""
        self._from_pl += before_pl
        self.unmeasured = 0

    def discrepancy(self):
        """Excess volume delivered, in tenths of a per cent of the dispensed volume, or None.

        At the last refill; below 0 when less was delivered; rounded away from 0.
        """
        over_pl, last = self._over_pl(), self.last
        if over_pl is None or not last or not last[3]:
            return None
        size = -(-abs(over_pl) * 1000 // last[3])
        return -size if over_pl < 0 else size

    def lose(self):
        """The record is lost: the content is unknown."""
        self.last = None

    def to_record(self):
        """[capacity_nl, low_nl, offset in pl, unmeasured, flags, last or None], for JSON."""
        last = None if self.last is None else list(self.last)
        flags = [int(flag) for flag in (self.is_mismatched, self.is_empty, self.is_low)]
        return [self.capacity_nl, self.low_nl, self._from_pl, self.unmeasured, flags, last]

    def from_record(self, record):
        """Restore the state that `to_record` returned."""
        self.capacity_nl, self.low_nl, self._from_pl, self.unmeasured, flags, last = record
        self.is_mismatched, self.is_empty, self.is_low = [bool(flag) for flag in flags]
        self.last = None if last is None else tuple(last)

    def _over_pl(self):
        """Volume beyond the count that had left it at the last refill, or None."""
        if self.last is None or None in self.last:
            return None
        return self.last[2] - self.last[1] * _PL_PER_NL


def _is_far_off(off_pl, dispensed_pl):
    return off_pl > _ALIKE_PL and off_pl * 1000 > _MISMATCH_PER_MILLE * dispensed_pl
