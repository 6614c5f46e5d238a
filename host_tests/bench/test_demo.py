# SPDX-License-Identifier: MIT
"""The demonstration from end to end: what it types, what it prints, how it ends."""

import base64
import csv
import io
import re
import wave

import numpy as np
import pytest
from rich.console import Console

from host_tests.conftest import interpreted
from host_tests.support.boards.images import need_image
from pumpbench.analysis.sound import bursts, tones
from pumpbench.analysis.standard import required
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import review_of
from pumpbench.demo import demo
from pumpbench.demo.flexday import clock
from pumpbench.demo.session import duration, folded

pytestmark = pytest.mark.slow

SHORT = demo.Lengths(slow_s=2, fast_s=1, day_s=1800)
LONG_ENOUGH = demo.Lengths(slow_s=1, fast_s=1, day_s=600, flex_h=0.5)


MISSING = "There is no image of MicroPython here, and no network."


@pytest.fixture(scope="module")
def without_image(tmp_path_factory):
    """A demonstration without the image: (status, what it printed, the page)."""
    screen = Console(file=io.StringIO(), width=80)
    path = tmp_path_factory.mktemp("demo") / "report.html"
    status = demo.run(path, missing_image=MISSING, lengths=SHORT, screen=screen)
    return status, screen.file.getvalue(), path.read_text()


@pytest.fixture(scope="module")
def data(without_image, tmp_path_factory):
    """The files beside its page, by name: their rows, by the names of the header."""
    del without_image
    folder = next(tmp_path_factory.getbasetemp().glob("demo*"))
    found = {}
    for path in folder.glob("report-*.csv"):
        with path.open(newline="") as file:
            found[path.stem.removeprefix("report-")] = list(csv.DictReader(file))
    return found


def test_the_data_have_the_steps_and_the_boluses_that_were_counted(without_image, data):
    _, printed, page = without_image
    edges = re.findall(r"Edges on the pin +│(.*)│\n", printed)
    counted = [int(count.replace(" ", "")) for line in edges for count in line.split("│")]
    files = ["steps-1", "steps-2", "steps-3", "flex-steps"]
    assert [len(data[name]) for name in files] == counted
    outcomes = [row["outcome"] for row in data["flex-events"]]
    assert outcomes == ["given", "given", "refused", "given", "given", "aborted"]
    assert len(re.findall(r'id="rates-[^"]*-mark-', page)) == len(outcomes)
    assert sum(int(row["dose_ug"]) for row in data["flex-events"]) == 30 + 20 + 20 + 30


def test_the_pump_was_asked_for_its_reservoir_over_both_days_and_knew_it(data):
    levels = data["reservoir"]
    assert len(levels) == 51 + 49
    assert float(levels[50]["true_ml"]) == pytest.approx(20 - 12 / 48, abs=1e-4)
    assert float(levels[-1]["true_ml"]) == pytest.approx(20 - 905 / 500, abs=1e-3)
    assert max(abs(float(row["answered_minus_true_nl"])) for row in levels) <= 63.5


@pytest.fixture
def no_interpreter(monkeypatch):
    """There is no MicroPython for this host either."""

    def ask_version():
        raise FileNotFoundError("no MicroPython for Unix")

    monkeypatch.setattr(demo, "ask_version", ask_version)


def test_all_counts_agree_and_every_step_is_on_time(without_image):
    status, printed, _ = without_image
    assert "Pass." in printed, printed
    assert status == 0


def test_a_missing_image_is_told_and_real_micropython_runs_on_a_simulated_board(without_image):
    interpreted()  # or skip
    _, printed, page = without_image
    assert printed.count(MISSING) == 1
    assert re.search(r"MicroPython 1\.\S+ runs the firmware instead, a real interp", printed)
    assert "Alarms, heard and seen, unix" in printed
    assert "No board was emulated" in page
    assert re.search(r"MicroPython 1\.\S+ on unix; CPython 3\.\S+ on sim", page)
    assert "emulator" not in printed


@pytest.mark.slow
@pytest.mark.usefixtures("no_interpreter")
def test_without_an_interpreter_for_the_host_the_firmware_runs_on_cpython(tmp_path):
    screen = Console(file=io.StringIO(), width=200)
    path = tmp_path / "report.html"
    options = {"lengths": LONG_ENOUGH, "screen": screen}
    assert demo.run(path, missing_image=MISSING, **options) == 0
    assert "no MicroPython for Unix\n" in screen.file.getvalue()
    assert "Firmware on CPython" in screen.file.getvalue()
    assert re.search(r"CPython \S+ on sim; CPython \S+ on sim", path.read_text())


def test_the_reader_sees_the_lines_and_the_answers(without_image):
    _, printed, page = without_image
    lines = ["*IDN?", "PRES:NEW", "PRES:CONC 500 UG/ML", "PRES:RATE 12 ML/D", "PRES:VAL?"]
    lines += ["PRES:COMM", "THER:STAR", "DEL:STEP?", "DEL:TOT?", "THER:STOP"]
    lines += ["RES:REF 20 ML", "RES:LOW 1.9 ML", "ALAR:ACT?", "ALAR:PAUS 6 S", "ALAR:ACKN"]
    lines += ["SYST:TIME", "PRES:FLEX:STEP", "BOL:STAR 30 UG,1 HR", "BOL:PAT", "BOL:ABOR"]
    for line in lines:
        assert f"\n  {line}" in printed
        assert line in page
    assert re.search(r"\n    ITB-Pump,RPI_PICO,\w+,\S+\n", printed)
    assert "\n    4,4,4,0\n" in printed


def test_the_flex_day_ends_on_the_programmed_step_with_every_bolus_of_it(without_image):
    _, printed, page = without_image
    counts = [
        re.search(rf"{name} +│ +([\d ]+) │\n", printed)[1]
        for name in ("Programmed, steps", "Commanded, steps", "Emitted, steps", "Edges on the pin")
    ]
    # 825 ug of basal, and 30 + 20 + 20 + 10 of boluses, 1/32 of a ug a step
    assert abs(int(counts[0].replace(" ", "")) - 905 * 32) <= 3
    assert counts[0] == counts[1] == counts[2] == counts[3]
    assert re.search(r"of it PATIENT, mL +│ +0\.080000 │", printed)
    assert "on the very step" in page


def test_the_flex_day_names_the_soft_limit_and_is_refused_the_bolus_in_the_lockout(without_image):
    _, printed, page = without_image
    assert re.search(r"\n  PRES:COMM [0-9A-F]{8},HIGH\n", printed)
    assert "110: Locked out" in printed
    assert re.search(r"ABORTED,", page)


def sounds_of(page):
    """The samples of each sound in a page, between -1 and 1, and their rate."""
    for text in re.findall(r'<audio controls src="data:audio/wav;base64,([^"]*)"', page):
        with wave.open(io.BytesIO(base64.b64decode(text))) as file:
            rate_hz, frames = file.getframerate(), file.readframes(file.getnframes())
        yield np.frombuffer(frames, "<i2") / 32768, rate_hz


def loud_parts(sound, rate_hz):
    """(first, last) sample of each tone: where in 10 ms it gets louder than a tenth."""
    width = rate_hz // 100
    whole = sound[: len(sound) // width * width].reshape(-1, width)
    is_loud = [False, *(np.abs(whole).max(axis=1) > 0.1), False]
    changes = [n * width for n in range(len(is_loud) - 1) if is_loud[n] != is_loud[n + 1]]
    return list(zip(changes[::2], changes[1::2], strict=True))


def fundamental_hz(sound, rate_hz):
    """The highest peak of the spectrum within an octave of middle C and G."""
    amplitudes = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 17))
    frequencies = np.fft.rfftfreq(1 << 17, 1 / rate_hz)
    within = (frequencies > 200) & (frequencies < 550)
    return frequencies[within][amplitudes[within].argmax()]


def test_whoever_plays_the_page_hears_every_melody(without_image):
    """The acknowledgement cuts the last burst in a tone, so soon after the pause as it comes."""
    _, _, page = without_image
    ((sound, rate_hz),) = sounds_of(page)
    heard = [
        fundamental_hz(sound[first:last], rate_hz) for first, last in loud_parts(sound, rate_hz)
    ]
    high, medium = required("HIGH").melodies[10], required("MEDIUM").melodies[3]
    low = required("LOW").melodies[2]
    whole = [*medium, *low, *high, *high]
    assert heard[: len(whole)] == pytest.approx(whole, rel=0.01)
    again = heard[len(whole) : -1]
    assert 0 < len(again) < 5
    assert again == pytest.approx(high[: len(again)], rel=0.01)


def test_the_sound_is_as_long_as_the_part_and_the_page_is_not_large(without_image):
    _, _, page = without_image
    ((sound, rate_hz),) = sounds_of(page)
    assert 30 < len(sound) / rate_hz < 45
    assert len(page.encode()) < 2_000_000
    assert "simulated pin, played as it is" in re.sub(r"\s+", " ", page)


def test_the_alarms_are_tabled_by_priority_beside_what_is_required(without_image):
    _, printed, page = without_image
    for priority in ("HIGH", "MEDIUM", "LOW"):
        assert re.search(rf"│ {priority} +│ +│ +│ +│\n", printed)
        assert f'<th colspan="5">{priority}</th>' in page
    assert re.search(r"│ flashes +│ +2 Hz │ +1\.4 to 2\.8 Hz │ +0\.6 Hz │", printed)
    assert "<th>tones of the burst</th><td>10</td><td>10</td>" in page
    for event in ("ALARM_ON 306", "AUDIO_PAUSED 6.000 s", "ALARM_ACKNOWLEDGED 306"):
        assert event in page


class Deaf(demo.SimTarget):
    """A board whose buzzer loses the third tone of the first burst of HIGH."""

    def __init__(self):
        super().__init__()
        heard = self.plant.buzzer.pulses

        def pulses():
            every = list(heard())
            high = next((burst for burst in bursts(tones(every)) if len(burst) == 10), None)
            if high is None:
                return iter(every)
            first_ns, last_ns = high[2].first_ns, high[2].last_ns
            return iter([pulse for pulse in every if not first_ns <= pulse[0] <= last_ns])

        self.plant.buzzer.pulses = pulses


class Talkative(demo.SimTarget):
    """A board whose buzzer clicks in every second."""

    def __init__(self):
        super().__init__()
        heard = self.plant.buzzer.pulses
        clicks = [(second * 1_000_000_000 + 7, 1_000) for second in range(60)]  # with no pulse
        self.plant.buzzer.pulses = lambda: iter(sorted([*heard(), *clicks]))


class Dark(demo.SimTarget):
    """A board whose lamp is out."""

    def __init__(self):
        super().__init__()
        self.plant.lamps["lamp"].change = lambda *_args: None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("board", "sentences"),
    [
        (Deaf, ["alarms: HIGH: tones of the burst 9 to 10, required 10"]),
        (Talkative, ["edges on the buzzer's pin in the pause", "edges .* after the acknowledg"]),
        (Dark, ["HIGH: whole flashes 0, required at least 1", "the lamp did not come within 6 s"]),
    ],
)
@pytest.mark.usefixtures("no_interpreter")
def test_an_alarm_that_is_not_as_it_has_to_be_fails_the_demonstration(
    tmp_path, monkeypatch, board, sentences
):
    monkeypatch.setattr(demo, "SimTarget", board)
    screen = Console(file=io.StringIO(), width=200)
    path = tmp_path / "report.html"
    assert demo.run(path, missing_image=MISSING, lengths=LONG_ENOUGH, screen=screen) == 1
    for sentence in sentences:
        assert re.search(sentence, screen.file.getvalue())
    assert "Every alarm was heard" not in screen.file.getvalue()
    assert "every alarm was heard" not in path.read_text()


def test_without_a_terminal_there_are_plain_lines(without_image):
    _, printed, _ = without_image
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", printed)
    assert len(re.findall(r"^ +\d+ %  .* steps  \d+\.\d{7} mL$", printed, re.MULTILINE)) == 15
    assert max(len(line) for line in printed.splitlines() if "https" not in line) <= 80


@pytest.mark.slow
def test_on_a_terminal_there_is_a_bar(tmp_path):
    screen = Console(file=io.StringIO(), width=100, force_terminal=True)
    demo.run(tmp_path / "r.html", missing_image=MISSING, lengths=LONG_ENOUGH, screen=screen)
    assert "━" in screen.file.getvalue()
    assert not re.search(r"\d+ %  ", screen.file.getvalue())


def test_the_page_fetches_nothing_and_has_the_plots(without_image):
    _, printed, page = without_image
    assert page.count("<svg") == page.count("</svg>") == 9
    assert not re.search(r"(?:src|href|url)[=(]\W*https?:", page)
    assert set(re.findall(r"https?://[^/]+", page)) <= {"https://micropython.org"}
    assert re.search(r"^Report: .*report\.html$", printed, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.usefixtures("no_interpreter")
def test_a_pump_that_loses_a_step_fails_the_demonstration(tmp_path, monkeypatch):
    class Slipping(demo.SimTarget):
        """A board whose driver does not see an edge once it delivers."""

        def __init__(self):
            super().__init__()
            step, self._calls = self.plant.step, 0

            def slip(first_ns, period_ns=0, count=1):
                self._calls += self.plant.is_enabled
                if self._calls != 3 or not self.plant.is_enabled:
                    step(first_ns, period_ns, count)

            self.plant.step = slip

    monkeypatch.setattr(demo, "SimTarget", Slipping)
    screen = Console(file=io.StringIO(), width=80)
    path = tmp_path / "report.html"
    assert demo.run(path, missing_image=MISSING, lengths=LONG_ENOUGH, screen=screen) == 1
    assert "Fail." in screen.file.getvalue()
    assert "Fail." in path.read_text()


@pytest.mark.emulator
def test_the_emulated_board_delivers_a_second_of_each(tmp_path):
    need_image()
    screen = Console(file=io.StringIO(), width=80)
    path = tmp_path / "report.html"
    status = demo.run(path, lengths=LONG_ENOUGH, screen=screen)
    assert status == 0, screen.file.getvalue()
    assert "emulator" in path.read_text()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12, "12 s"), (1200, "20 min"), (86_400, "24 h"), (15_120, "4 h 12 min")],
)
def test_a_duration_is_in_the_unit_that_is_whole(seconds, text):
    assert duration(seconds) == text


def test_a_long_answer_is_broken_at_commas_and_spaces():
    answer = '4,CLINICIAN,30.000,"a sentence, with words"'
    lines = folded(answer, 20)
    assert lines == ["4,CLINICIAN,30.000,", '"a sentence, with ', 'words"']
    assert "".join(lines) == answer
    assert folded("x" * 30 + ",y", 20) == ["x" * 30 + ",", "y"]
    assert folded("", 20) == [""]


def test_the_soft_limits_of_a_verdict_are_its_names_not_its_notes():
    verdict = (
        'OK,00C0FFEE,"HIGH: 825.000 ug a day, usual are less","INTerval: 1 MIN","up to 4: a day"'
    )
    assert review_of(verdict)[:2] == ("00C0FFEE", ("HIGH", "INTerval"))
    assert review_of("OK,00C0FFEE") == ("00C0FFEE", (), ())
    with pytest.raises(PumpError, match="no mode"):
        review_of('"no mode","no rate"')


def test_an_hour_of_the_day_is_read_as_on_a_clock():
    assert [clock(hour) for hour in (0, 7.5, 19 + 1 / 3, 24)] == [
        "00:00",
        "07:30",
        "19:20",
        "24:00",
    ]
