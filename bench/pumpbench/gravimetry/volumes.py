# SPDX-License-Identifier: MIT
"""Volumes: what a recording of grams is in millilitres, sample by sample.

Evaporation is added back as a blank's loss in g/h, before density and buoyancy. A recording with
a gap, or with a loss that is no noise, is a RecordingError: no volume is made up for it.
"""

from dataclasses import dataclass

import numpy as np

from pumpbench.gravimetry.recording import Array, Recording, RecordingError

RESOLUTIONS = 10  # what is weighed has to be so many of the balance's steps
_LATE = 1.1  # sample intervals between two readings that are no gap yet


@dataclass(frozen=True)
class Liquid:
    """Densities in g/mL: of the liquid, of the air it displaces, of the weights that the balance
    was adjusted with. Water at 20 degrees, air at sea level, steel: a millilitre then shows as
    0.997 g. No air, no correction.

    Raises ValueError unless the liquid is the densest but the weights.
    """

    density_g_ml: float = 0.998
    air_g_ml: float = 0.0012
    weights_g_ml: float = 8.0

    def __post_init__(self) -> None:
        if not 0 <= self.air_g_ml < self.density_g_ml < self.weights_g_ml:
            raise ValueError(
                f"a liquid of {self.density_g_ml} g/mL cannot be weighed in air of"
                f" {self.air_g_ml} g/mL against weights of {self.weights_g_ml} g/mL"
            )

    @property
    def ml_per_g(self) -> float:
        """Millilitres of a gram shown: ISO 4787's factor at the temperature of the density."""
        buoyancy = 1 - self.air_g_ml / self.weights_g_ml
        return buoyancy / (self.density_g_ml - self.air_g_ml)


WATER = Liquid()


def evaporation_g_h(blank: Recording) -> float:
    """What a blank, a beaker that nothing flows into, loses in an hour: a line through it all.

    It has the drift of the balance in it, which belongs out of a measurement as well.
    """
    hours = (blank.time_s - blank.time_s[0]) / 3600
    return -float(np.polyfit(hours, blank.grams - blank.grams[0], 1)[0])


def sampled_ml(
    recording: Recording,
    sample_min: float,
    *,
    liquid: Liquid = WATER,
    evaporation_g_h: float = 0.0,
) -> Array:
    """Millilitres since the first reading, at it and then each `sample_min`.

    Between two readings the weight goes in a straight line. Raises RecordingError at a gap, and
    where more than ten resolutions are lost from a sample to the next.
    """
    sample_s = sample_min * 60
    refuse_gaps(recording, sample_s)
    since_s = recording.time_s - recording.time_s[0]
    grams = recording.grams - recording.grams[0] + evaporation_g_h * since_s / 3600
    count = int(since_s[-1] / sample_s + 1e-6)
    sampled_g = np.interp(np.arange(count + 1) * sample_s, since_s, grams)
    _refuse_losses(sampled_g, sample_min, recording.resolution_g)
    return sampled_g * liquid.ml_per_g


def refuse_gaps(recording: Recording, most_s: float) -> None:
    """RecordingError where no reading came for longer than that, a tenth of it forgiven."""
    apart_s = np.diff(recording.time_s)
    gap = int(np.argmax(apart_s))
    if apart_s[gap] > most_s * _LATE:
        raise RecordingError(
            f"the recording has a gap of {apart_s[gap]:.0f} s after {recording.time_s[gap]:.0f} s;"
            f" readings have to come each {most_s:g} s at least"
        )


def _refuse_losses(sampled_g: Array, sample_min: float, resolution_g: float) -> None:
    steps_g = np.diff(sampled_g)
    if not steps_g.size:
        return
    worst = int(np.argmin(steps_g))
    if steps_g[worst] < -RESOLUTIONS * resolution_g:
        raise RecordingError(
            f"negative flow: {-steps_g[worst] * 1000:.4g} mg were lost from minute"
            f" {worst * sample_min:g} to {(worst + 1) * sample_min:g}; nothing can be drawn from"
            " that, whether the pump ran backwards or something was taken off the balance"
        )
