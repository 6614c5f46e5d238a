# SPDX-License-Identifier: MIT
"""What a host sets is written once a cycle, and told when it is in flash."""

import json

import pytest

from host_tests.support.flash.copies import path_of
from host_tests.support.sessions.bench import Bench
from pumpbench.images.flashfiles import read_files
from pumpbench.targets.sim import SimTarget

LINES = 80
MOST = 10  # writes: a cycle takes 320 bytes, less where it writes events in between
LEVELS = [f"{1 + place / 100:.2f}" for place in range(LINES)]


def written(target):
    """How often the setup was."""
    text = read_files(target.flash)[path_of("setup", 0)].split(b" ", 1)[1]
    return json.loads(text)[2]


@pytest.mark.parametrize("mark", ["\n", ";:"], ids=["lines", "messages"])
def test_settings_that_come_together_are_written_together(mark):
    bench = Bench(SimTarget())
    bench.tell("RES:REF 20 ML")
    before = written(bench.target)
    lines = [f"RES:LOW {level} ML" for level in LEVELS]
    chunks = [mark.join(lines[at : at + 10]) + "\n" for at in range(0, LINES, 10)]
    bench.target.write("".join(chunks).encode())
    bench.run(1)
    assert bench.ask("RES:LOW?;:SYST:ERR?") == f'{LEVELS[-1]}0000;0,"No error"'
    assert 0 < written(bench.target) - before <= MOST
    assert int(bench.ask("LOG:COUN?").split(",")[0]) > LINES


@pytest.mark.parametrize(
    "line", ["RES:LOW 3 ML;LOW?", "RES:LOW?;LOW 3 ML", "RES:LOW 3 ML\nRES:LOW?"]
)
def test_an_answer_comes_when_what_was_set_before_it_is_in_flash(line):
    bench = Bench(SimTarget())
    bench.tell("RES:REF 20 ML")
    bench.target.write(line.encode() + b"\n")
    bench.target.run_until(lambda: b"000" in bench.target.output, 1, 0.0001)
    again = Bench(SimTarget(flash=bench.target.flash))
    assert again.ask("RES:LOW?") == "3.000000"


def test_an_alarm_that_a_setting_makes_is_there_for_the_next_query_of_the_message():
    bench = Bench(SimTarget())
    bench.tell("RES:REF 9 ML;:RES:LOW 2 ML")
    assert bench.ask("ALAR:ACT?;:RES:LOW 10 ML;:ALAR:ACT?").split(";")[1].startswith("305,")
