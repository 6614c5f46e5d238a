# SPDX-License-Identifier: MIT
"""A STOP in text that nobody runs: found wherever it stands, but in a string, and once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.console.toy import Toy
from host_tests.support.run.operations import operations
from pump.console.stray import Stray

STOP = "THERapy:STOP"
SPELLINGS = ("THER:STOP", "therapy:stop", ":Ther:Stop")


def count(text):
    stray = Stray(STOP)
    return sum(stray.take(character) for character in text)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "text", ["{}\n", "\n{}\n", "X;{}\n", "{};X\n", "FOO {}\n", "{} 1\n", "{},\n", "{},;X\n"]
)
def test_it_is_found_behind_and_before_anything(text, spelling):
    assert count(text.format(spelling)) == 1


def test_it_is_found_behind_the_rest_of_another_line():
    assert count("BOL:STATTHER:STOP\n") == 1
    assert count("x" * 1000 + "THERAPY:STOP\n") == 1


@pytest.mark.parametrize("text", ["THER:STOPPED", "THER:STO P", "STOP", "THER:;STOP", "HER:STOP"])
def test_what_is_not_quite_one_is_none(text):
    assert count(text + "\n") == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"a;THER:STOP;b"', 0),
        ("'a;THER:STOP;b'", 0),
        ("'a\";THER:STOP;\"b'", 0),
        ('"a;THER:STOP;b";THER:STOP', 1),
        ('"a";THER:STOP;"b"', 1),
        ('"a""b;THER:STOP;"', 0),
        ('"a;THER:STOP', 1),
        ('"a;THER:STOP;b', 1),
        ('THER:STOP;"a;THER:STOP', 2),
        ('FOO;FOO;FOO;THER:STOP;"b', 1),
        ("'", 0),
    ],
)
def test_one_in_a_string_is_none_and_behind_a_quote_that_stays_open_it_is(text, found):
    assert count(text + "\n") == found
    assert count("'\n" + text + "\n") == found  # the line before has no part in it
    for before in ("", "x", "xy"):  # wherever in its line the string begins
        assert Stray(STOP).count(before + text + "\n") == found


@given(st.text(st.sampled_from("THERSOP:;\"' ,\nx"), max_size=80))
def test_a_line_of_its_own_behind_any_text_is_found_once(text):
    assert count(text + "\n" + "THER:STOP\n") == count(text + "\n") + 1


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        (b"THER:STOP\n", 1),
        (b"THER:STOP;\n", 1),
        (b"THER:STOP;:FOO\n", 1),
        (b"FOO;:THER:STOP\n", 1),
        (b"THER:STOP;:THER:STAR;:THER:STOP\n", 2),  # one was run, one stood behind the refusal
        (b"THER:STOP 1\n", 1),
        (b"THER:STOP,\n", 1),
        (b'PRES:DRUG "a;THER:STOP;b",3\n', 0),
        (b'PRES:DRUG "a;THER:STOP\n', 1),
        (b"\xffTHER:STOP\n", 1),
        (b"THER:STOP\x00\n", 1),
        (b"THER:ST\x00OP\n", 0),
        (b"THER:STOP;" + b"x" * 300 + b"\n", 1),
        (b"x" * 300 + b";THER:STOP\r", 1),
        (b'"' + b"x" * 300 + b';THER:STOP;"\n', 0),
        (b"THER:STOP\r", 1),
        (b"THER:STOP\r\n", 1),
    ],
)
def test_a_line_stops_as_often_as_it_says(line, calls):
    toy = Toy()
    toy.send(line)
    assert len(toy.calls) == calls
    toy.send(b"*CLS\n")
    assert len(toy.calls) == calls


TEXTS = st.lists(
    st.sampled_from(
        ["THER:STOP", "therapy:stop", "XTHER:STOP", "THER:STO", "STOP", "Y:STOP", *":A;, \"'\n"]
    ),
    max_size=14,
).map("".join)


@given(TEXTS, TEXTS, st.integers(0, 3))
def test_whole_lines_have_what_their_characters_have(before, text, first):
    """However the first line began, and from whichever of its commands on."""
    slow, fast = Stray("THERapy:STOP"), Stray("THERapy:STOP")
    for character in before:
        slow.take(character)
        fast.take(character)
    if slow._word or slow._quote:
        first = 0  # a message that is under way begins its line
    number = found = 0
    for character in text:
        is_outside = not slow._quote
        found += slow.take(character) and number >= first
        number += 4 if character == "\n" else character == ";" and is_outside
    assert fast.count(text, first) == found


@pytest.mark.parametrize(
    "text",
    [
        "THER:STOP;" * 32,
        '"THER:STOP,THER:STOP THER:STOP"' * 10 + "\n",
        "ALAR:STOP?\n" * 29,
        "'\n" * 160,
        '"THER:STOP' + "\xff" * 300 + "\n",
    ],
)
def test_a_look_at_all_that_can_wait_takes_no_time_to_speak_of(text):
    """A bytecode takes a chip some 2 us: character by character it would be 0.3 s."""
    stray = Stray("THERapy:STOP")
    assert operations(lambda: stray.count(text)) < 8000
