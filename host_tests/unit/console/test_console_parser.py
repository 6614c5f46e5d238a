# SPDX-License-Identifier: MIT
"""Program messages: separators, header paths, strings and arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.console.tables import names_of
from pump.console import errors
from pump.console.errors import ScpiError
from pump.console.parser import commands


def parsed(message):
    return list(commands(message))


def headers(message):
    return [header for header, _ in parsed(message)]


def refusal(message):
    """What is parsed before the error, and the error's number."""
    before = []
    with pytest.raises(ScpiError) as error:
        for header, _ in commands(message):
            before.append(header)
    return before, error.value.number


def test_a_header_and_its_arguments_are_separated_and_trimmed():
    assert parsed("  mot:jog   1.5 ,  30  ") == [("MOT:JOG", ["1.5", "30"])]
    assert parsed("*IDN?") == [("*IDN?", [])]
    assert parsed("PRESC:CONC 1 UG/ML") == [("PRESC:CONC", ["1 UG/ML"])]


@pytest.mark.parametrize("message", ["", " ", "     "])
def test_a_blank_message_holds_no_command(message):
    assert parsed(message) == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("PRESC:CONC 1 UG/ML;RATE 2 UG/D", ["PRESC:CONC", "PRESC:RATE"]),
        ("PRESC:FLEX:CLE;STEP 1", ["PRESC:FLEX:CLE", "PRESC:FLEX:STEP"]),
        (
            "PRESC:PAT:DOSE 1;MAX 3;:PRESC:RATE 2",
            ["PRESC:PAT:DOSE", "PRESC:PAT:MAX", "PRESC:RATE"],
        ),
        ("PRESC:CONC 1;:SYST:ERR?;COUN?", ["PRESC:CONC", "SYST:ERR?", "SYST:COUN?"]),
        ("PRESC:CONC 1;*CLS;RATE 2", ["PRESC:CONC", "*CLS", "PRESC:RATE"]),
        ("PRESC:CONC 1;PRESC:RATE 2", ["PRESC:CONC", "PRESC:PRESC:RATE"]),
        ("*CLS;SYST:ERR?", ["*CLS", "SYST:ERR?"]),
        ("NEW;:NEW", ["NEW", "NEW"]),
        ("PRESC:NEW;FLEX:STEP 1;CLE", ["PRESC:NEW", "PRESC:FLEX:STEP", "PRESC:FLEX:CLE"]),
    ],
)
def test_compound_messages_follow_the_scpi_path_rules(message, expected):
    assert headers(message) == expected


@pytest.mark.parametrize("text", ['"a;b,c"', "'a;b,c'", '"it\'s"', '"say ""hi"";"', '""'])
def test_strings_may_hold_separators_and_doubled_quotes(text):
    assert parsed(f"PRESC:DRUG {text},2;NEW") == [("PRESC:DRUG", [text, "2"]), ("PRESC:NEW", [])]


@pytest.mark.parametrize(
    ("message", "number"),
    [
        (";", errors.SYNTAX_ERROR),
        (":", errors.SYNTAX_ERROR),
        ("*", errors.SYNTAX_ERROR),
        ("?", errors.SYNTAX_ERROR),
        ("*?", errors.SYNTAX_ERROR),
        ("SYST::ERR?", errors.SYNTAX_ERROR),
        ("SYST:ERR:", errors.SYNTAX_ERROR),
        ("::SYST", errors.SYNTAX_ERROR),
        ("*SYST:ERR?", errors.SYNTAX_ERROR),
        ("SY?ST", errors.INVALID_CHARACTER),
        ("SYST??", errors.INVALID_CHARACTER),
        (":*IDN?", errors.INVALID_CHARACTER),
        ("SYST:ERR!", errors.INVALID_CHARACTER),
        ("1.5", errors.INVALID_CHARACTER),
        ("*ESE,1", errors.INVALID_SEPARATOR),
        ('DRUG"x"', errors.INVALID_SEPARATOR),
        ("JOG 1,", errors.MISSING_PARAMETER),
        ("JOG ,1", errors.MISSING_PARAMETER),
        ("JOG 1,,2", errors.MISSING_PARAMETER),
        ("JOG ,", errors.MISSING_PARAMETER),
        ('DRUG "x', errors.INVALID_STRING_DATA),
        ("DRUG 'x\"", errors.INVALID_STRING_DATA),
        ('DRUG "x""', errors.INVALID_STRING_DATA),
    ],
)
def test_what_is_not_well_formed_is_one_error_with_its_number(message, number):
    assert refusal(message) == ([], number)


def test_commands_before_an_error_are_found_before_the_error():
    assert refusal("THER:STOP;;*IDN?") == (["THER:STOP"], errors.SYNTAX_ERROR)
    assert refusal("THER:STOP;*CLS;") == (["THER:STOP", "*CLS"], errors.SYNTAX_ERROR)
    assert refusal("THER:STOP;DRUG 'x;*CLS") == (["THER:STOP"], errors.INVALID_STRING_DATA)


def test_a_missing_parameter_is_named_by_its_place():
    with pytest.raises(ScpiError) as error:
        parsed("JOG 1,,2")
    assert error.value.detail == "parameter 2 is empty"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=255))
def test_any_printable_line_is_commands_or_one_scpi_error(message):
    try:
        for header, arguments in commands(message):
            assert header == header.upper()
            assert "" not in arguments
    except ScpiError as error:
        assert error.number in names_of(errors.STANDARD)


WORDS = st.from_regex(r"[A-Z][A-Z0-9_]{0,11}", fullmatch=True)
STRINGS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


@pytest.mark.slow
@given(st.lists(st.tuples(st.lists(WORDS, min_size=1), st.lists(STRINGS)), min_size=1))
def test_rooted_commands_with_any_strings_come_out_as_they_went_in(sent):
    expected = [
        (":".join(words), ['"' + s.replace('"', '""') + '"' for s in strings])
        for words, strings in sent
    ]
    message = ";".join(f":{header} {','.join(texts)}" for header, texts in expected)
    assert parsed(message) == expected
