# SPDX-License-Identifier: MIT
"""From a simulated balance through its recording to the report, in simulated time."""

import csv
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from pumpbench.gravimetry.balance import BalanceError
from pumpbench.gravimetry.doses import WeighedDose
from pumpbench.gravimetry.recording import RecordingError, read_recording
from pumpbench.gravimetry.report import Limits, Steps
from pumpbench.gravimetry.simulated import Imperfections, SimulatedBalance
from pumpbench.gravimetry.trumpet import HALF_MINUTE
from pumpbench.gravimetry.volumes import WATER
from pumpbench.gravimetry.weighing import record, trumpet

pytestmark = pytest.mark.slow

RATE_ML_H = 1.0  # 24 mL a day
NOISE_G = 0.0001
EVAPORATION_G_H = 0.012
REAL = Imperfections(noise_g=NOISE_G, evaporation_g_h=EVAPORATION_G_H, seed=20)
# A window begins and ends with a reading, each with the balance's noise and its rounding. Noise
# carries none of a hundred windows farther than four standard deviations.
READING_G = (NOISE_G**2 + 0.0001**2 / 12) ** 0.5
QUIET = Console(quiet=True)


def noise_pct(minutes):
    return 4 * 100 * READING_G * 2**0.5 / (RATE_ML_H / WATER.ml_per_g * minutes / 60)


class VirtualClock:
    def __init__(self):
        self.time_s = 0.0

    def now_s(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds


def delivered(bias=0.0, ripple=0.0, period_min=4.0):
    """Grams over seconds of a pump with a bias and a pulsation, in a beaker of 50 g."""
    turn = 2 * np.pi / (period_min / 60)

    def weight_g(time_s):
        hours = time_s / 3600
        pulsed = ripple * (1 - np.cos(turn * hours)) / turn
        return 50 + RATE_ML_H * ((1 + bias) * hours + pulsed) / WATER.ml_per_g

    return weight_g


def weighed(path, weight_g, imperfections=REAL, seconds=7200, kind="sics"):
    clock = VirtualClock()
    with SimulatedBalance(kind, weight_g, imperfections, clock=clock) as simulated:
        options = {"interval_s": 15, "screen": QUIET, "clock": clock}
        assert record(simulated.port, kind, seconds, path, **options) == seconds // 15 + 1
    return path


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory):
    return weighed(tmp_path_factory.mktemp("plain") / "run.csv", delivered())


@pytest.fixture(scope="module")
def biased_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("biased") / "run.csv"
    return weighed(path, delivered(bias=0.03, ripple=0.1), kind="sbi")


def test_a_day_s_24_ml_on_a_real_balance_err_by_no_more_than_its_noise(plain_run, tmp_path):
    blank = weighed(tmp_path / "blank.csv", lambda time_s: 50.0, replace(REAL, seed=21))
    result = trumpet(plain_run, RATE_ML_H, tmp_path / "report.html", evaporation=blank).curve
    assert abs(result.mean_error_pct) < noise_pct(60)
    assert [each.minutes for each in result.windows] == [1, 2, 5, 11, 19, 31]
    for window in result.windows:
        assert -noise_pct(window.minutes) < window.min_pct < window.max_pct
        assert window.max_pct < noise_pct(window.minutes)


def test_evaporation_that_nobody_measured_is_an_error_of_its_size(plain_run, tmp_path):
    result = trumpet(plain_run, RATE_ML_H, tmp_path / "report.html").curve
    assert result.mean_error_pct == pytest.approx(-1.2, abs=noise_pct(60))


def test_a_bias_and_a_pulsation_of_the_pump_come_out_as_such(biased_run, tmp_path):
    page = tmp_path / "report.html"
    result = trumpet(biased_run, RATE_ML_H, page, evaporation=EVAPORATION_G_H).curve
    assert result.mean_error_pct == pytest.approx(3, abs=noise_pct(60))
    for window in result.windows:
        share = np.pi * window.minutes / 4
        swing_pct = abs(10 * np.sin(share) / share)
        slack_pct = noise_pct(window.minutes)
        assert window.max_pct == pytest.approx(3 + swing_pct, abs=slack_pct)
        assert window.min_pct == pytest.approx(3 - swing_pct, abs=slack_pct)
    shown = re.search(r"<b>\+(\d\.\d\d) %</b><span class=\"soft\">mean error A", page.read_text())
    assert shown and float(shown[1]) == pytest.approx(result.mean_error_pct, abs=0.005)


def test_a_report_has_both_chapters_its_limits_and_its_recording_beside_it(plain_run, tmp_path):
    page = tmp_path / "out" / "run.html"
    doses = [WeighedDose(0.05, 0.05 * (1 + error)) for error in (-0.01, 0.0, 0.02)]
    weighing = trumpet(
        plain_run,
        RATE_ML_H,
        page,
        evaporation=EVAPORATION_G_H,
        steps=Steps(123_456, 123_456),
        doses=doses,
    )
    assert weighing.failures == []
    text = page.read_text()
    chapters = ["Electrical exactness", "Fluidic accuracy"]
    assert re.findall("<h2>(.*?)</h2>", text) == chapters
    assert "123 456 steps were programmed" in text
    assert text.count('<td class="pass">pass</td>') == 1 + 1 + 12 + 1
    assert "<td>+2.00 %</td><td>±5 %</td>" in text  # the worst dose
    assert text.count("<svg") == 3
    for axis in (
        "observation window, minutes",
        "mL an hour<",
        "minutes since the start",
        "% of the set rate",
    ):
        assert axis in text
    assert 'href="run.csv"' in text
    assert (tmp_path / "out" / "run.csv").read_bytes() == plain_run.read_bytes()


def test_a_report_without_steps_says_so_and_passes_nothing_electrical(plain_run, tmp_path):
    page = tmp_path / "run.html"
    weighing = trumpet(plain_run, RATE_ML_H, page, evaporation=EVAPORATION_G_H)
    assert weighing.electrical() == []
    assert "No steps were counted with this recording" in page.read_text()


def test_what_is_beyond_its_limit_fails_by_name(biased_run, tmp_path):
    page = tmp_path / "run.html"
    weighing = trumpet(
        biased_run,
        RATE_ML_H,
        page,
        evaporation=EVAPORATION_G_H,
        steps=Steps(1000, 998),
        limits=Limits(mean_error_pct=2),
    )
    failures = [each.what for each in weighing.failures]
    assert failures == ["Counted less programmed", "Mean error A"]
    text = page.read_text()
    assert "<b>Fail.</b>" in text
    assert "Counted less programmed: −2 steps, limit ±1 steps." in text  # noqa: RUF001
    assert text.count('<td class="fail">fail</td>') == 2


def test_three_rates_make_a_linearity(plain_run, tmp_path):
    others = []
    for rate in (0.5, 0.25):
        path = tmp_path / f"{rate}.csv"
        weighed(path, lambda time_s, rate=rate: 50 + rate * time_s / 3600 / WATER.ml_per_g)
        others.append((rate, path))
    page = tmp_path / "run.html"
    weighing = trumpet(plain_run, RATE_ML_H, page, evaporation=EVAPORATION_G_H, rates=others)
    assert weighing.rates
    assert weighing.rates.slope == pytest.approx(1, abs=0.001)
    assert abs(weighing.rates.worst_pct) < noise_pct(60)
    assert "<h3>Linearity</h3>" in page.read_text()


def test_the_page_beside_its_own_recording_leaves_that_alone(plain_run, tmp_path):
    path = tmp_path / "run.csv"
    path.write_bytes(plain_run.read_bytes())
    trumpet(path, RATE_ML_H, tmp_path / "run.html")
    assert path.read_bytes() == plain_run.read_bytes()


@pytest.mark.parametrize(
    ("at_600_s", "sentence"),
    [
        ("mute", "said nothing for 0.02 s"),
        ("S +", "overloaded"),
        ("S S 50.2 oz", "changed its unit from g to oz|weighs in 'oz'"),
        ("S S 40.0000 g", "jumped by .* g in 15.0 s, 600 s after the start"),
    ],
)
def test_what_was_recorded_before_a_balance_failed_is_kept(tmp_path, at_600_s, sentence):
    path = tmp_path / "run.csv"
    clock = VirtualClock()

    def weight_g(time_s):
        if time_s >= 585:  # what is answered next
            simulated.is_mute = at_600_s == "mute"
            simulated.reply = None if simulated.is_mute else at_600_s
        return 50.0

    with (
        SimulatedBalance("sics", weight_g, clock=clock) as simulated,
        pytest.raises(BalanceError, match=sentence) as raised,
    ):
        options = {"interval_s": 15, "screen": QUIET, "clock": clock, "silence_s": 0.02}
        record(simulated.port, "sics", 7200, path, **options)
    count = int(re.search(r"(\d+) readings are kept", str(raised.value))[1])
    rows = list(csv.DictReader(path.open()))
    assert len(rows) == count in (39, 40)
    assert rows[0] == {"time_s": "0.000", "grams": "50.0000", "is_stable": "1"}


def test_every_reading_is_in_the_file_before_the_next_one_is_asked_for(tmp_path):
    path = tmp_path / "run.csv"
    clock = VirtualClock()
    lines = []

    def weight_g(time_s):
        lines.append(path.read_text().count("\n") if path.exists() else 0)
        return 50.0

    with SimulatedBalance("sics", weight_g, clock=clock) as simulated:
        record(simulated.port, "sics", 4, path, screen=QUIET, clock=clock)
    assert lines[1:] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no column time_s and no grams"),
        ("time_s,mass\n0,1\n", "no column grams"),
        ("time_s,grams\n0,1\n", "needs two readings"),
        ("time_s,grams\n0,1\n1,heavy\n", "line 3: grams is 'heavy', not a number"),
        ("time_s,grams\n0,1\n1\n", "line 3: grams is None, not a number"),
        ("time_s,grams\n0,1\nnan,2\n", "line 3: time_s is 'nan', not a number"),
        ("time_s,grams\n0,1\n2,1\n1,1\n", "1 s comes after 2 s, in reading 3"),
        ("time_s,grams\n0,1\n9000,2\n", "gap of 9000 s after 0 s"),
    ],
)
def test_a_file_that_is_no_recording_is_told_and_no_page_is_written(tmp_path, text, sentence):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(RecordingError, match=sentence):
        trumpet(path, RATE_ML_H, tmp_path / "run.html")
    assert not (tmp_path / "run.html").exists()


def test_a_method_is_one_of_two_or_ones_own(plain_run, tmp_path):
    page = tmp_path / "run.html"
    with pytest.raises(ValueError, match=r"'1min' is no method: 0\.5min, 15min"):
        trumpet(plain_run, RATE_ML_H, page, method="1min")
    with pytest.raises(RecordingError, match="it takes 2940 min"):
        trumpet(plain_run, RATE_ML_H, page, method="15min")
    own = replace(HALF_MINUTE, settle_min=30, windows_min=(5,))
    curve = trumpet(plain_run, RATE_ML_H, page, method=own).curve
    assert [each.minutes for each in curve.windows] == [5]


def test_the_resolution_is_the_last_digit_unless_it_is_told(plain_run):
    assert read_recording(plain_run).resolution_g == pytest.approx(0.0001)
    assert read_recording(plain_run, 0.001).resolution_g == 0.001
