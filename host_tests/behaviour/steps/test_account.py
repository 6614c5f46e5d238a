# SPDX-License-Identifier: MIT
"""The account through the console: what went out, of which kind, for sure and at most; events."""

import csv

import pytest

from host_tests.support.sessions.bench import STEP_NL
from pumpbench.client.lines import PumpError

A_STEP_ML = float(STEP_NL) / 1e6


def kinds(bench, since=""):
    """Kind -> mL."""
    fields = bench.ask(f"DEL:LEDG?{since}").split(",")
    return {name: float(ml) for name, ml in zip(fields[::2], fields[1::2], strict=True)}


def events(bench, first):
    """(number, boot, s, wall clock, code, text) of the events from a number on."""
    fields = next(csv.reader([bench.ask(f"LOG:READ? {first},16")]))
    return [tuple(fields[at : at + 6]) for at in range(0, len(fields), 6)]


def next_number(bench):
    """The number that the next event gets, once what is queued has been counted."""
    count, first = bench.ask("LOG:COUN?").split(",")
    return int(first) + int(count)


@pytest.fixture
def treated(bench):
    """A bench that has delivered basal and a bolus since a refill; and what it knew before."""
    bench.fill_line()
    bench.prescribe("24 ML/D")
    bench.run(1.2)
    bench.first = next_number(bench)
    bench.before = kinds(bench)
    bench.tell("RES:REF 10 ML")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(2)
    bench.tell("BOL:STAR 5 UG,5 S")
    bench.run(8)
    bench.stop()
    return bench


@pytest.mark.chip_in_soak
def test_the_kinds_add_up_to_the_edges_in_life_and_since_the_refill(treated):
    edges_ml = treated.plant.edges.count * A_STEP_ML
    since = kinds(treated, " REF")
    assert sum(since.values()) == pytest.approx(edges_ml, abs=1e-5)
    assert since["CLINICIAN"] == pytest.approx(0.01, abs=1e-6)
    life = kinds(treated)
    for name, volume_ml in since.items():
        assert life[name] - treated.before[name] == pytest.approx(volume_ml, abs=3e-6)
    assert float(treated.ask("DEL:TOT? REF").split(",")[1]) == pytest.approx(edges_ml, abs=1e-5)


@pytest.mark.chip_in_soak
def test_with_the_power_on_the_interval_is_one_number(treated):
    least, most = (float(ml) for ml in treated.ask("DEL:INT?").split(","))
    total = float(treated.ask("DEL:TOT?").split(",")[1])
    assert least == total
    unsure_before = most - least  # what earlier cuts of this board have left unknown
    treated.tell("THER:STAR")
    treated.run(3)
    least, most = (float(ml) for ml in treated.ask("DEL:INT?").split(","))
    assert most - least == pytest.approx(unsure_before, abs=2e-6)
    treated.stop()


@pytest.mark.chip_in_soak
def test_every_change_is_an_event_numbered_and_timed_in_its_order(treated):
    treated.run(1.2)
    read = events(treated, treated.first)
    numbers = [int(event[0]) for event in read]
    assert numbers == list(range(treated.first, treated.first + len(read)))
    times_s = [float(event[2]) for event in read]
    assert times_s == sorted(times_s)
    told = [(event[4], event[5]) for event in read]
    texts = [text for _, text in told]
    wanted = ["RES:REF 10 ML", "THER:STAR", "STARTED RUNNING", "BOL:STAR 5 UG", "DOSE_BEGAN"]
    wanted += ["DOSE_ENDED", "THER:STOP", "STOPPED"]
    places = [next(i for i, text in enumerate(texts) if want in text) for want in wanted]
    assert places == sorted(places)
    ended = next(text for code, text in told if code == "406")
    assert ended.split()[2:] == ["CLINICIAN", "5.000", "COMPLETED"]


@pytest.mark.chip_in_soak
def test_a_number_that_is_not_there_yet_reads_as_none(bench):
    assert bench.ask(f"LOG:READ? {next_number(bench) + 1000},1") == "NONE"


@pytest.mark.chip_in_soak
@pytest.mark.parametrize(
    "line", ["LOG:READ? 1,0", "LOG:READ? 1,17", "LOG:READ? 1", "LOG:READ? 1.5,1"]
)
def test_a_log_is_read_in_small_pieces(bench, line):
    with pytest.raises(PumpError):
        bench.pump.tell(line)
    assert bench.ask("*OPC?") == "1"
