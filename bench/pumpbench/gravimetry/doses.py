# SPDX-License-Identifier: MIT
"""Doses: the weighed volume of each single bolus, against the programmed one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pumpbench.gravimetry.recording import Array, Recording, RecordingError
from pumpbench.gravimetry.volumes import RESOLUTIONS, WATER, Liquid, refuse_gaps


@dataclass(frozen=True)
class Dose:
    """A bolus in millilitres, without the basal rate, in seconds of the recording."""

    start_s: float
    end_s: float
    programmed_ml: float


@dataclass(frozen=True)
class WeighedDose:
    programmed_ml: float
    measured_ml: float

    @property
    def error_pct(self) -> float:
        return 100 * (self.measured_ml - self.programmed_ml) / self.programmed_ml


def weighed_doses(
    recording: Recording,
    doses: Sequence[Dose],
    *,
    average_s: float = 10.0,
    basal_ml_h: float = 0.0,
    evaporation_g_h: float = 0.0,
    liquid: Liquid = WATER,
) -> tuple[WeighedDose, ...]:
    """Each dose: the mean of the readings in `average_s` after it minus that before it.

    The basal delivery and the evaporation between the middles of both are subtracted.
    Raises RecordingError without a reading before or after a dose, for a gap in the recording, and
    for a dose of less than ten resolutions of the balance.
    """
    grams = recording.grams + evaporation_g_h * recording.time_s / 3600
    volumes_ml = grams * liquid.ml_per_g - basal_ml_h * recording.time_s / 3600
    weighed = []
    for number, dose in enumerate(doses, 1):
        _refuse_small(dose, number, recording.resolution_g * liquid.ml_per_g)
        before = _within(recording.time_s, dose.start_s - average_s, dose.start_s)
        after = _within(recording.time_s, dose.end_s, dose.end_s + average_s)
        if not (before.any() and after.any()):
            raise RecordingError(
                f"dose {number} has no reading in the {average_s:g} s before {dose.start_s:g} s"
                f" or after {dose.end_s:g} s"
            )
        measured_ml = float(volumes_ml[after].mean() - volumes_ml[before].mean())
        if measured_ml < 0:
            raise RecordingError(f"negative flow: dose {number} made the beaker lighter")
        weighed.append(WeighedDose(dose.programmed_ml, measured_ml))
    refuse_gaps(recording, average_s)
    return tuple(weighed)


def _within(time_s: Array, from_s: float, to_s: float) -> np.ndarray:
    return (time_s >= from_s) & (time_s <= to_s)


def _refuse_small(dose: Dose, number: int, resolution_ml: float) -> None:
    if dose.end_s < dose.start_s or dose.programmed_ml <= 0:
        raise RecordingError(f"dose {number} ends before it starts, or is none")
    if dose.programmed_ml < RESOLUTIONS * resolution_ml:
        raise RecordingError(
            f"dose {number}, {dose.programmed_ml * 1000:g} uL, is less than {RESOLUTIONS}"
            f" resolutions of the balance, {RESOLUTIONS * resolution_ml * 1000:.3g} uL"
        )
