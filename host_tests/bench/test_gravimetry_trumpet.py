# SPDX-License-Identifier: MIT
"""The trumpet curve: the known vector, and recordings that nothing can be drawn from."""

from dataclasses import replace

import numpy as np
import pytest

from pumpbench.gravimetry.recording import Recording, RecordingError
from pumpbench.gravimetry.report import Limits, Weighing
from pumpbench.gravimetry.trumpet import HALF_MINUTE, QUARTER_HOUR, Method, trumpet
from pumpbench.gravimetry.volumes import Liquid, evaporation_g_h, sampled_ml

RATE_ML_H = 5.0
NO_AIR = Liquid(0.998, air_g_ml=0.0)
SAMPLES_S = np.arange(0, 7201, 30.0)


def rippled(rate_ml_h=RATE_ML_H, bias=0.02, ripple=0.1, period_min=4.0, times_s=SAMPLES_S):
    """A recording of rate * (1 + bias + ripple * sin), its integral in closed form."""
    turn = 2 * np.pi / (period_min / 60)
    hours = times_s / 3600
    volume_ml = rate_ml_h * ((1 + bias) * hours + ripple * (1 - np.cos(turn * hours)) / turn)
    return Recording(times_s, volume_ml * 0.998)


def test_a_bias_and_a_ripple_come_out_as_the_known_figures():
    result = trumpet(rippled(), RATE_ML_H, liquid=NO_AIR)
    assert result.mean_error_pct == pytest.approx(2.0, abs=1e-9)
    expected = {
        1: (11.00, -7.00),
        2: (8.37, -4.37),
        5: (3.80, 0.20),
        11: (2.82, 1.18),
        19: (2.47, 1.53),
        31: (2.29, 1.71),
    }
    found = {
        each.minutes: (round(each.max_pct, 2), round(each.min_pct, 2)) for each in result.windows
    }
    assert found == expected
    assert result.worst_pct == pytest.approx(11.00, abs=0.005)


def test_a_constant_flow_has_no_error_in_any_window():
    result = trumpet(rippled(bias=0, ripple=0), RATE_ML_H, liquid=NO_AIR)
    errors_pct = [pct for each in result.windows for pct in (each.max_pct, each.min_pct)]
    assert [result.mean_error_pct, *errors_pct] == pytest.approx([0] * 13, abs=1e-9)
    assert result.flow_ml_h == pytest.approx([RATE_ML_H] * 240)


def test_the_first_hour_is_in_the_start_up_graph_but_in_no_error():
    recording = rippled(bias=0, ripple=0)
    late = replace(recording, grams=np.maximum(recording.grams - 1, 0))  # 12 min of nothing
    result = trumpet(late, RATE_ML_H, liquid=NO_AIR)
    assert result.flow_ml_h[:24] == pytest.approx([0] * 24)
    assert result.mean_error_pct == pytest.approx(0, abs=1e-9)


def test_a_recording_that_goes_on_has_an_error_of_its_last_hour():
    times_s = np.arange(0, 5 * 3600 + 1, 30.0)
    recording = rippled(bias=0.01, ripple=0, times_s=times_s)
    tired_g = 0.03 * RATE_ML_H * 0.998 * np.maximum(times_s / 3600 - 4, 0)  # 3 % less at the end
    result = trumpet(replace(recording, grams=recording.grams - tired_g), RATE_ML_H, liquid=NO_AIR)
    assert result.mean_error_pct == pytest.approx(1.0, abs=1e-9)
    assert result.last_error_pct == pytest.approx(-2.0, abs=1e-9)
    for limit_pct, failed in ((1.9, ["Mean error B, last hour"]), (2.1, [])):
        weighing = Weighing(result, 0.0, 0.0, limits=Limits(mean_error_pct=limit_pct))
        assert [each.what for each in weighing.failures] == failed


@pytest.mark.parametrize(("seconds", "has_one"), [(7200, False), (10_770, False), (10_800, True)])
def test_the_last_hour_is_none_of_those_analysed(seconds, has_one):
    times_s = np.arange(0, seconds + 1, 30.0)
    result = trumpet(rippled(times_s=times_s), RATE_ML_H, liquid=NO_AIR)
    assert (result.last_error_pct is not None) == has_one


def test_the_ambulatory_method_leaves_out_a_day_and_analyses_a_hundred_samples():
    times_s = np.arange(0, 49 * 3600 + 1, 900.0)
    recording = rippled(0.04, bias=-0.01, ripple=0.05, period_min=40, times_s=times_s)
    result = trumpet(recording, 0.04, QUARTER_HOUR, liquid=NO_AIR)
    assert len(result.flow_ml_h) == 96 + 100
    assert [each.minutes for each in result.windows] == [15, 60, 150, 330, 570, 930]
    quarter = 5 * np.sin(np.pi * 3 / 8) / (np.pi * 3 / 8) * np.cos(np.pi / 8)  # 2.5 min off a peak
    assert result.windows[0].max_pct == pytest.approx(-1 + quarter)
    assert result.windows[-1].max_pct == pytest.approx(-1, abs=0.1)


def test_buoyancy_makes_a_tenth_of_a_percent_more_of_what_is_shown():
    factor = Liquid().ml_per_g * 0.998
    assert factor == pytest.approx(1.00105, abs=0.00001)
    assert NO_AIR.ml_per_g == 1 / 0.998


def test_a_blank_gives_back_what_evaporated():
    hours = SAMPLES_S / 3600
    blank = Recording(SAMPLES_S, 50 - 0.02 * hours)
    assert evaporation_g_h(blank) == pytest.approx(0.02)
    recording = rippled(bias=0, ripple=0)
    dried = replace(recording, grams=recording.grams - 0.02 * hours)
    assert trumpet(dried, RATE_ML_H, liquid=NO_AIR).mean_error_pct == pytest.approx(-0.4, abs=0.01)
    result = trumpet(dried, RATE_ML_H, liquid=NO_AIR, evaporation_g_h=evaporation_g_h(blank))
    assert result.mean_error_pct == pytest.approx(0, abs=1e-9)


def test_windows_that_weigh_less_than_ten_resolutions_are_refused_by_name():
    recording = replace(rippled(1 / 24, bias=0, ripple=0), resolution_g=0.0001)
    result = trumpet(recording, 1 / 24, liquid=NO_AIR)
    assert [each.minutes for each in result.refused] == [1]
    assert str(result.refused[0]) == (
        "1 min: 0.693 mg are less than 10 resolutions of the balance, 1 mg"
    )
    assert [each.minutes for each in result.windows] == [2, 5, 11, 19, 31]


def test_a_balance_too_coarse_for_every_window_gets_no_curve():
    recording = replace(rippled(1 / 24, bias=0, ripple=0), resolution_g=0.01)
    with pytest.raises(RecordingError, match=r"judged, as 41\.6 mg/h .* the longest, of 31 min"):
        trumpet(recording, 1 / 24, liquid=NO_AIR)


@pytest.mark.parametrize("resolution_g", [0, 0.0001])
def test_a_pump_that_delivered_nothing_gets_a_sentence(resolution_g):
    dead = Recording(SAMPLES_S, np.full(len(SAMPLES_S), 20.0), resolution_g)
    with pytest.raises(RecordingError, match="nothing was delivered in the 60 min analysed"):
        trumpet(dead, RATE_ML_H)


def without(recording, chosen):
    return replace(recording, time_s=recording.time_s[chosen], grams=recording.grams[chosen])


def test_a_gap_in_a_recording_is_told_with_its_place():
    recording = without(rippled(), (SAMPLES_S < 3000) | (SAMPLES_S > 3100))
    with pytest.raises(RecordingError, match="gap of 150 s after 2970 s"):
        trumpet(recording, RATE_ML_H)


def test_a_recording_that_ends_too_soon_is_told_with_its_length():
    with pytest.raises(RecordingError, match=r"lasts 110\.0 min; .* it takes 120 min"):
        trumpet(without(rippled(), SAMPLES_S <= 6600), RATE_ML_H)


def test_a_weight_taken_off_is_negative_flow_with_its_minute():
    recording = rippled()
    lighter = replace(recording, grams=recording.grams - 0.2 * (SAMPLES_S >= 4500))
    with pytest.raises(RecordingError, match=r"negative flow: .* from minute 74\.5 to 75"):
        trumpet(lighter, RATE_ML_H)


def test_a_slow_loss_that_no_sample_shows_is_negative_flow_too():
    recording = replace(rippled(), resolution_g=0.001)
    falling = replace(
        recording, grams=recording.grams - 0.045 * np.clip(SAMPLES_S - 5000, 0, 600) / 30
    )
    with pytest.raises(RecordingError, match="negative flow: in 1 min more was lost"):
        trumpet(falling, RATE_ML_H)


@pytest.mark.parametrize("late_s", [60.0, 30.0])
def test_times_that_do_not_increase_are_told_with_their_reading(late_s):
    times_s = np.array([0.0, 30.0, 60.0, late_s])
    with pytest.raises(RecordingError, match=f"{late_s:g} s comes after 60 s, in reading 4"):
        Recording(times_s, np.zeros(4))


def test_a_recording_of_one_reading_or_of_no_numbers_is_none():
    with pytest.raises(RecordingError, match="needs two readings"):
        Recording(np.array([0.0]), np.array([1.0]))
    with pytest.raises(RecordingError, match="no finite number"):
        Recording(np.array([0.0, 1.0]), np.array([1.0, np.nan]))
    with pytest.raises(RecordingError, match="2 times, but 1 weights"):
        Recording(np.array([0.0, 1.0]), np.array([1.0]))


@pytest.mark.parametrize("rate_ml_h", [0, -1, float("nan"), float("inf")])
def test_a_set_rate_that_is_none_is_refused(rate_ml_h):
    with pytest.raises(ValueError, match="has to be above 0"):
        trumpet(rippled(), rate_ml_h)


def test_a_method_is_of_whole_samples_and_of_windows_that_fit():
    with pytest.raises(ValueError, match=r"1\.2 min are no whole samples"):
        replace(HALF_MINUTE, windows_min=(1.2,))
    with pytest.raises(ValueError, match="have to fit into the 60 min"):
        replace(HALF_MINUTE, windows_min=(61,))
    assert Method(0.5, 0, 60, (60,)).samples(60) == 120


def test_a_liquid_lighter_than_air_cannot_be_weighed():
    with pytest.raises(ValueError, match=r"a liquid of 0\.001 g/mL"):
        Liquid(0.001)


def test_readings_between_two_samples_count_by_interpolation():
    recording = Recording(np.array([0.0, 20, 40, 60]), np.array([1.0, 3, 5, 7]))
    assert sampled_ml(recording, 0.5, liquid=Liquid(1, air_g_ml=0)) == pytest.approx([0, 3, 6])
