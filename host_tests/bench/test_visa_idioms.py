# SPDX-License-Identifier: MIT
"""What users of PyVISA write out of habit works at the port of a simulated board."""

import pytest
import pyvisa

pytestmark = pytest.mark.slow

ERROR_WAITS, MASTER_SUMMARY = 4, 64  # of the status byte


@pytest.fixture
def pump(board):
    manager = pyvisa.ResourceManager("@py")
    pump = manager.open_resource(f"ASRL{board.port}::INSTR", timeout=5000)
    pump.read_termination = pump.write_termination = "\n"
    pump.write("*CLS")
    yield pump
    pump.close()
    manager.close()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["LF", "CR", "CRLF"])
def test_what_is_written_may_end_in_lf_cr_or_both(pump, end):
    pump.write_termination = end
    for mask in (1, 36, 255):
        pump.write(f"*ESE {mask}")
        assert pump.query("*ESE?") == str(mask)
    assert pump.query("SYST:ERR:COUN?") == "0"
    assert pump.bytes_in_buffer == 0


def test_answers_of_numbers_are_read_as_values(pump):
    pump.write("MOT:CAL:PERR 0.2 ML")
    assert pump.query_ascii_values("MOT:CAL?") == [0.2]
    assert pump.query_ascii_values("DEL:STEP?", converter="d", container=tuple) == (0, 0, 0, 0)
    pump.write("MOT:JOG 0.01,60")
    commanded, emitted, _, queued = pump.query_ascii_values("DEL:STEP?", converter="d")
    assert commanded == emitted + queued == 32
    identity, state = pump.query_ascii_values("*IDN?;SYST:STAT?", converter="s", separator=";")
    assert identity.startswith("ITB-Pump,")
    assert state in ("RUNNING", "STOPPED")


def test_the_status_byte_is_asked_for_as_a_serial_port_has_no_poll(pump):
    with pytest.raises(pyvisa.VisaIOError, match="VI_ERROR_NSUP_OPER"):
        pump.read_stb()
    pump.write(f"*SRE {ERROR_WAITS}")
    assert pump.query_ascii_values("*STB?", converter="d") == [0]
    pump.write("NONSENSE")
    assert pump.query_ascii_values("*STB?", converter="d") == [ERROR_WAITS | MASTER_SUMMARY]
    assert pump.query("SYST:ERR?").startswith("-113,")
    assert pump.query_ascii_values("*STB?", converter="d") == [0]
