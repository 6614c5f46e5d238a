# SPDX-License-Identifier: MIT
"""Single doses, and the line through several rates."""

import numpy as np
import pytest

from pumpbench.gravimetry.doses import Dose, weighed_doses
from pumpbench.gravimetry.linearity import linearity
from pumpbench.gravimetry.recording import Recording, RecordingError
from pumpbench.gravimetry.volumes import Liquid

WATER = Liquid(1.0, air_g_ml=0.0)
TIMES_S = np.arange(0, 400.5, 0.5)
DOSES = (Dose(50, 60, 0.05), Dose(150, 160, 0.05), Dose(250, 260, 0.05))


def dosed(volumes_ml=(0.05, 0.051, 0.048), basal_ml_h=0.0, loss_g_h=0.0, resolution_g=0.0):
    grams = 20 + (basal_ml_h - loss_g_h) * TIMES_S / 3600
    for dose, volume_ml in zip(DOSES, volumes_ml, strict=True):
        grams += np.interp(TIMES_S, [dose.start_s, dose.end_s], [0, volume_ml])
    return Recording(TIMES_S, grams, resolution_g)


def test_each_dose_has_the_error_that_it_was_given():
    weighed = weighed_doses(dosed(), DOSES, liquid=WATER)
    assert [each.error_pct for each in weighed] == pytest.approx([0, 2, -4], abs=1e-9)
    assert [each.measured_ml for each in weighed] == pytest.approx([0.05, 0.051, 0.048])


def test_what_the_basal_rate_adds_and_evaporation_takes_is_no_part_of_a_dose():
    recording = dosed(basal_ml_h=1.0, loss_g_h=0.3)
    weighed = weighed_doses(recording, DOSES, basal_ml_h=1.0, evaporation_g_h=0.3, liquid=WATER)
    assert [each.error_pct for each in weighed] == pytest.approx([0, 2, -4], abs=1e-9)
    bare = weighed_doses(recording, DOSES, liquid=WATER)
    assert bare[0].error_pct > 5


def test_a_dose_of_less_than_ten_resolutions_is_refused():
    with pytest.raises(RecordingError, match=r"dose 1, 50 uL, is less than 10 .*, 100 uL"):
        weighed_doses(dosed(resolution_g=0.01), DOSES, liquid=WATER)


def test_a_dose_beyond_the_recording_has_nothing_to_be_weighed_by():
    with pytest.raises(RecordingError, match="dose 1 has no reading in the 10 s before 500 s"):
        weighed_doses(dosed(), [Dose(500, 510, 0.05)], liquid=WATER)


def test_a_gap_between_doses_is_told():
    recording = dosed()
    kept = (TIMES_S < 180) | (TIMES_S > 220)
    with pytest.raises(RecordingError, match=r"gap of 4\d s after 180 s"):
        weighed_doses(Recording(TIMES_S[kept], recording.grams[kept]), DOSES, liquid=WATER)


def test_a_dose_that_made_the_beaker_lighter_is_negative_flow():
    with pytest.raises(RecordingError, match="negative flow: dose 2"):
        weighed_doses(dosed((0.05, -0.05, 0.05)), DOSES, liquid=WATER)


@pytest.mark.parametrize("dose", [Dose(60, 50, 0.05), Dose(50, 60, 0), Dose(50, 60, -0.05)])
def test_a_dose_backwards_or_of_nothing_is_none(dose):
    with pytest.raises(RecordingError, match="dose 1 ends before it starts, or is none"):
        weighed_doses(dosed(), [dose], liquid=WATER)


def test_rates_on_a_line_have_its_slope_and_no_distance_from_it():
    line = linearity([(4, 4.13), (1, 1.04), (2, 2.07)])
    assert (line.slope, line.offset_ml_h) == pytest.approx((1.03, 0.01))
    assert line.off_line_pct == pytest.approx([0, 0, 0], abs=1e-9)


def test_a_rate_off_the_line_is_told_in_percent_of_the_greatest():
    line = linearity([(1, 1.0), (2, 2.3), (3, 3.0)])
    assert line.off_line_pct == pytest.approx([-10 / 3, 20 / 3, -10 / 3])
    assert line.worst_pct == pytest.approx(20 / 3)


@pytest.mark.parametrize("rates", [[], [(1, 1), (2, 2)], [(1, 1), (1, 1.1), (2, 2)]])
def test_two_rates_are_no_linearity(rates):
    with pytest.raises(ValueError, match="3 different rates"):
        linearity(rates)


def test_rates_that_are_no_numbers_or_not_above_nothing_are_refused():
    for rates in ([(0, 0), (1, 1), (2, 2)], [(1, 1), (2, float("nan")), (3, 3)]):
        with pytest.raises(ValueError, match="no number above 0"):
            linearity(rates)
