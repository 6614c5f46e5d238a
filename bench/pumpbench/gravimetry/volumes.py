# SPDX-License-Identifier: MIT
"""Volumes: conversion of a recording in grams to millilitres, sample by sample.

Evaporation is added back as a blank's loss in g/h, before density and buoyancy. A recording with a
gap, or with a loss larger than noise, is a RecordingError: volumes are never guessed.
"""

from dataclasses import dataclass

import numpy as np

from pumpbench.gravimetry.recording import Array, Recording, RecordingError

RESOLUTIONS = 10  # the smallest weight that is evaluated, in resolutions of the balance
_LATE = 1.1  # sample intervals between two readings; more are a gap


@dataclass(frozen=True)
class Liquid:
    """Densities in g/mL: of the liquid, of the air it displaces, of the weights that the balance
    was adjusted with. Default: water at 20 degrees, air at sea level, steel; a millilitre is then
    shown as 0.997 g. air_g_ml 0: no correction of buoyancy.

    Raises ValueError unless 0 <= air_g_ml < density_g_ml < weights_g_ml.
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
        """Millilitres for each gram shown: ISO 4787's factor at the density's temperature."""
        buoyancy = 1 - self.air_g_ml / self.weights_g_ml
        return buoyancy / (self.density_g_ml - self.air_g_ml)


WATER = Liquid()


def evaporation_g_h(blank: Recording) -> float:
    """The loss in g/h of a blank, a beaker without inflow: the slope of a line through it all.

    It includes the drift of the balance, which has to be removed from a measurement as well.
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

    Weights are interpolated linearly between readings. Raises RecordingError for a gap, and for a
    loss of more than ten resolutions from one sample to the next.
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
    """Raise RecordingError for a gap between readings of more than 1.1 * most_s seconds."""
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
