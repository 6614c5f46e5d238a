# SPDX-License-Identifier: MIT
"""Whole conversations: bytes in, response lines out, errors in the queue, on a toy instrument."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.console.toy import Toy
from pump import faults, units


@pytest.fixture
def toy():
    return Toy()


def test_a_query_is_answered_with_one_line(toy):
    assert toy.send(b"*IDN?\n") == ["TOY"]
    assert toy.send(b"res:vol?\r\n") == ["20.000000"]


def test_a_command_answers_nothing(toy):
    assert toy.send(b"MOT:JOG 1.5,30\n") == []
    assert toy.calls == [(15_000_000, 30_000)]


def test_responses_of_a_compound_message_are_joined_in_one_line(toy):
    assert toy.send(b"*IDN?;*CLS;:DEL:STEP?;*OPC?\n") == ["TOY;1,2,3,1;1"]


def test_input_may_come_byte_by_byte_or_many_lines_at_once(toy):
    assert [line for byte in b"*IDN?\n" for line in toy.send(bytes([byte]))] == ["TOY"]
    assert toy.send(b"*IDN?\n*OPC?\n*ID") == ["TOY", "1"]
    assert toy.send(b"N?\n") == ["TOY"]


def test_errors_print_nothing_and_wait_in_the_queue(toy):
    assert toy.send(b"FOO:BAR\n") == []
    assert toy.send(b"SYST:ERR?\n") == ['-113,"Undefined header;FOO:BAR"']


def test_after_an_error_the_rest_of_the_message_is_discarded(toy):
    assert toy.send(b"*IDN?;PRESC:RATE 5;:MOT:JOG 1,2;*OPC?\n") == ["TOY"]
    assert toy.calls == []
    assert toy.errors() == [-130]


def test_a_stop_before_a_malformed_command_is_still_a_stop(toy):
    toy.send(b"THER:STOP;PRESC:DRUG 'x\n")
    assert toy.calls == [()]
    assert toy.errors() == [-151]


def test_all_errors_are_read_at_once_and_gone(toy):
    toy.send(b"FOO\nTHER:STAR\n*IDN? 1\n")
    (line,) = toy.send(b"SYST:ERR:ALL?\n")
    assert [part.partition('"')[0] for part in line.split('",')] == ["-113,", "103,", "-108,"]
    assert toy.send(b"SYST:ERR:ALL?;COUN?\n") == ['0,"No error";0']


def test_there_are_no_options(toy):
    assert toy.send(b"*OPT?\n") == ["0"]


def test_a_refusal_becomes_its_positive_number_with_name_and_detail(toy):
    name = faults.name_in(faults.NAMES, faults.NO_PRESCRIPTION)
    assert toy.send(b"THER:STAR\nSYST:ERR?;*ESR?\n") == [
        f'{faults.NO_PRESCRIPTION},"{name};nothing committed";136'
    ]


def test_a_bug_in_a_command_is_queued_as_system_error_and_not_swallowed(toy):
    with pytest.raises(ZeroDivisionError):
        toy.send(b"THER:BUG;STOP\n")
    assert toy.calls == []
    assert toy.send(b"SYST:ERR?\n") == ['-310,"System error;ZeroDivisionError in THER:BUG;STOP"']


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"PRESC:LIM:BOL 007 UG", -120),
        (b"PRESC:LIM:BOL .5 UG", -120),
        (b"PRESC:LIM:BOL 5. UG", -120),
        (b"PRESC:LIM:BOL 1e3 UG", -123),
        (b"PRESC:LIM:BOL +5 UG", -121),
        (b"PRESC:LIM:BOL -0 UG", -121),
        (b"PRESC:LIM:BOL 1,5 UG", -108),
        (b"PRESC:LIM:BOL ", -109),
        (b"PRESC:LIM:BOL", -109),
        (b"PRESC:LIM:BOL 0.0001 UG", -124),
        (b"PRESC:LIM:BOL 1234567890123456 UG", -124),
        (b"PRESC:LIM:BOL 5", -130),
        (b"PRESC:LIM:BOL 5 ML", -131),
        (b"MOT:JOG 1 ML,1", -138),
        (b"MOT:JOG 1,5,30", -108),
        (b"MOT:JOG 1,", -109),
        (b"PRESC:DRUG Lioresal", -148),
        (b"PRESC:DRUG 'x", -151),
        (b"PRESCR:RATE 5 UG/D", -113),
        (b"*CLS\x03", -101),
        (b"*CLS\x00", -101),
        ("PRESC:DRUG 'µ'".encode(), -101),
        (b" " * 255 + b"x", -363),
    ],
)
def test_each_bad_line_is_one_documented_error_and_the_next_line_works(toy, line, number):
    assert toy.send(line + b"\n") == []
    assert toy.calls == []
    assert toy.errors() == [number]
    assert toy.send(b"*IDN?\n") == ["TOY"]


def test_the_longest_line_is_run_and_a_longer_one_is_not(toy):
    assert toy.send(b"*IDN?".rjust(255) + b"\n") == ["TOY"]
    assert toy.send(b"*IDN?".rjust(256) + b"\n") == []
    assert toy.errors() == [-363]


LINES = st.binary(max_size=400).map(lambda data: data.replace(b"\n", b""))
NEARLY = st.sampled_from(
    [b"*IDN?", b"PRESC:RATE 5 UG/D", b";", b":", b",", b"'", b'"', b"RES:REF", b" ", b"1.5", b"?"]
)
NEARLY_LINES = st.lists(NEARLY, max_size=20).map(b"".join)


@given(st.lists(st.one_of(LINES, NEARLY_LINES), max_size=10))
def test_random_lines_never_raise_make_at_most_one_error_each_and_do_no_harm(lines):
    toy = Toy()
    for line in lines:
        toy.send(b"*CLS\n" + line + b"\n")
        assert len(toy.errors()) <= 1 + line.count(b"\r")
    assert toy.send(b"*IDN?\n") == ["TOY"]


def test_a_flood_of_noise_does_not_grow_memory(toy):
    noise = bytes(range(256)) * 8
    for _ in range(20):
        toy.send(noise)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(100):
        toy.send(noise)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 4_000


@given(st.integers(0, 10**14 - 1), st.integers(0, 10**14 - 1))
def test_valid_numbers_arrive_exactly_whatever_their_size(revolutions_e7, volume_nl):
    toy = Toy()
    toy.send(f"MOT:JOG {units.fixed(revolutions_e7, 7)},0;".encode())
    toy.send(f":RES:REF {units.ml(volume_nl)} ML\n".encode())
    assert toy.calls == [(revolutions_e7, 0), (volume_nl,)]
    assert toy.errors() == []
