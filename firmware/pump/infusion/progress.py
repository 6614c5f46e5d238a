# SPDX-License-Identifier: MIT
"""Progress: the present rates, and the state of the dose under way. It changes nothing."""

from micropython import const

from pump.kinds import JOG, NAMES, PERIODIC
from pump.prescription.conversion import dose_nl
from pump.state import BRIDGE, OBSERVATION, RUNNING
from pump.therapy.schedule import Dose
from pump.units import DAY_US

_NL_PER_ML = const(1_000_000)
_MIN_PER_DAY = const(1_440)


class Progress:
    """infusion, dispenser: the objects that it reports on."""

    def __init__(self, infusion, dispenser):
        self._infusion = infusion
        self._dispenser = dispenser

    def rates(self):
        """The present rate as (nanograms per day, nanolitres per day), rounded down."""
        batch = self._dispenser.batch()
        if batch is None:
            return 0, 0
        kind, pl_per_rev, ng_ml = batch
        infusion, rate = self._infusion, self._dispenser.rate()
        if kind == JOG:
            pl_min = rate // infusion.calibration.steps_per_rev * pl_per_rev // 1000
            return 0, pl_min * _MIN_PER_DAY // 1000
        if infusion.mode.name == BRIDGE:
            ng_ml = infusion.active_dose.dose.ng_ml
        elif infusion.mode.name == RUNNING:
            until_us, nl_d, ng_d = infusion.replaced
            if infusion.now_us() >= until_us:
                nl_d, ng_d = infusion.prescription.simple_rate()
            if rate == nl_d:
                return ng_d, rate  # as programmed
        return rate * ng_ml // _NL_PER_ML, rate

    def next_periodic(self):
        """(us until the next periodic dose begins, its ng); None if none is scheduled."""
        infusion = self._infusion
        infusion.poll(0)
        now_us = infusion.now_us()
        next_us = infusion.grid.next_us(now_us) if infusion.is_regular() else None
        if next_us is None:
            return None
        return next_us - now_us, infusion.prescription.periodic_ng

    def dose(self):
        """(kind name, programmed ng, delivered ng, us left) of the dose under way, or None."""
        self._infusion.poll(0)
        infusion, now_us = self._infusion, self._infusion.now_us()
        if infusion.mode.name == OBSERVATION:
            record = infusion.boluses.last(1)[0]
            left_us = max(infusion.mode.end_us - now_us, 0)
            return OBSERVATION, record.programmed_ng, record.given_ng, left_us
        active = infusion.active_dose
        if active is not None:
            left_us = max(active.end_us - max(now_us, active.start_us), 0)
            programmed_ng = active.record.programmed_ng
            return NAMES[active.dose.kind], programmed_ng, infusion.given_ng(), left_us
        dose = infusion.grid.dose(now_us) if infusion.mode.name == RUNNING else None
        if dose is None:
            return None
        start_us, end_us = dose
        prescription, calibration = infusion.prescription, infusion.calibration
        volume_nl = dose_nl(prescription.periodic_ng, prescription.concentration_ng_ml)
        schedule = Dose(PERIODIC, volume_nl * DAY_US, end_us - start_us)
        steps = calibration.steps_in(schedule.due(now_us - start_us))
        given_ng = calibration.drug_ng(steps, prescription.concentration_ng_ml)
        return NAMES[PERIODIC], prescription.periodic_ng, given_ng, end_us - now_us
