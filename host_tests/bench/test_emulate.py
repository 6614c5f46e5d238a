# SPDX-License-Identifier: MIT
"""The command `emulate`: terminals talk to the board that it serves; one board has one path."""

import signal
import subprocess
import sys

import pytest

from host_tests.bench.test_recipes import need_screen, use_miniterm, use_screen
from host_tests.support.boards.images import need_image
from pumpbench import Pump
from pumpbench.install.deploy import wait_until_up

pytestmark = pytest.mark.emulator

EMULATE = [sys.executable, "-m", "pumpbench", "emulate", "--link"]


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    """The console of a board that the command serves, up; one boot for all tests here."""
    need_image()
    path = str(tmp_path_factory.mktemp("emulate") / "pump.tty")
    process = subprocess.Popen([*EMULATE, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("RPI_PICO, MicroPython ")
    wait_until_up(path)
    yield path
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_miniterm_is_a_terminal_for_it(link):
    use_miniterm(link)


@need_screen
def test_screen_is_a_terminal_for_it(link, screens):
    use_screen(link)


def test_a_second_command_refuses_in_a_sentence_and_the_first_board_goes_on(link):
    second = subprocess.run([*EMULATE, link], capture_output=True, text=True, timeout=60)
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == f"{link} is the console of a board already; give another path\n"
    with Pump.open(link) as pump:
        assert pump.identity().board == "RPI_PICO"


def test_an_emulated_board_of_ones_own_says_who_it_is():
    need_image()
    with Pump.open("emulator") as pump:
        assert pump.ask("*IDN?").startswith("ITB-Pump,RPI_PICO,")
        assert pump.identity().model == "ITB-Pump"
