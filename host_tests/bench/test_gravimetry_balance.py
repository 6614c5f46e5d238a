# SPDX-License-Identifier: MIT
"""Balances: what they are asked, what their lines mean, and what ends a recording."""

from decimal import Decimal
from itertools import pairwise

import pytest

from pumpbench.gravimetry.balance import Balance
from pumpbench.gravimetry.dialects import DIALECTS, BalanceError, Busy
from pumpbench.gravimetry.reading import Steepest
from pumpbench.gravimetry.simulated import Imperfections, Pan, SimulatedBalance


class VirtualClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.time_s = 1000.0

    def now_s(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds


class Lines:
    """A balance that sends what it is given, a line for each that is read."""

    def __init__(self, *lines):
        self.lines, self.written, self.is_closed = list(lines), [], False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read_line(self, timeout_s: float) -> str:
        if not self.lines:
            raise TimeoutError
        line = self.lines.pop(0)
        if isinstance(line, Exception):
            raise line
        return line

    def close(self) -> None:
        self.is_closed = True


def balance(kind, *lines, **options):
    return Balance(Lines(*lines), kind, clock=VirtualClock(), **options)


@pytest.mark.parametrize(
    ("kind", "line", "grams", "is_stable"),
    [
        ("sics", "S S     100.00 g", "100.00", True),
        ("sics", "S D      -0.0012 g", "-0.0012", False),
        ("sics", "S S    1234.5 mg", "1.2345", True),
        ("sbi", "+   123.45 g  ", "123.45", True),
        ("sbi", "+   123.45    ", "123.45", False),
        ("sbi", "-   0.0012 g  ", "-0.0012", True),
        ("sbi", "N     +   123.45 g  ", "123.45", True),
        ("sbi", "G#    - 12.3456 kg ", "-12345.6000", True),
        ("sbi", "N     +   123.4[5] g  ", "123.45", True),
        ("plain", "   12.3456", "12.3456", None),
        ("plain", "+12.3456 g", "12.3456", None),
        ("plain", "- 0.5 mg", "-0.0005", None),
    ],
)
def test_a_line_is_a_weight_in_the_digits_that_it_has(kind, line, grams, is_stable):
    reading = balance(kind, line).read()
    assert (str(reading.grams), reading.is_stable, reading.time_s) == (grams, is_stable, 0)


@pytest.mark.parametrize(
    ("kind", "line", "sentence"),
    [
        ("sics", "S +", "overloaded"),
        ("sics", "S -", "underloaded"),
        ("sics", "S L", "parameter of SI wrong"),
        ("sics", "ES", "did not understand SI"),
        ("sics", "ET", "garbled"),
        ("sics", "EL", "cannot execute SI"),
        ("sics", "S S Error 10b", "sent 'S S Error 10b', which is no weight"),
        ("sics", "+   123.45 g", "which is no weight"),
        ("sbi", "      H       ", "overloaded"),
        ("sbi", "Stat       HH     ", "overloaded"),
        ("sbi", "Stat       High   ", "overloaded"),
        ("sbi", "      L       ", "underloaded"),
        ("sbi", "      --      ", "shows no weight"),
        ("sbi", "Err  101      ", "reports 'Err  101'"),
        ("sbi", "A123.45 g", "which is no weight"),
        ("sbi", "S S     100.00 g", "which is no weight"),
        ("plain", "OL", "sent 'OL', which is no weight"),
        ("plain", "12.3.4 g", "which is no weight"),
        ("plain", "12,3 g", "which is no weight"),
        ("plain", "1.5 oz", "weighs in 'oz': set it to g"),
    ],
)
def test_a_line_that_is_no_weight_is_a_sentence(kind, line, sentence):
    with pytest.raises(BalanceError, match=sentence):
        balance(kind, line).read()


def test_a_balance_is_sent_the_question_of_its_maker_and_nothing_else():
    for kind, question in (("sics", b"SI\r\n"), ("sbi", b"\x1bP\r\n")):
        line = Lines(*["S S 1.0 g" if kind == "sics" else "+   1.0 g"] * 2)
        list(Balance(line, kind, clock=VirtualClock()).readings(1))
        assert line.written == [question] * 2
    line = Lines("1.0", "1.0")
    Balance(line, "plain").read()
    assert line.written == []


def test_a_busy_balance_is_asked_again_and_given_up_in_the_end():
    assert balance("sics", "S I", "S I", "S S 1.0 g").read().grams == 1
    with pytest.raises(BalanceError, match="was busy for 5 s"):
        balance("sics", *["S I"] * 100).read()
    with pytest.raises(Busy):
        DIALECTS["sbi"].parse("      C       ")


def test_a_balance_that_stops_talking_is_told():
    silent = balance("sics", "S S 1.0 g", silence_s=2)
    silent.read()
    with pytest.raises(BalanceError, match="said nothing for 2 s"):
        silent.read()


def test_a_balance_that_sends_empty_lines_is_not_waited_for_for_ever():
    assert balance("plain", "", "1.5", "").read().grams == Decimal("1.5")
    with pytest.raises(BalanceError, match="nothing but empty lines"):
        balance("plain", *[""] * 100).read()


def test_a_balance_that_is_unplugged_is_told():
    with pytest.raises(BalanceError, match=r"port is gone: .*Input/output"):
        balance("sics", OSError(5, "Input/output error")).read()


def test_a_balance_that_changes_its_unit_is_told():
    changing = balance("sics", "S S 1.0 g", "S S 1000 mg")
    changing.read()
    with pytest.raises(BalanceError, match="changed its unit from g to mg"):
        changing.read()


def test_a_line_without_a_unit_has_that_of_the_lines_before():
    moving = balance("sbi", "+   1000.0 mg ", "+   1000.1    ")
    assert [moving.read().grams, moving.read().grams] == [1, Decimal("1.0001")]


@pytest.mark.parametrize("jump_g", ["2.0", "0.5"])
def test_a_jump_is_told_with_its_size_and_time(jump_g):
    jumping = balance("sics", "S S 1.00 g", "S S 1.10 g", f"S S {jump_g} g")
    readings = jumping.readings(10)
    assert [next(readings).grams, next(readings).grams] == [Decimal("1.00"), Decimal("1.10")]
    with pytest.raises(BalanceError, match=r"jumped by .*0 g in 1\.0 s, 2 s after the start"):
        next(readings)


def test_what_is_a_jump_depends_on_the_time_between_two_readings():
    steepest = Steepest(step_g=0.1, flow_g_h=36)
    for seconds, is_jump in ((10, True), (60, False)):
        jumping = balance("sics", "S S 1.0 g", "S S 1.5 g", steepest=steepest)
        readings = jumping.readings(seconds, interval_s=seconds)
        next(readings)
        if is_jump:
            with pytest.raises(BalanceError, match="jumped"):
                next(readings)
        else:
            assert next(readings).time_s == 60


def test_readings_that_are_no_time_apart_are_refused():
    with pytest.raises(ValueError, match="each 0 s is none"):
        next(balance("sics", "S S 1.0 g").readings(10, interval_s=0))


def test_a_kind_that_is_none_and_a_port_that_is_not_there_are_told():
    with pytest.raises(BalanceError, match="'ohaus' is no kind of balance: sics, sbi, plain"):
        Balance(Lines(), "ohaus")
    with pytest.raises(BalanceError, match="port cannot be opened with 9600 baud, 8N1"):
        Balance.open("/dev/no-such-port", "sics")


@pytest.mark.parametrize("framing", ["9N1", "8X1", "8N", "eight"])
def test_a_framing_that_a_port_cannot_have_is_told(framing):
    with (
        SimulatedBalance("sbi", lambda time_s: 1.0) as simulated,
        pytest.raises(BalanceError, match=f"cannot be opened with 1200 baud, {framing}"),
    ):
        Balance.open(simulated.port, "sbi", baudrate=1200, framing=framing)


@pytest.mark.parametrize("kind", ["sics", "sbi"])
def test_a_simulated_balance_is_read_at_the_times_asked_for(kind):
    clock = VirtualClock()
    with (
        SimulatedBalance(kind, lambda time_s: 50 + time_s / 3600, clock=clock) as simulated,
        Balance.open(simulated.port, kind, clock=clock) as opened,
    ):
        readings = list(opened.readings(20, interval_s=2.5))
        simulated.is_stable = False
        assert opened.read().is_stable is False
    assert [each.time_s for each in readings] == [n * 2.5 for n in range(9)]
    assert [each.grams for each in readings] == [
        Decimal(f"{50 + n * 2.5 / 3600:.4f}") for n in range(9)
    ]
    assert all(each.is_stable for each in readings)


def test_a_balance_that_sends_by_itself_is_read_from_its_first_whole_line():
    with (
        SimulatedBalance("plain", lambda time_s: 7.5, interval_s=0.01) as simulated,
        Balance.open(simulated.port, "plain") as opened,
    ):
        readings = list(opened.readings(0.12, interval_s=0.04))
    assert {each.grams for each in readings} == {Decimal("7.5")}
    assert 3 <= len(readings) <= 4
    assert all(a.time_s < b.time_s for a, b in pairwise(readings))
    cut = balance("plain", "3.4 g", "123.4 g")
    assert next(cut.readings(10)).grams == Decimal("123.4")


@pytest.mark.parametrize("kind", ["sics", "sbi", "plain"])
@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("mute", "said nothing"),
        ("overload", "overloaded|'OL'"),
        ("nonsense", "which is no weight"),
    ],
)
def test_trouble_of_a_simulated_balance_ends_in_a_sentence(kind, trouble, sentence):
    limits = Imperfections(capacity_g=1)
    with SimulatedBalance(kind, lambda time_s: 2.0, limits, interval_s=0.01) as simulated:
        if trouble == "nonsense":
            simulated.reply = "?!"
        simulated.is_mute = trouble == "mute"
        with (
            Balance.open(simulated.port, kind, silence_s=0.03) as opened,
            pytest.raises(BalanceError, match=sentence),
        ):
            opened.read()


def shown(imperfections, weight_g=10.0, times_s=range(0, 36000, 36)):
    pan = Pan(lambda time_s: weight_g, imperfections)
    return [pan.shown_g(float(time_s)) for time_s in times_s]


def test_noise_has_the_deviation_asked_for_and_is_the_same_again_with_the_same_seed():
    noisy = Imperfections(resolution_g=1e-6, noise_g=0.001, seed=3)
    values = shown(noisy)
    mean_g = sum(values) / len(values)
    deviation_g = (sum((each - mean_g) ** 2 for each in values) / len(values)) ** 0.5
    assert mean_g == pytest.approx(10, abs=0.0002)
    assert deviation_g == pytest.approx(0.001, rel=0.1)
    assert shown(noisy) == values
    assert shown(Imperfections(resolution_g=1e-6, noise_g=0.001, seed=4)) != values


def test_drift_adds_and_evaporation_takes():
    creeping = Imperfections(drift_g_h=0.5, evaporation_g_h=0.2)
    assert shown(creeping, times_s=[0, 36000]) == pytest.approx([10, 13])


def test_weights_come_in_steps_of_the_resolution():
    assert shown(Imperfections(resolution_g=0.5), 10.3, [0]) == [10.5]
