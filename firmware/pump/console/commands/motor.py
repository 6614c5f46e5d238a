# SPDX-License-Identifier: MIT
"""MOTor: jog the pump head, and calibrate it. Both only while the pump is stopped."""

from micropython import const

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import VOLUME, decimal
from pump.delivery.calibration import MAX_PL, MIN_PL
from pump.units import fixed, ml_of_pl

_REV_DECIMALS = const(7)  # one microstep of 3200 is 0.0003125 revolutions
_RPM_DECIMALS = const(3)
_RUN_MILLIREVS = const(60_000)  # 60 rpm; slower where the motor cannot
_MIN_RUN = const(1_000_000)  # 0.1 to 1000 revolutions
_MAX_RUN = const(10_000_000_000)


def rows(orders, driver):
    """Rows for the tree. driver: `DRIVER` of the board's data."""

    def jog(revolutions, millirevs_min):
        steps_per_rev = orders.infusion.calibration.steps_per_rev
        steps_min = millirevs_min * steps_per_rev // 1000
        if not 0 < millirevs_min or steps_min > 60 * driver["max_steps_s"]:
            fastest = 60_000 * driver["max_steps_s"] // steps_per_rev
            raise ScpiError(DATA_OUT_OF_RANGE, "0.001 to %d.%03d rpm" % divmod(fastest, 1000))
        orders.jog(revolutions * steps_per_rev // 10**_REV_DECIMALS, millirevs_min)

    def calibrate(volume_nl):
        if not MIN_PL <= volume_nl * 1000 <= MAX_PL:
            raise ScpiError(DATA_OUT_OF_RANGE, "0.001 to 10 mL")
        orders.calibrate(volume_nl * 1000)

    def run(revolutions):
        if not _MIN_RUN <= revolutions <= _MAX_RUN:
            raise ScpiError(DATA_OUT_OF_RANGE, "0.1 to 1000 revolutions")
        steps_per_rev = orders.infusion.calibration.steps_per_rev
        fastest = 60_000 * driver["max_steps_s"] // steps_per_rev
        steps = revolutions * steps_per_rev // 10**_REV_DECIMALS
        orders.start_calibration_run(steps, min(_RUN_MILLIREVS, fastest))

    def calibration():
        return ml_of_pl(orders.infusion.calibration.pl_per_rev)

    def history():
        entries = orders.calibrations.history
        return [(fixed(at_us // 1000, 3), ml_of_pl(pl)) for at_us, pl in entries] or "NONE"

    yield ("MOTor:JOG", jog, decimal(_REV_DECIMALS), decimal(_RPM_DECIMALS))
    yield ("MOTor:CALibrate:PERRev", calibrate, VOLUME)
    yield ("MOTor:CALibrate:RUN", run, decimal(_REV_DECIMALS))
    yield ("MOTor:CALibrate:MEASured", orders.calibrate_from_run, VOLUME)
    yield ("MOTor:CALibrate:HISTory?", history)
    yield ("MOTor:CALibrate?", calibration)
