# SPDX-License-Identifier: MIT
"""Public names are short on a board, the same in every module, and never those of others."""

import ast

import pytest

from pumpbench.images.image import FIRMWARE, board_files
from pumpbench.shrink.public import public_names, renamed

PUMP = "class Pump:\n    def deliver(self, volume_nl):\n        self.volume_nl = volume_nl\n"
USER = "from pump.a import Pump as Machine\nmachine = Machine()\nmachine.deliver(volume_nl=7)\n"


def short(modules, *outside):
    names = public_names(modules, outside)
    return names, {
        name: ast.unparse(renamed(ast.parse(text), names)) for name, text in modules.items()
    }


def test_one_name_is_the_same_short_one_in_every_module():
    names, texts = short({"pump.a": PUMP, "pump.b": USER})
    assert {"Pump", "deliver", "volume_nl"} <= names.keys()
    space = {}
    exec(texts["pump.a"], space)
    exec("\n".join(texts["pump.b"].splitlines()[1:]), space | {"Machine": space[names["Pump"]]})
    assert f"import {names['Pump']} as " in texts["pump.b"]
    assert "deliver" not in texts["pump.b"]


@pytest.mark.parametrize(
    ("module", "source", "kept"),
    [
        ("pump.hal.rp2", "def active(): pass\ndef show(pin): return pin.active()\n", "active"),
        ("pump.a", "import time\ndef sleep_ms(): return time.sleep_ms(1)\n", "sleep_ms"),
        ("pump.a", "from struct import unpack\ndef unpack(): pass\n", "unpack"),
        ("pump.a", "def append(): pass\n", "append"),
        ("pump.a", "def close(): pass\n", "close"),
        ("pump.a", "def flow(): pass\nNAME = 'flow'\n", "flow"),
        ("pump.flow", "def flow(): pass\n", "flow"),
        ("pump.a", "def __init__(self): pass\n", "__init__"),
    ],
)
def test_what_others_may_know_keeps_its_name(module, source, kept):
    assert kept not in short({module: source})[0]


def test_what_main_and_the_boards_use_keeps_its_name():
    assert "deliver" not in short({"pump.a": PUMP}, "pump.deliver()")[0]


def test_no_two_names_become_one_and_none_that_is_there():
    names, _ = short({"pump.a": PUMP + "A = B = 1\n"})
    assert len(set(names.values())) == len(names)
    assert not {"A", "B"} & set(names.values())


@pytest.mark.slow
def test_a_main_that_is_none_of_the_firmware_stays_as_it_is():
    main = "import rp2\nlog = rp2.DMA()\nlog.deliver(volume_nl=1)\nlog.started()\n"
    assert board_files("RPI_PICO", main=main)["/main.py"] == main.encode()


@pytest.mark.slow
def test_the_boards_main_is_the_one_that_is_read_here():
    assert board_files("RPI_PICO")["/main.py"] == (FIRMWARE / "main.py").read_bytes()


@pytest.mark.slow
def test_a_main_of_ones_own_finds_the_names_that_the_board_has():
    main = board_files("RPI_PICO", main="from pump.supervisor import Supervisor\n")["/main.py"]
    assert b"Supervisor" not in main
