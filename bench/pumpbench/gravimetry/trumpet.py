# SPDX-License-Identifier: MIT
"""The trumpet curve: flow over time, its mean error, and the worst error in windows of any length.

Formulas of IEC 60601-2-24, 201.12.1: with samples of S minutes, set rate r and Qi the flow in
sample i, A = 100 (Q - r) / r, and Ep(max), Ep(min) are the greatest and least of
(S / P) sum 100 (Qi - r) / r over all windows of P minutes. Errors are in percent of r. B is A of
the last hour before the next refill: of a recording that goes on so long, its last hour.

For a pump that delivers in strokes the windows must be whole multiples of its cycle; otherwise the
curve depends on the start of the first one (Bissig et al. 2022, doi 10.1515/bmt-2022-0040).
"""

from dataclasses import dataclass, field

from pumpbench.gravimetry.recording import Array, Recording, RecordingError
from pumpbench.gravimetry.volumes import RESOLUTIONS, WATER, Liquid, sampled_ml


@dataclass(frozen=True)
class Method:
    """Minutes: of a sample, of the time left out first, of the analysed time, of each window."""

    sample_min: float
    settle_min: float
    analysis_min: float
    windows_min: tuple[float, ...]

    def __post_init__(self) -> None:
        for minutes in (self.settle_min, self.analysis_min, *self.windows_min):
            if abs(minutes / self.sample_min - round(minutes / self.sample_min)) > 1e-9:
                raise ValueError(
                    f"{minutes:g} min are no whole samples of {self.sample_min:g} min"
                )
        if not 0 < min(self.windows_min) <= max(self.windows_min) <= self.analysis_min:
            raise ValueError(f"windows have to fit into the {self.analysis_min:g} min analysed")

    def samples(self, minutes: float) -> int:
        return round(minutes / self.sample_min)


LAST_MIN = 60  # minutes analysed for B

HALF_MINUTE = Method(0.5, 60, 60, (1, 2, 5, 11, 19, 31))  # the second hour
QUARTER_HOUR = Method(15, 24 * 60, 25 * 60, (15, 60, 150, 330, 570, 930))  # of ambulatory pumps
METHODS = {"0.5min": HALF_MINUTE, "15min": QUARTER_HOUR}


@dataclass(frozen=True)
class Window:
    minutes: float
    max_pct: float
    min_pct: float


@dataclass(frozen=True)
class Refused:
    """A window whose weight is too small against the resolution of the balance."""

    minutes: float
    delivered_g: float
    needed_g: float

    def __str__(self) -> str:
        return (
            f"{self.minutes:g} min: {self.delivered_g * 1000:.3g} mg are less than {RESOLUTIONS}"
            f" resolutions of the balance, {self.needed_g * 1000:.3g} mg"
        )


@dataclass(frozen=True)
class Trumpet:
    """flow_ml_h: of each sample since the start. mean_error_pct: A, over the minutes analysed.

    last_error_pct: B; None if the recording has less than an hour after those.
    """

    method: Method
    rate_ml_h: float
    flow_ml_h: Array
    mean_error_pct: float
    windows: tuple[Window, ...]
    refused: tuple[Refused, ...] = field(default=())
    last_error_pct: float | None = None

    @property
    def mean_ml_h(self) -> float:
        return self.rate_ml_h * (1 + self.mean_error_pct / 100)

    @property
    def worst_pct(self) -> float:
        """The error with the largest magnitude, of all windows."""
        return max((pct for each in self.windows for pct in (each.max_pct, each.min_pct)), key=abs)


def trumpet(
    recording: Recording,
    rate_ml_h: float,
    method: Method = HALF_MINUTE,
    *,
    liquid: Liquid = WATER,
    evaporation_g_h: float = 0.0,
) -> Trumpet:
    """The curve of a delivery at the set rate, which began with the recording.

    Raises RecordingError if the recording is too short, has a gap or a negative flow, or too
    little weight for every window; ValueError for an invalid rate.
    """
    if not 0 < rate_ml_h < float("inf"):
        raise ValueError(f"the set rate is {rate_ml_h:g} mL/h; it has to be above 0")
    _need_length(recording, method)
    volumes_ml = sampled_ml(
        recording, method.sample_min, liquid=liquid, evaporation_g_h=evaporation_g_h
    )
    first = method.samples(method.settle_min)
    last = first + method.samples(method.analysis_min)
    analysed_ml = volumes_ml[first : last + 1]
    mean_ml_h = _flow_ml_h(analysed_ml, len(analysed_ml) - 1, method)[0]
    if mean_ml_h <= 0:
        raise RecordingError(f"nothing was delivered in the {method.analysis_min:g} min analysed")
    mean_g_h = mean_ml_h / liquid.ml_per_g
    windows, refused = _windows(
        analysed_ml, rate_ml_h, mean_g_h, method, RESOLUTIONS * recording.resolution_g
    )
    return Trumpet(
        method,
        rate_ml_h,
        _flow_ml_h(volumes_ml[: last + 1], 1, method),
        float(_error_pct(mean_ml_h, rate_ml_h)),
        windows,
        refused,
        _last_error_pct(volumes_ml[last:], rate_ml_h, method),
    )


def _last_error_pct(later_ml: Array, rate_ml_h: float, method: Method) -> float | None:
    """B, from the volumes after the minutes analysed."""
    samples = method.samples(LAST_MIN)
    if len(later_ml) <= samples:
        return None
    last_ml_h = _flow_ml_h(later_ml[-samples - 1 :], samples, method)[0]
    return float(_error_pct(last_ml_h, rate_ml_h))


def _flow_ml_h(volumes_ml: Array, samples: int, method: Method) -> Array:
    """The mean flow over each run of `samples` samples."""
    hours = samples * method.sample_min / 60
    return (volumes_ml[samples:] - volumes_ml[:-samples]) / hours


def _error_pct(flow_ml_h: Array, rate_ml_h: float) -> Array:
    return 100 * (flow_ml_h - rate_ml_h) / rate_ml_h


def _windows(
    analysed_ml: Array, rate_ml_h: float, mean_g_h: float, method: Method, needed_g: float
) -> tuple[tuple[Window, ...], tuple[Refused, ...]]:
    windows, refused = [], []
    for minutes in method.windows_min:
        delivered_g = mean_g_h * minutes / 60
        if delivered_g < needed_g:
            refused.append(Refused(minutes, delivered_g, needed_g))
            continue
        flow_ml_h = _flow_ml_h(analysed_ml, method.samples(minutes), method)
        if flow_ml_h.min() < 0:
            raise RecordingError(f"negative flow: in {minutes:g} min more was lost than delivered")
        errors_pct = _error_pct(flow_ml_h, rate_ml_h)
        windows.append(Window(minutes, float(errors_pct.max()), float(errors_pct.min())))
    if not windows:
        raise RecordingError(
            f"no window can be judged, as {mean_g_h * 1000:.3g} mg/h were delivered; the longest,"
            f" of {refused[-1]}"
        )
    return tuple(windows), tuple(refused)


def _need_length(recording: Recording, method: Method) -> None:
    lasts_min = (recording.time_s[-1] - recording.time_s[0]) / 60
    needed_min = method.settle_min + method.analysis_min
    if lasts_min < needed_min * (1 - 1e-6):
        raise RecordingError(
            f"the recording lasts {lasts_min:.1f} min; with samples of {method.sample_min:g} min"
            f" it takes {needed_min:g} min"
        )
