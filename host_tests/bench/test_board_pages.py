# SPDX-License-Identifier: MIT
"""The pages of the boards are those of their data; a board is added as the list of them says."""

import json
import shutil
import xml.etree.ElementTree as ET

import pytest

from host_tests.support.sessions.bench import Bench
from pumpbench.__main__ import main
from pumpbench.boards import catalog, pages
from pumpbench.boards.catalog import BOARDS_DIR, board_names, header_pins, load_board
from pumpbench.boards.pins import pin_number
from pumpbench.targets.sim import SimTarget


@pytest.mark.parametrize("name", board_names())
def test_the_page_and_the_drawing_are_those_of_the_data(name):
    for path, content in pages.pages(name).items():
        assert path.read_bytes() == content, f"make boards writes {path}"


@pytest.mark.parametrize("name", board_names())
def test_the_drawing_has_every_pin_with_its_place(name):
    folder = BOARDS_DIR / name
    drawn = "".join(ET.parse(folder / "wiring.svg").getroot().itertext())
    places = header_pins(folder)
    for function, pin in load_board(name).PINS.items():
        gpio = f"GP{pin_number(pin)}"
        assert function in drawn
        assert f"{gpio} ({places[gpio]})" in drawn


def test_the_list_of_boards_has_them_all():
    text = (BOARDS_DIR / "README.md").read_text()
    assert [name for name in board_names() if f"[{name}]({name}/README.md)" not in text] == []


def test_a_board_is_added_in_six_steps(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catalog, "BOARDS_DIR", tmp_path)
    monkeypatch.setattr(pages, "BOARDS_DIR", tmp_path)
    folder = tmp_path / "MY_BOARD"
    shutil.copytree(BOARDS_DIR / "RPI_PICO", folder)
    pins = [line for line in (folder / "pins.csv").read_text().splitlines() if "GP25" not in line]
    (folder / "pins.csv").write_text("\n".join(pins) + "\n")
    description = json.loads((folder / "board.json").read_text())
    description |= {"vendor": "Somebody", "product": "Tiny"}
    (folder / "board.json").write_text(json.dumps(description))
    assert main(["boards", "--pages"]) == 2  # the name, and the lamp that is not there
    told = capsys.readouterr().err
    assert "the board has no pin GP25" in told
    text = (folder / "board.py").read_text().replace('"lamp": "GP25"', '"lamp": "GP28"')
    (folder / "board.py").write_text(text.replace('NAME = "RPI_PICO"', 'NAME = "MY_BOARD"'))
    assert main(["boards", "--pages"]) == 0
    assert "MY_BOARD: Somebody Tiny with RP2040" in capsys.readouterr().out
    assert "| GP28 | pin 34 | lamp |" in (folder / "README.md").read_text()
    assert Bench(SimTarget("MY_BOARD")).pump.identity().board == "MY_BOARD"
