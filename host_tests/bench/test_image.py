# SPDX-License-Identifier: MIT
"""The files of a board and the filesystem image that holds them."""

import binascii

import pytest
from littlefs import LittleFS, UserContext

from pumpbench.__main__ import main
from pumpbench.images import image

PORTS = {"RPI_PICO": "rp2", "ESP32_GENERIC": "esp32"}


def mounted(content: bytes) -> LittleFS:
    context = UserContext(buffsize=len(content))
    context.buffer[:] = content
    filesystem = LittleFS(context=context, block_size=4096, block_count=352, mount=False)
    filesystem.mount()
    return filesystem


def read(filesystem: LittleFS, path: str) -> bytes:
    with filesystem.open(path, "rb") as file:
        return file.read()


def test_the_image_holds_boot_main_board_and_the_compiled_package():
    filesystem = mounted(image.build_image("RPI_PICO"))
    assert read(filesystem, "/boot.py") == (image.FIRMWARE / "boot.py").read_bytes()
    assert read(filesystem, "/main.py") == (image.FIRMWARE / "main.py").read_bytes()
    assert read(filesystem, "/board.py").startswith(b"# SPDX-License-Identifier: MIT")
    found = {
        f"{folder}/{name}".removeprefix("/")
        for folder, _, names in filesystem.walk("/pump")
        for name in names
        if name != "sums.txt"
    }
    assert found == image.package().keys()
    rooms = {"pump/prescription/__init__.mpy", "pump/therapy/__init__.mpy"}
    assert {"pump/app.mpy", "pump/vocabulary.mpy"} | rooms <= found


@pytest.mark.slow
def test_the_image_holds_the_sum_of_each_of_its_files():
    files = image.board_files("RPI_PICO", extra_files={"/board.py": b"NAME = 'X'"})
    lines = files[image.SUMS].decode().splitlines()
    listed = {f"/{line[9:]}": int(line[:8], 16) for line in lines}
    program = {path: data for path, data in files.items() if path not in (image.SUMS, image.BOOT)}
    assert listed == {path: binascii.crc32(data) for path, data in program.items()}


def test_a_board_gets_the_files_of_its_port_and_of_no_other():
    hal = {
        board: {path for path in image.board_files(board) if "/hal/" in path} for board in PORTS
    }
    for board, port in PORTS.items():
        others = {f"/pump/hal/{other}" for other in PORTS.values() if other != port}
        assert f"/pump/hal/{port}.mpy" in hal[board]
        assert "/pump/hal/board_io.mpy" in hal[board]
        assert not [path for path in hal[board] if path.startswith(tuple(others))]


def test_the_image_has_the_size_and_the_disk_version_that_micropython_1_21_mounts():
    content = image.pack({"/main.py": b""})
    assert len(content) == 352 * 4096
    assert mounted(content).fs_stat().disk_version == 0x0002_0000


@pytest.mark.slow
def test_bytecode_is_portable_and_names_its_source_as_import_does():
    code = image.package()["pump/app.mpy"]
    assert code[:1] == b"M"
    assert code[1] == 6  # the bytecode version of MicroPython 1.20 to 1.29
    assert code[2] >> 2 == 0  # no native code
    assert b"pump.app\0" in code
    assert b"app.py" not in code
    assert str(image.ROOT).encode() not in code


def test_a_file_with_a_syntax_error_is_named_with_its_line(tmp_path):
    source = tmp_path / "broken.py"
    source.write_text("x = 1\ny = = 2\n")
    with pytest.raises(SyntaxError, match=r"broken\.py.*line 2.*SyntaxError"):
        image.read_source(source)


@pytest.mark.slow
def test_another_main_and_further_files_take_their_places():
    files = image.board_files("RPI_PICO", "print(1)\n", {"/lib/extra.py": b"x = 1\n"})
    assert files["/main.py"] == b"print(1)\n"
    assert files["/lib/extra.py"] == b"x = 1\n"


def test_the_same_files_make_the_same_image():
    files = {"/main.py": b"print(1)\n", "/lib/pump/a.py": b"a = 1\n"}
    assert image.pack(files) == image.pack(files)


def test_a_missing_board_is_one_sentence_and_status_2(capsys, tmp_path):
    assert main(["image", "--board", "NO_SUCH", "--output", str(tmp_path / "x.img")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "NO_SUCH" in error
    assert "RPI_PICO" in error


@pytest.mark.slow
def test_the_command_writes_the_image_where_it_is_told(capsys, tmp_path):
    path = tmp_path / "deep" / "x.img"
    assert main(["image", "--board", "RPI_PICO", "--output", str(path)]) == 0
    assert path.stat().st_size == 352 * 4096
    assert str(path) in capsys.readouterr().out


@pytest.mark.slow
def test_constants_that_another_main_imports_are_put_in():
    main = "from pump.records.event_codes import RESET\nfrom pump.app import App\nprint(RESET)\n"
    text = image.board_files("RPI_PICO", main)["/main.py"].decode()
    assert text == "from pump.app import App\nprint(401)"
