# SPDX-License-Identifier: MIT
"""What the firmware takes of each board, and that the page of the boards says the same."""

import pytest

from host_tests.bench.test_fetch import uf2_of
from pumpbench.__main__ import main
from pumpbench.boards import catalog
from pumpbench.images import image, sizes
from pumpbench.images.flashfiles import read_files
from pumpbench.targets.emulator import heap

TOLERANCE = 0.02
PAGE = catalog.BOARDS_DIR / sizes.PAGE


def rows_of(table):
    """Board -> its cells, of the lines of a table."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {name: cells for name, *cells in rows[2:]}


def number(cell):
    return None if cell == sizes.UNKNOWN else int(cell.replace(" ", ""))


def on_the_page(text):
    return text.partition(sizes.BEGIN)[2].partition(sizes.END)[0]


def test_the_page_has_the_sizes_of_what_is_built_now():
    told = rows_of(on_the_page(PAGE.read_text()))
    assert list(told) == catalog.board_names()
    for name, cells in told.items():
        found = [number(cell) for cell in cells]
        _, *true = sizes.measure(name)
        assert len(found) == len(true)
        for a, b in zip(found, true, strict=True):
            assert a == (b and pytest.approx(b, rel=TOLERANCE)), f"make sizes: {name}, {cells}"


@pytest.mark.parametrize("name", ["RPI_PICO", "RPI_PICO_W"])
def test_the_uf2_is_that_of_micropython_and_what_the_pump_adds(name, tmp_path):
    micropython = tmp_path / "micropython.uf2"
    micropython.write_bytes(uf2_of(40))
    added = sizes.measure(name).uf2
    assert added is not None
    assert len(image.build_uf2(name, micropython)) == 40 * 512 + added


def test_the_files_and_what_they_leave_free_are_those_of_the_image():
    found = sizes.measure("RPI_PICO")
    content = image.build_image("RPI_PICO")
    assert found.filesystem == len(content)
    files = read_files(content)
    assert found.files == len(files)
    assert found.package == sum(len(data) for path, data in files.items() if path.endswith(".mpy"))
    # a file of 100 blocks takes them, and what LittleFS needs to list them
    larger = image.pack(image.board_files("RPI_PICO") | {"/extra": bytes(100 * image.BLOCK_BYTES)})
    assert found.free is not None
    assert 100 <= (found.free - sizes._free(larger)) / image.BLOCK_BYTES <= 102


def test_a_board_whose_filesystem_is_not_known_has_the_sizes_that_are():
    found = sizes.measure("RPI_PICO2")
    assert found[1:3] == sizes.measure("RPI_PICO")[1:3]
    assert found[3:] == (None, None, None)
    assert rows_of(sizes.table([found]))["RPI_PICO2"][2:] == [sizes.UNKNOWN] * 3


def test_the_command_prints_the_table_and_a_page_gets_nothing_but_that(tmp_path, capsys):
    page = tmp_path / sizes.PAGE
    page.write_text(f"before\n{sizes.BEGIN}| old |\n{sizes.END}after\n")
    table = sizes.table([sizes.measure(name) for name in catalog.board_names()])
    assert main(["sizes"]) == 0
    assert capsys.readouterr().out.startswith(table)
    assert sizes.written(table, page)
    assert page.read_text() == f"before\n{sizes.BEGIN}{table}{sizes.END}after\n"
    assert not sizes.written(table, page)


def test_a_page_without_a_place_for_the_table_is_told_and_stays(tmp_path):
    page = tmp_path / sizes.PAGE
    page.write_text("before\nafter\n")
    with pytest.raises(catalog.BoardError, match="made by make sizes"):
        sizes.written("| x |\n", page)
    assert page.read_text() == "before\nafter\n"


def test_the_free_memory_is_asked_of_an_emulated_board_only_where_it_is_wanted(
    tmp_path, monkeypatch, capsys
):
    asked = []

    def measure(version):
        asked.append(version)
        return heap.Heap([], 43_210, 0, 0)

    monkeypatch.setattr(heap, "measure", measure)
    path = tmp_path / "micropython.uf2"
    path.write_bytes(uf2_of(40))
    assert main(["sizes", "--micropython", str(path)]) == 0
    assert asked == []
    assert "free memory" not in capsys.readouterr().out
    assert main(["sizes", "--heap", "--micropython", str(path)]) == 0
    assert asked == [str(path)]
    told = capsys.readouterr().out.splitlines()
    added = sizes.measure("RPI_PICO").uf2
    assert added is not None
    assert f"{40 * 512 + added} bytes: the UF2 of RPI_PICO with {path.name}." in told
    assert told[-1].startswith("43210 bytes: free memory of RPI_PICO after boot")
