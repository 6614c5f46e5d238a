# SPDX-License-Identifier: MIT
"""The firmware onto a board: over a stopped pump, never over a delivering one."""

import binascii
import contextlib
import os
import pickle
import random
import subprocess
import sys
import threading
import tty
from pathlib import Path

import pytest
from mpremote.transport_serial import SerialTransport

from pumpbench.__main__ import main
from pumpbench.client.lines import SerialLine
from pumpbench.client.pump import Pump
from pumpbench.images.image import FIRMWARE, FOLDERS, SUMS, board_files, compiled, sums
from pumpbench.install.deploy import (
    DeployError,
    deploy,
    has_already,
    put,
    restart,
    wait_until_up,
)

OLD_PINS_SOURCE = (FIRMWARE / "pump" / "hal" / "pins.py").read_text() + 'OLDER = "OLDER"\n'

OLD = {
    "/pump/app.mpy": b"old",
    "/pump/same.mpy": b"same",
    "/pump/stale.py": b"",
    "/pump/sub/stale.mpy": b"",
    "/ledger": b"not the firmware's",
}
NEW = {
    "/board.py": b"NAME = 'RPI_PICO'\n",
    "/pump/app.mpy": b"new",
    "/pump/same.mpy": b"same",
    "/pump/console/lines.mpy": bytes(range(256)) * 5,
}


def folders_on(port: str) -> set[str]:
    """The folders of the root of the board at `port`, which is left at its REPL."""
    transport = SerialTransport(port, timeout=10)
    transport.enter_raw_repl(soft_reset=False)
    found = {f"/{entry.name}" for entry in transport.fs_listdir("/") if entry.st_mode & 0x4000}
    transport.exit_raw_repl()
    transport.close()
    return found


def files_on(port: str) -> dict[str, bytes]:
    """What is on the board at `port`, which is left at its REPL."""
    transport = SerialTransport(port, timeout=10)
    transport.enter_raw_repl(soft_reset=False)
    names = ["/main.py", *OLD, *NEW]
    paths = [f"{slot}{name}" for slot in ("", "/a", "/b") for name in names]
    found = {
        path: bytes(transport.fs_readfile(path)) for path in paths if transport.fs_exists(path)
    }
    transport.exit_raw_repl()
    transport.close()
    return found


@pytest.mark.emulator
def test_a_delivering_pump_is_left_alone_and_a_stopped_one_gets_the_files(serve_files, fake_pump):
    port = str(serve_files({"/main.py": fake_pump, **OLD})[0])
    new = {**NEW, "/main.py": fake_pump.replace(b"0.0.0", b"0.0.1")}
    with SerialLine(port) as line:
        line.write(b"THER:STAR\n")
    with pytest.raises(DeployError, match="delivering"):
        put(new, port)
    with SerialLine(port) as line:
        assert Pump(line).state() == "RUNNING"
        line.write(b"THER:STOP\n")

    written = put(new, port)

    assert set(written) == {f"/a{path}" for path in new if path != "/pump/same.mpy"}
    with SerialLine(port) as line:
        assert Pump(line, timeout_s=10).identity().version == "0.0.1"
        line.write(b"SYST:SERV\n")
    old = {"/main.py": fake_pump, **OLD}
    assert files_on(port) == {**old, **{f"/a{path}": data for path, data in new.items()}}


@pytest.mark.emulator
def test_a_board_with_a_bare_repl_gets_the_files_and_only_once(serve_files):
    port = str(serve_files({})[0])
    files = {"/main.py": b"print('main runs')\n", "/pump/app.mpy": b"new"}
    there = {f"/a{path}": data for path, data in files.items()}
    assert put(files, port) == sorted(there)
    assert files_on(port) == there
    assert folders_on(port) == {*FOLDERS, "/a"}


@pytest.mark.emulator
def test_the_firmware_itself_is_asked_updated_and_comes_back_stopped(serve_files):
    older = board_files("RPI_PICO")
    older["/pump/hal/pins.mpy"] = compiled(OLD_PINS_SOURCE, "pump.hal.pins")
    older[SUMS] = sums(older)
    port = str(serve_files(older)[0])
    with SerialLine(port) as line:
        pump = Pump(line, timeout_s=60)
        pump.identity()
        pump.tell("MOT:JOG 100,10")
    with pytest.raises(DeployError, match="delivering"):
        deploy("RPI_PICO", port)
    with SerialLine(port) as line:
        pump = Pump(line, timeout_s=60)
        assert pump.state() == "RUNNING"
        pump.tell("THER:STOP")

    done = deploy("RPI_PICO", port)
    assert done.written == ["/a/pump/hal/pins.mpy", f"/a{SUMS}"]
    assert done.identity[:2] == ("ITB-Pump", "RPI_PICO")

    with SerialLine(port) as line:
        pump = Pump(line, timeout_s=60)
        assert pump.identity().model == "ITB-Pump"
        assert pump.state() == "STOPPED"
        assert pump.ask("DEL:STEP?") == "0,0,0,0"

        pump.tell("MOT:JOG 500,10")
    again = deploy("RPI_PICO", port)  # the same: it goes on, and did not start anew
    assert again == ([], done.identity)
    with SerialLine(port) as line:
        pump = Pump(line, timeout_s=60)
        assert pump.state() == "RUNNING"
        assert int(pump.ask("DEL:STEP?").split(",")[0]) > 0


PLAIN = {SUMS: b"sums"}
HAS_IT = f"{binascii.crc32(PLAIN[SUMS]):08X}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "tested", "has_it"),
    [
        (HAS_IT, "0", True),
        (HAS_IT, "208", False),  # a file is not what was put there
        ("00000000", "0", False),
        (None, "0", False),  # an older firmware does not know the question
    ],
)
def test_a_pump_that_has_the_program_already_is_known_by_its_sums(
    pump_that_answers, program, tested, has_it, monkeypatch
):
    # for all of which nobody answers
    monkeypatch.setattr("pumpbench.install.deploy.IN_STEP_S", 1.0)
    answers = {"*TST?": tested} | ({"SYST:PROG?": program} if program else {})
    identity = has_already(PLAIN, pump_that_answers(answers))
    assert (identity is not None and identity.model == "ITB-Pump") == has_it


@pytest.mark.slow
def test_a_pump_that_is_frozen_into_its_image_is_told_and_goes_on(board):
    """The firmware of a simulated board is no files."""
    with SerialLine(board.port) as line:
        Pump(line).tell("MOT:JOG 500,10")
    with pytest.raises(DeployError, match="frozen into the image; files would not be used"):
        deploy("RPI_PICO", board.port)
    with SerialLine(board.port) as line:
        assert Pump(line).state() == "RUNNING"


@pytest.mark.emulator
def test_files_for_another_board_are_not_written(serve_files):
    port = str(serve_files({})[0])
    with pytest.raises(DeployError, match=r"Pico with RP2040, RPI_PICO; RPI_PICO2 is a .*RP2350"):
        put({"/main.py": b"1"}, port, "RPI_PICO2")
    with pytest.raises(DeployError, match="Pico with RP2040, RPI_PICO; RPI_PICO_W is a"):
        put({"/main.py": b"1"}, port, "RPI_PICO_W")
    assert files_on(port) == {}


def a_program(fake_pump: bytes, version: bytes, **answers: str) -> dict[str, bytes]:
    """Files that answer as the pump does."""
    files = {"/main.py": fake_pump, SUMS: b"sums of " + version}
    known = {"SYST:PROG?": f"{binascii.crc32(files[SUMS]):08X}", "*TST?": "0"} | answers
    more = f"answers.update({ {query.encode(): text for query, text in known.items()} })\npoll ="
    text = fake_pump.replace(b"0.0.0", version).replace(b"poll =", more.encode(), 1)
    return {**files, "/main.py": text}


def version_at(port: str) -> str:
    with SerialLine(port) as line:
        return Pump(line, timeout_s=10).identity().version


@pytest.mark.hazard("program-replaced")
@pytest.mark.emulator
def test_a_program_that_does_not_pass_is_tried_once_and_the_one_before_runs_again(
    serve_files, fake_pump, monkeypatch
):
    monkeypatch.setattr("pumpbench.install.deploy.UP_S", 15.0)
    port = str(serve_files(a_program(fake_pump, b"0.0.1"))[0])

    def deploying(files):
        monkeypatch.setattr("pumpbench.install.deploy.board_files", lambda _board: files)
        return deploy("RPI_PICO", port)

    before = r"\nThe program before runs again: ITB-Pump,RPI_PICO,\w+,0\.0\.1\.$"
    with pytest.raises(DeployError, match=r"self-test of the new program finds 208\." + before):
        deploying(a_program(fake_pump, b"0.0.2", **{"*TST?": "208"}))
    assert version_at(port) == "0.0.1"

    mute = a_program(fake_pump, b"0.0.3")
    mute["/main.py"] = mute["/main.py"].replace(b"SYST:PROG?", b"SYST:NONE?")
    with pytest.raises(DeployError, match=r"does not say whether it is well: .*" + before):
        deploying(mute)
    assert version_at(port) == "0.0.1"

    # for all of which this one is waited for
    monkeypatch.setattr("pumpbench.install.deploy.UP_S", 6.0)
    broken = {"/main.py": b"import time\nraise ValueError('broken')\n", SUMS: b"3"}
    said = r"(?s)does not come up\. It says:\nTraceback.*ValueError: broken"
    with pytest.raises(DeployError, match=said + before):
        deploying(broken)
    assert version_at(port) == "0.0.1"


@pytest.mark.emulator
def test_a_board_that_had_no_program_is_told_what_keeps_one_from_coming_up(
    serve_files, monkeypatch
):
    port = str(serve_files({})[0])
    monkeypatch.setattr("pumpbench.install.deploy.UP_S", 3.0)
    files = {"/main.py": b"raise ValueError('broken')\n", SUMS: b"3"}
    monkeypatch.setattr("pumpbench.install.deploy.board_files", lambda _board: files)
    with pytest.raises(DeployError, match=r"(?s)ValueError: broken\nSwitch the board off"):
        deploy("RPI_PICO", port)


@pytest.mark.emulator
def test_a_pump_on_another_board_goes_on(serve_files, fake_pump):
    port = str(serve_files({"/main.py": fake_pump})[0])
    with pytest.raises(DeployError, match="RPI_PICO2 is a"):
        put({"/main.py": b"1"}, port, "RPI_PICO2")
    with SerialLine(port) as line:
        assert Pump(line).identity().version == "0.0.0"


def answering(port, text):
    """Answers each line at the other end of a terminal; what it was sent."""
    heard = bytearray()

    def run():
        while True:
            try:
                data = os.read(port, 100)
            except OSError:
                return  # the terminal is closed
            heard.extend(data)
            if b"\n" in data:
                os.write(port, text)

    threading.Thread(target=run, daemon=True).start()
    return heard


def test_another_instrument_is_told_by_its_name_and_left_alone():
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    heard = answering(ours, b"ACME,PSU-3,17,1.0\r\n")
    with pytest.raises(DeployError, match=r"answers 'ACME,PSU-3,17,1\.0', which is no pump"):
        put({"/main.py": b"1"}, os.ttyname(theirs))
    assert heard == b"\r\n*IDN?\r\n"
    os.close(ours)
    os.close(theirs)


def one_sentence(text: str) -> str:
    assert text.count("\n") == 1
    return text


def test_a_port_that_is_not_there_is_one_sentence_and_status_2(capsys):
    assert main(["repl", "--port", "/dev/no-such-port"]) == 2
    assert "/dev/no-such-port" in one_sentence(capsys.readouterr().err)


def test_no_port_at_all_is_one_sentence_and_status_2(capsys):
    assert main(["repl", "--port", ""]) == 2
    assert "PORT=" in one_sentence(capsys.readouterr().err)


PUT = """
import pickle, sys
from pumpbench.install.deploy import put
put(pickle.load(open(sys.argv[2], "rb")), sys.argv[1], "RPI_PICO")
"""


def killed_after(port: str, path: Path, seconds: float) -> None:
    """Begin to deploy the files that are pickled there, and kill that."""
    process = subprocess.Popen([sys.executable, "-c", PUT, port, str(path)])
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    process.wait()


@pytest.mark.hazard("program-replaced")
@pytest.mark.emulator
@pytest.mark.parametrize("count", [2, pytest.param(50, marks=pytest.mark.long)])
def test_a_deployment_that_is_killed_leaves_a_program_that_runs(
    serve_files, fake_pump, tmp_path, seed, count
):
    chance = random.Random(seed)
    port = str(serve_files(a_program(fake_pump, b"0.0.1"))[0])
    (tmp_path / "files").write_bytes(
        pickle.dumps(
            {**a_program(fake_pump, b"0.0.2"), "/pump/long.mpy": chance.randbytes(30_000)}
        )
    )
    for _ in range(count):
        killed_after(port, tmp_path / "files", chance.uniform(0.5, 12))
        restart(port)  # as somebody does who finds a board that stands still
        assert wait_until_up(port).version in ("0.0.1", "0.0.2")
    killed_after(port, tmp_path / "files", 60)  # at last it is let through
    assert wait_until_up(port).version == "0.0.2"
