# SPDX-License-Identifier: MIT
"""A WAV file of the rectangular wave at the buzzer's pin, to be listened to.

The level is averaged exactly over OVERSAMPLING intervals a sample. A low-pass removes frequencies
above half the sample rate; DC and frequencies below those of tones are removed as well.
"""

import io
import wave
from collections.abc import Iterable

import numpy as np

OVERSAMPLING = 8
TAPS = 64 * OVERSAMPLING + 1  # of the low-pass; an odd number keeps it centred
CUTOFF = 0.45  # of the rate
SLOW_S = 0.05  # the mean over this time is subtracted: DC and inaudible frequencies
PEAK = 0.9 * 32767


def wav(
    pulses: Iterable[tuple[int, int]], start_ns: int, end_ns: int, rate_hz: int = 16_000
) -> bytes:
    """A 16-bit mono WAV file of pulses (rise_ns, width_ns), from start_ns to end_ns."""
    sound = samples(pulses, start_ns, end_ns, rate_hz)
    peak = np.abs(sound).max(initial=0)
    scaled = np.rint(sound * (PEAK / peak if peak > 1e-9 else 0)).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(scaled.tobytes())
    return buffer.getvalue()


def samples(
    pulses: Iterable[tuple[int, int]], start_ns: int, end_ns: int, rate_hz: int
) -> np.ndarray:
    """The wave with pulses of height 1, sample n at n / rate_hz seconds after start_ns."""
    count = (end_ns - start_ns) * rate_hz // 1_000_000_000
    if count < 1:
        return np.zeros(0)
    reach = TAPS // 2
    numbers = np.arange(-reach, (count - 1) * OVERSAMPLING + reach + 2) - 0.5
    levels = np.diff(_time_on(pulses, start_ns, numbers * (1e9 / (rate_hz * OVERSAMPLING))))
    filtered = np.zeros(count)
    stop = (count - 1) * OVERSAMPLING + 1
    for n, weight in enumerate(_low_pass()):
        filtered += weight * levels[n : n + stop : OVERSAMPLING]
    filtered *= rate_hz * OVERSAMPLING / 1e9
    return _without_slow(filtered, round(SLOW_S * rate_hz))


def _time_on(pulses: Iterable[tuple[int, int]], start_ns: int, times_ns: np.ndarray) -> np.ndarray:
    """The time that the pin was on from start_ns until each of times_ns."""
    table = np.array(list(pulses), dtype=np.int64).reshape(-1, 2)
    edges = np.empty(2 * len(table) + 1)
    total = np.zeros(len(edges))
    edges[0] = min([0, *table[:1, 0] - start_ns]) - 1.0
    edges[1::2] = table[:, 0] - start_ns
    edges[2::2] = table.sum(axis=1) - start_ns
    total[2::2] = np.cumsum(table[:, 1])
    total[3::2] = total[2:-1:2]
    return np.interp(times_ns, edges, total)


def _low_pass() -> np.ndarray:
    """The weights of a windowed sinc; their sum is 1."""
    n = np.arange(TAPS) - TAPS // 2
    weights = np.sinc(2 * CUTOFF / OVERSAMPLING * n) * np.blackman(TAPS)
    return weights / weights.sum()


def _without_slow(sound: np.ndarray, width: int) -> np.ndarray:
    """The sound minus its mean over about `width` samples around each sample."""
    half = width // 2
    total = np.concatenate([np.zeros(1), np.cumsum(sound)])
    n = np.arange(len(sound))
    first, last = np.maximum(n - half, 0), np.minimum(n + half + 1, len(sound))
    return sound - (total[last] - total[first]) / (last - first)
