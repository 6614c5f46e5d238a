# SPDX-License-Identifier: MIT
"""An order that flash does not take changes nothing: every order, every file, once and for good.

What an order writes is found out by giving it, not listed: the n-th write of it fails, for each n.
A stop and an abort are the other way round: the motor stops first, whatever flash does.
"""

import pytest

from host_tests.support.errors import NOT_RECORDED
from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.orders import ORDERS, ready
from host_tests.support.sessions.therapy import HOUR_S, history, ledger_ml
from pump.hal.files import Files
from pumpbench.client.lines import PumpError
from pumpbench.targets.sim import SimTarget

MOST_WRITES = 12
SHOWN = (
    "PRES:ACT?",
    "THER:STAT?",
    "DEL:RATE?",
    "BOL:HIST? 32",
    "BOL:PAT?",
    "MOT:CAL?",
    "SYST:STAT?",
)


class Flash:
    """/data of a board, of which some writes fail."""

    def __init__(self, monkeypatch):
        self.writes = 0
        self._fails = lambda _number: False
        replace = Files.replace

        def counted(files, name, parts):
            self.writes += 1
            if self._fails(self.writes):
                raise OSError(28)
            return replace(files, name, parts)

        monkeypatch.setattr(Files, "replace", counted)

    def fail(self, nth, *, for_good):
        self.writes = 0
        self._fails = (
            (lambda number: number >= nth) if for_good else (lambda number: number == nth)
        )

    def mend(self):
        self._fails = lambda _number: False


@pytest.fixture
def flash(monkeypatch):
    return Flash(monkeypatch)


def shown(bench):
    """All that can be seen of the therapy, but for what time alone changes."""
    answers = [bench.ask(query) for query in SHOWN]
    patient = answers[4].split(",")
    answers[4] = (patient[0], patient[2], patient[3])  # a refused request is counted
    return answers


@pytest.mark.slow
@pytest.mark.hazard("refused-by-half")
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("name", ORDERS)
def test_an_order_that_flash_does_not_take_changes_nothing(name, for_good, flash, record_property):
    refused = 0
    for nth in range(1, MOST_WRITES):
        bench, order = ready(Bench(SimTarget()), name)
        before, delivers = shown(bench), rate_of(bench)
        flash.fail(nth, for_good=for_good)
        try:
            bench.tell(order)
            number = 0
        except PumpError as error:
            number = error.number
        is_over = flash.writes < nth  # all that it writes was written
        flash.mend()
        if number:
            assert number == NOT_RECORDED
            assert shown(bench) == before, nth
            assert rate_of(bench) == pytest.approx(delivers, rel=0.02)
            bench.tell(order.format())  # and now it can be given
            refused += 1
        if is_over:
            break
    assert refused
    record_property("measured", f"{name}: refused by flash at {refused} writes, changed nothing")


def rate_of(bench):
    """mL a day that come out."""
    before_nl = bench.plant.beaker.volume_nl
    bench.run(30)
    return float(bench.plant.beaker.volume_nl - before_nl) * 2880 / 1e6


@pytest.mark.hazard("refused-by-half")
def test_an_abort_ends_a_bolus_and_a_stop_the_therapy_whatever_flash_does(flash):
    bench, _ = ready(Bench(SimTarget()), "bolus")
    bench.tell("BOL:STAR 100 UG,10 HR")
    bench.run(150)
    flash.fail(1, for_good=True)
    bench.target.tell("BOL:ABOR")
    assert bench.ask("BOL:STAT?").startswith("NONE")
    assert history(bench, 1)[0][3] == "ABORTED"
    bench.target.tell("THER:STOP")
    edges = bench.plant.edges.count
    bench.run(60)
    assert bench.plant.edges.count == edges


@pytest.mark.slow
@pytest.mark.hazard("refused-by-half")
def test_a_bridge_that_was_refused_does_not_move_the_grid_of_periodic_doses(flash):
    bench, order = ready(Bench(SimTarget()), "bridge")
    flash.fail(1, for_good=True)
    with pytest.raises(PumpError):
        bench.tell(order)
    flash.mend()
    bench.tell("THER:STAR")
    bench.run(3 * HOUR_S + 900)
    assert ledger_ml(bench)["PERIODIC"] == pytest.approx(3 * 0.05)
