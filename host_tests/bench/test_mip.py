# SPDX-License-Identifier: MIT
"""The pump as a package of mpremote's mip: mpremote's own code installs it.

The board is the simulated one, which does not run meanwhile: its `os`, `open` and LittleFS are
used. One test boots a board that was installed like that.
"""

import json
import shlex
import subprocess
import sys
from importlib.metadata import version

import pytest
from mpremote.main import argparse_mip
from mpremote.mip import do_mip

from host_tests.support.boards.board_files import board
from host_tests.support.console.alarm_answers import shown
from pump.hal import files as hal_files
from pumpbench.__main__ import main
from pumpbench.client.lines import SerialLine
from pumpbench.client.pump import Pump
from pumpbench.images.flashfiles import read_files, without_file
from pumpbench.images.image import FOLDERS, MAIN, board_files, pack
from pumpbench.install import deploy, mip
from pumpbench.targets.sim import SimTarget, fake_io, fake_os

RECORDS_LOST = 308


class Board:
    """What mpremote talks to: the files of the board that is current. cut: after so many files."""

    def __init__(self, cut=None):
        self.written = []
        self._cut = cut
        self.transport = self

    def did_action(self):
        """mpremote tells its state that something was done."""

    def ensure_raw_repl(self):
        """mpremote asks for a REPL."""

    def fs_exists(self, path):
        try:
            fake_os.stat(path)
        except OSError:
            return False
        return True

    def fs_mkdir(self, path):
        fake_os.mkdir(path)

    def fs_writefile(self, path, content, progress_callback=None):
        if len(self.written) == self._cut:
            raise ConnectionError
        with fake_io.open(path, "wb") as file:
            file.write(content)
        self.written.append("/" + path.lstrip("/"))


def bare():
    """The flash of a board with MicroPython alone."""
    flash = pack({})
    for folder in FOLDERS:
        flash = without_file(flash, folder)
    return flash


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    path = tmp_path_factory.mktemp("mip") / "RPI_PICO" / mip.PACKAGE
    assert main(["mip", "--board", "RPI_PICO", str(path.parent)]) == 0
    return path


def installed(package, cut=None):
    """(paths written, in order; flash) of a bare board after the command that is told."""
    words = shlex.split(mip.COMMAND.format(port="a1", package=package))
    assert words[:4] == ["mpremote", "connect", "a1", "mip"]
    there = Board(cut)
    with board(bare()) as flash:
        try:
            do_mip(there, argparse_mip().parse_args(words[4:]))
        except ConnectionError:
            assert cut is not None
        return there.written, bytes(flash.content)


def test_what_mip_installs_is_what_the_board_is_to_have_and_main_comes_last(package):
    written, flash = installed(package)
    unborn = [f"{folder}/{mip.UNBORN}" for folder in FOLDERS]
    assert read_files(flash) == board_files("RPI_PICO") | dict.fromkeys(unborn, b"")
    assert written[:3] == unborn
    assert written[-1] == MAIN
    assert len(written) == len(set(written))


def test_the_package_names_its_version_and_needs_no_other(package):
    about = json.loads(package.read_text())
    assert (about["version"], about["deps"]) == (version("pumpbench"), [])
    for _, source in about["urls"]:
        assert (package.parent / source).is_file(), source


@pytest.mark.parametrize("cut", [0, 2, 10, -1])
def test_an_installation_that_is_cut_leaves_a_board_at_its_repl(package, cut):
    count = len(json.loads(package.read_text())["urls"])
    written, flash = installed(package, cut % count)
    assert len(written) == cut % count
    assert MAIN not in read_files(flash)


@pytest.mark.slow
def test_a_pump_that_was_installed_is_a_new_one_and_its_records_take_the_places(package):
    _, flash = installed(package)
    target = SimTarget(flash=flash)
    pump = Pump(target)
    assert RECORDS_LOST not in shown(pump.ask("ALAR:ACT?"))
    pump.tell("RES:REF 18 ML")
    target.run(5)
    after = read_files(target.flash)
    assert not [path for path in after if path.endswith(mip.UNBORN)]
    assert {"/data/setup.0", "/copy/setup.1"} <= after.keys()


@pytest.mark.slow
def test_without_the_files_in_the_folders_of_the_records_it_would_say_that_they_are_lost(package):
    _, flash = installed(package)
    for folder in FOLDERS:
        flash = without_file(flash, f"{folder}/{mip.UNBORN}")
        flash = without_file(flash, folder)
    assert shown(Pump(SimTarget(flash=flash)).ask("ALAR:ACT?"))[RECORDS_LOST] == "ACTIVE"


def test_the_files_in_the_folders_have_the_name_of_a_file_that_is_not_born_yet():
    assert mip.UNBORN == hal_files._UNBORN


def test_the_command_is_told_with_the_path_of_what_was_written(tmp_path, capsys):
    assert main(["mip", str(tmp_path)]) == 0
    assert f"mip install --target / {tmp_path / mip.PACKAGE}\n" in capsys.readouterr().out


def test_a_board_that_there_is_not_is_one_sentence_and_nothing_is_written(tmp_path, capsys):
    assert main(["mip", "--board", "NO_SUCH", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.emulator
def test_a_bare_emulated_board_is_installed_by_mpremote_and_is_a_new_pump(package, serve_files):
    port = str(serve_files(bare())[0])
    words = shlex.split(mip.COMMAND.format(port=port, package=package))
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    deploy.restart(port)
    assert deploy.wait_until_up(port).board == "RPI_PICO"
    with SerialLine(port) as line:
        pump = Pump(line, timeout_s=60)
        assert pump.ask("*TST?") == "0"
        assert RECORDS_LOST not in shown(pump.ask("ALAR:ACT?"))
