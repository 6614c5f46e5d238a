# SPDX-License-Identifier: MIT
"""MOTor: jog the head, and its calibration. Both only while the pump is stopped."""

from micropython import const

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import VOLUME, decimal
from pump.units import ml_of_pl

_REV_DECIMALS = const(7)  # one microstep of 3200 is 0.0003125 revolutions
_RPM_DECIMALS = const(3)
_MIN_NL = const(1_000)  # what a revolution of any peristaltic head of this size can be
_MAX_NL = const(10_000_000)


def rows(control, driver):
    """Rows for the tree. driver: `DRIVER` of the board's data."""

    def jog(revolutions, millirevs_min):
        steps_per_rev = control.treatment.calibration.steps_per_rev
        steps_min = millirevs_min * steps_per_rev // 1000
        if not 0 < millirevs_min or steps_min > 60 * driver["max_steps_s"]:
            fastest = 60_000 * driver["max_steps_s"] // steps_per_rev
            raise ScpiError(DATA_OUT_OF_RANGE, "0.001 to %d.%03d rpm" % divmod(fastest, 1000))
        control.jog(revolutions * steps_per_rev // 10**_REV_DECIMALS, millirevs_min)

    def calibrate(volume_nl):
        if not _MIN_NL <= volume_nl <= _MAX_NL:
            raise ScpiError(DATA_OUT_OF_RANGE, "0.001 to 10 mL")
        control.calibrate(volume_nl * 1000)

    def calibration():
        return ml_of_pl(control.treatment.calibration.pl_per_rev)

    return (
        ("MOTor:JOG", jog, decimal(_REV_DECIMALS), decimal(_RPM_DECIMALS)),
        ("MOTor:CALibrate:PERRev", calibrate, VOLUME),
        ("MOTor:CALibrate?", calibration),
    )
