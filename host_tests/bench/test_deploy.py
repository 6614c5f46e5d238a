# SPDX-License-Identifier: MIT
"""The firmware onto a board: over a stopped pump, never over a delivering one."""

import pytest
from mpremote.transport_serial import SerialTransport

from pumpbench.__main__ import main
from pumpbench.client import Pump, SerialLine
from pumpbench.deploy import DeployError, deploy, put
from pumpbench.image import FIRMWARE, SUMS, board_files, compiled, sums

OLD_PINS_SOURCE = (FIRMWARE / "pump" / "hal" / "pins.py").read_text() + 'OLDER = "OLDER"\n'

OLD = {
    "/lib/pump/app.mpy": b"old",
    "/lib/pump/same.mpy": b"same",
    "/lib/pump/stale.py": b"",
    "/lib/pump/sub/stale.mpy": b"",
    "/ledger": b"not the firmware's",
}
NEW = {
    "/board.py": b"NAME = 'RPI_PICO'\n",
    "/lib/pump/app.mpy": b"new",
    "/lib/pump/same.mpy": b"same",
    "/lib/pump/console/lines.mpy": bytes(range(256)) * 5,
}


def files_on(port: str) -> dict[str, bytes]:
    """What is on the board at `port`, which is left at its REPL."""
    transport = SerialTransport(port, timeout=10)
    transport.enter_raw_repl(soft_reset=False)
    paths = ["/main.py", *OLD, *NEW]
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

    assert set(written) == {"/main.py", "/board.py", "/lib/pump/app.mpy", *list(NEW)[3:]}
    assert written[-1] == "/main.py"
    with SerialLine(port) as line:
        assert Pump(line, timeout_s=10).identity().version == "0.0.1"
        line.write(b"SYST:SERV\n")
    assert files_on(port) == {**new, "/ledger": OLD["/ledger"]}


@pytest.mark.emulator
def test_a_board_with_a_bare_repl_gets_the_files_and_only_once(serve_files):
    port = str(serve_files({})[0])
    files = {"/main.py": b"print('main runs')\n", "/lib/pump/app.mpy": b"new"}
    assert put(files, port) == ["/lib/pump/app.mpy", "/main.py"]
    assert put(files, port) == []
    assert files_on(port) == files


@pytest.mark.emulator
def test_the_firmware_itself_is_asked_updated_and_comes_back_stopped(serve_files):
    older = board_files("RPI_PICO")
    older["/lib/pump/hal/pins.mpy"] = compiled(OLD_PINS_SOURCE, "pump.hal.pins")
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

    assert deploy("RPI_PICO", port) == ["/lib/pump/hal/pins.mpy", SUMS, "/main.py"]

    with SerialLine(port) as line:
        pump = Pump(line, timeout_s=60)
        assert pump.identity().model == "ITB-Pump"
        assert pump.state() == "STOPPED"
        assert pump.ask("DEL:STEP?") == "0,0,0,0"


def one_sentence(text: str) -> str:
    assert text.count("\n") == 1
    return text


def test_a_port_that_is_not_there_is_one_sentence_and_status_2(capsys):
    assert main(["repl", "--port", "/dev/no-such-port"]) == 2
    assert "/dev/no-such-port" in one_sentence(capsys.readouterr().err)


def test_no_port_at_all_is_one_sentence_and_status_2(capsys):
    assert main(["repl", "--port", ""]) == 2
    assert "PORT=" in one_sentence(capsys.readouterr().err)
