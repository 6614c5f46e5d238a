# SPDX-License-Identifier: MIT
"""The WAV file of the buzzer: what was played is what its spectrum shows."""

import io
import wave

import numpy as np
import pytest

from host_tests.bench.alarm_signals import Signal, tone
from pumpbench.analysis.sound import tones
from pumpbench.analysis.standard import required
from pumpbench.analysis.wav import OVERSAMPLING, samples, wav

RATE_HZ = 16_000
S_NS = 1_000_000_000


def read(content):
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def spectrum(sound, rate_hz):
    """(frequencies, amplitudes), interpolated by padding."""
    padded = 1 << 17
    amplitudes = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), padded))
    return np.fft.rfftfreq(padded, 1 / rate_hz), amplitudes


def peak_near(frequencies, amplitudes, near_hz, within=0.03):
    """The frequency and amplitude of the highest point around near_hz."""
    around = np.abs(frequencies / near_hz - 1) < within
    return frequencies[around][amplitudes[around].argmax()], amplitudes[around].max()


@pytest.fixture(scope="module")
def high():
    pulses = Signal("HIGH").pulses()
    content = wav(pulses, 0, 6 * S_NS)
    return tones(pulses), *read(content)


def test_it_is_as_long_as_asked_and_near_full_scale(high):
    _, sound, rate_hz = high
    assert (len(sound), rate_hz) == (96_000, RATE_HZ)
    assert 29_000 < np.abs(sound.astype(int)).max() <= 32_767


def test_the_spectrum_shows_the_melody_and_its_harmonics(high):
    found, sound, rate_hz = high
    melody = required("HIGH").melodies[10]
    for heard, nominal_hz in zip(found, melody, strict=True):
        first, last = (t_ns * rate_hz // S_NS for t_ns in (heard.start_ns, heard.end_ns))
        frequencies, amplitudes = spectrum(sound[first:last].astype(float), rate_hz)
        peaks = [peak_near(frequencies, amplitudes, k * nominal_hz) for k in range(1, 7)]
        assert peaks[0][0] == pytest.approx(nominal_hz, rel=0.01)
        for k, (peak_hz, amplitude) in enumerate(peaks, 1):
            assert peak_hz == pytest.approx(k * nominal_hz, rel=0.01)
            level_db = 20 * np.log10(amplitude / peaks[0][1])
            assert level_db == pytest.approx(heard.harmonics_db(6)[k - 1], abs=0.5)


def test_what_is_above_half_the_rate_is_not_folded_down():
    period_ns = 1_911_000
    sound = samples(tone(0, period_ns, 0.125, 600, 0), 0, S_NS, RATE_HZ)
    frequencies, amplitudes = spectrum(sound, RATE_HZ)
    f0_hz = 1e9 / period_ns
    fundamental = peak_near(frequencies, amplitudes, f0_hz)[1]
    between = np.abs((frequencies / f0_hz + 0.5) % 1 - 0.5) > 0.1
    aliases = between & (frequencies > 100) & (frequencies < 6_500)
    assert amplitudes[aliases].max() < fundamental * 10 ** (-60 / 20)


def test_nothing_slow_is_left(high):
    _, sound, rate_hz = high
    assert abs(sound.mean()) < 5
    frequencies, amplitudes = spectrum(sound.astype(float), rate_hz)
    assert amplitudes[frequencies < 1].max() < amplitudes.max() * 0.01


def test_a_pulse_is_where_it_was_and_as_big_as_it_was():
    sound = samples([(50_000_000, 30_000)], 0, S_NS // 10, RATE_HZ)
    assert np.abs(sound).argmax() in (800, 801)
    near = sound[700:900]
    assert near.sum() == pytest.approx(30_000 * RATE_HZ / 1e9, rel=0.3)


def test_times_are_counted_from_the_start():
    pulses = tone(S_NS, 1_911_000, 0.125, 20, 0)
    later = [(rise_ns + 3_600 * S_NS, width_ns) for rise_ns, width_ns in pulses]
    one = samples(pulses, S_NS - 1_000_000, S_NS + 50_000_000, RATE_HZ)
    other = samples(later, 3_601 * S_NS - 1_000_000, 3_601 * S_NS + 50_000_000, RATE_HZ)
    assert np.allclose(one, other)


def test_pulses_before_the_start_and_after_the_end_do_no_harm():
    pulses = [(n * 2_000_000, 250_000) for n in range(1000)]
    part = samples(pulses, S_NS, S_NS + S_NS // 10, RATE_HZ)
    assert len(part) == 1600
    assert np.abs(part).max() < 1.2


@pytest.mark.parametrize("end_ns, frames", [(0, 0), (S_NS, RATE_HZ)])
def test_silence_is_silent(end_ns, frames):
    sound, _ = read(wav([], 0, end_ns))
    assert len(sound) == frames
    assert not sound.any()


def test_another_rate_may_be_asked_for():
    sound, rate_hz = read(wav(Signal("LOW").pulses(), 0, S_NS, 8_000))
    assert (len(sound), rate_hz) == (8_000, 8_000)
    assert OVERSAMPLING * rate_hz == 64_000
