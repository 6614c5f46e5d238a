# SPDX-License-Identifier: MIT
"""Lines out of bytes: limits, bytes that spoil a line, and recovery at its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.console.errors import INPUT_BUFFER_OVERRUN, INVALID_CHARACTER, ScpiError
from pump.console.lines import MAX_LINE, LineAssembler


def ignore(_character):
    pass


def heard(lines, data):
    """Feed bytes one by one: the lines and error numbers in the order in which they came."""
    events = []
    for byte in data:
        try:
            message = lines.add(byte)
        except ScpiError as error:
            events.append(error.number)
        else:
            if message is not None:
                events.append(message)
    return events


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"*IDN?\n", ["*IDN?"]),
        (b"*IDN?\r\n", ["*IDN?"]),
        (b"*IDN?\r", ["*IDN?"]),
        (b"A\rB\n\rC\r\n", ["A", "B", "C"]),
        (b"A\nB\n", ["A", "B"]),
        (b"*ESE\t5\n", ["*ESE 5"]),
        (b"\n\r\n", []),
        (b"*IDN?", []),
        (b" ~\n", [" ~"]),
    ],
)
def test_a_line_ends_at_lf_cr_or_both(data, events):
    assert heard(LineAssembler(ignore), data) == events


@pytest.mark.parametrize(
    "byte",
    [0x00, 0x03, 0x04, 0x1B, 0x1F, 0x7F, 0x80, 0xA0, 0xFF],
    ids=lambda byte: f"0x{byte:02X}",
)
def test_a_byte_that_is_not_printable_ascii_drops_its_whole_line_as_one_error(byte):
    spoiled = b"*CLS" + bytes([byte, byte]) + b";*RST\n"
    assert heard(LineAssembler(ignore), spoiled + b"*IDN?\n") == [INVALID_CHARACTER, "*IDN?"]


def test_utf8_text_is_one_error_and_the_next_line_works():
    data = "PRESC:DRUG 'Lioresal \u00b5g \U0001f489'\n*IDN?\n".encode()
    assert heard(LineAssembler(ignore), data) == [INVALID_CHARACTER, "*IDN?"]


def test_255_bytes_are_a_line_and_256_are_an_overrun():
    lines = LineAssembler(ignore)
    assert heard(lines, b"x" * 255 + b"\n") == ["x" * 255]
    assert heard(lines, b"x" * 255 + b"\r\n") == ["x" * 255]
    assert heard(lines, b"x" * 256 + b"\n") == [INPUT_BUFFER_OVERRUN]
    assert heard(lines, b"x" * 100_000 + b"\n") == [INPUT_BUFFER_OVERRUN]
    assert heard(lines, b"*IDN?\n") == ["*IDN?"]


def test_a_spoiled_byte_is_reported_at_once_and_not_only_at_the_end_of_its_line():
    assert heard(LineAssembler(ignore), b"*CLS\x03") == [INVALID_CHARACTER]


def test_bytes_beyond_the_limit_cannot_add_a_second_error_to_a_line():
    assert heard(LineAssembler(ignore), b"\x00" + b"x" * 300 + b"\xff\n") == [INVALID_CHARACTER]
    assert heard(LineAssembler(ignore), b"x" * 300 + b"\xff\n") == [INPUT_BUFFER_OVERRUN]


@given(st.binary(max_size=2000))
def test_random_bytes_make_at_most_one_event_a_line_and_the_next_good_line_works(data):
    lines = LineAssembler(ignore)
    events = heard(lines, data + b"\n")
    assert len(events) <= data.count(b"\n") + data.count(b"\r") + 1
    assert heard(lines, b"*IDN?\n") == ["*IDN?"]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_whatever_arrives_the_buffer_keeps_its_size(chunks):
    lines = LineAssembler(ignore)
    buffer = lines._buffer
    for chunk in chunks:
        heard(lines, chunk)
    assert lines._buffer is buffer
    assert len(buffer) == MAX_LINE


@pytest.mark.parametrize(
    ("data", "dropped"),
    [
        (b"AB\x00CD\n", "AB\nCD\n"),
        (b"AB\xff\xfeC\r", "AB\n\nC\n"),
        (b"x" * 255 + b"yz\n", "x" * 255 + "yz\n"),
        (b"AB\nCD\n", ""),
    ],
)
def test_what_is_dropped_is_given_away_character_by_character(data, dropped):
    given_away = []
    heard(LineAssembler(given_away.append), data)
    assert "".join(given_away) == dropped


def test_a_line_that_does_not_end_is_dropped_when_it_has_taken_too_long():
    lines = LineAssembler(ignore)
    assert not lines.expire()
    heard(lines, b"BOL:STAT")
    assert lines.expire()
    assert heard(lines, b"*IDN?\n") == ["*IDN?"]
    heard(lines, b"\xff*CLS")
    assert lines.expire()
    assert heard(lines, b"*IDN?\n") == ["*IDN?"]
    assert not lines.expire()
