# SPDX-License-Identifier: MIT
"""MicroPython and the pump in one UF2: dragged onto an empty board, it runs."""

import struct

import pytest

from host_tests.support.boards.images import need_image
from host_tests.support.sessions.bench import Bench
from pumpbench.__main__ import main
from pumpbench.boards.catalog import board_names, filesystem_of
from pumpbench.images import image, uf2
from pumpbench.targets.emulator import EmulatorTarget

FLASH_BYTES = 2 * 1024 * 1024
FLASH_START = 0x1000_0000
MAGIC = b"UF2\n"


def blocks_of(content):
    assert len(content) % 512 == 0
    return [content[at : at + 512] for at in range(0, len(content), 512)]


def flash_of(content):
    """The flash of a chip that was empty and was given a UF2."""
    flash = bytearray(b"\xff" * FLASH_BYTES)
    for part in blocks_of(content):
        address, count = struct.unpack_from("<12xII", part)
        at = address - FLASH_START
        flash[at : at + count] = part[32 : 32 + count]
    return bytes(flash)


def block(address, number, count, byte):
    head = (0x0A324655, 0x9E5D5157, 0x2000, address, 256, number, count, 0xE48BFF56)
    return struct.pack("<8I", *head) + bytes([byte]) * 256 + bytes(220) + b"\x30\x6f\xb1\x0a"


def test_a_filesystem_is_joined_by_whole_sectors_that_are_not_empty():
    micropython = block(0x1000_0000, 0, 2, 1) + block(0x1000_0100, 1, 2, 2)
    files = bytes([3]) + b"\xff" * 4095 + b"\xff" * 4096 + bytes([4]) * 4096
    joined = uf2.joined(micropython, files, 0xA0000)
    found = blocks_of(joined)
    assert len(found) == 2 + 16 + 16
    for number, part in enumerate(found):
        assert part.startswith(MAGIC)
        assert part.endswith(b"\x30\x6f\xb1\x0a")
        assert struct.unpack_from("<5I", part, 12) == (
            *struct.unpack_from("<I", part, 12), 256, number, 34, 0xE48BFF56
        )  # fmt: skip
    flash = flash_of(joined)
    assert flash[:512] == bytes([1]) * 256 + bytes([2]) * 256
    assert flash[0xA0000 : 0xA0000 + len(files)] == files
    assert flash[0xA0000 + len(files) :].count(0xFF) == FLASH_BYTES - 0xA0000 - len(files)


@pytest.mark.parametrize("name", board_names())
def test_a_board_says_where_its_filesystem_lies_or_is_refused_in_a_sentence(name, capsys):
    if name in ("RPI_PICO", "RPI_PICO_W"):
        place = filesystem_of(name)
        assert place.start + place.size == FLASH_BYTES
        assert place.size % image.BLOCK_BYTES == 0
        return
    assert main(["uf2", "--board", name]) == 2
    assert "does not say where MicroPython has its filesystem" in capsys.readouterr().err


def test_another_board_wants_its_own_image_named(capsys):
    assert main(["uf2", "--board", "RPI_PICO_W", "--micropython", "1.22.0"]) == 2
    assert "MICROPYTHON=<path of a .uf2>" in capsys.readouterr().err


@pytest.mark.emulator
def test_an_empty_board_with_the_file_on_it_is_a_pump(tmp_path, request):
    version = request.config.getoption("--micropython")
    need_image(version)
    output = tmp_path / "pump.uf2"
    assert main(["uf2", "--micropython", version, "--output", str(output)]) == 0
    uf2.check(output)
    flash = flash_of(output.read_bytes())
    bench = Bench(EmulatorTarget(version=version, flash=flash))
    assert bench.pump.identity().board == "RPI_PICO"
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(1.0)
    assert bench.plant.edges.count >= 2
    assert bench.ask("SYST:STAT?;*TST?") == "RUNNING;0"
