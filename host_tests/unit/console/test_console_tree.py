# SPDX-License-Identifier: MIT
"""The command tree and its parameters: which header finds which row, and what arguments become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.console.lines import call, tree_of
from host_tests.support.console.tables import clashes, names_of
from pump import units
from pump.console import errors, params
from pump.console.errors import ScpiError
from pump.console.tree import Tree


def echo(*values):
    return values


def tree_with(*patterns):
    return tree_of([(pattern, lambda pattern=pattern: pattern) for pattern in patterns])


def refusal(action, *arguments):
    with pytest.raises(ScpiError) as error:
        action(*arguments)
    return error.value.number


@pytest.mark.parametrize(
    "header", ["SYST:ERR?", "SYSTEM:ERROR?", "SYST:ERROR:NEXT?", "SYSTEM:ERR:NEXT?"]
)
def test_short_and_long_forms_and_optional_words_find_the_same_row(header):
    assert call(tree_with("SYSTem:ERRor[:NEXT]?"), header, []) == "SYSTem:ERRor[:NEXT]?"


@pytest.mark.parametrize(
    "header",
    (
        *("SYSTE:ERR?", "SYS:ERR?", "SYST:ERRO?", "SYST:ERR", "SYST?", "SYST", "ERR?"),
        *("SYST:ERR:N?", "SYST:ERR:NEXT:NEXT?", "SYST:", "*SYST:ERR?", "SYST:ERR?:NEXT"),
        *("", "?", ":"),
    ),
)
def test_anything_else_is_an_undefined_header(header):
    tree = tree_with("SYSTem:ERRor[:NEXT]?")
    assert refusal(call, tree, header, []) == errors.UNDEFINED_HEADER


def test_command_and_query_of_the_same_name_are_two_rows():
    tree = tree_with("*ESE", "*ESE?", "STATus:OPERation:ENABle", "STATus:OPERation:ENABle?")
    for header in ("*ESE", "*ESE?"):
        assert call(tree, header, []) == header
    assert call(tree, "STAT:OPER:ENAB", []) == "STATus:OPERation:ENABle"
    assert call(tree, "STAT:OPER:ENAB?", []) == "STATus:OPERation:ENABle?"


def test_an_optional_word_in_the_middle_may_be_left_out():
    tree = tree_with("SOURce[:VOLume]:LEVel[:NOW]")
    for header in ("SOUR:LEV", "SOUR:VOL:LEV", "SOUR:LEV:NOW", "SOURCE:VOLUME:LEVEL:NOW"):
        assert call(tree, header, []) == "SOURce[:VOLume]:LEVel[:NOW]"


@pytest.mark.parametrize(
    "patterns",
    [
        ("*RST", "*RST"),
        ("SYSTem:ERRor?", "SYSTem:ERRor[:NEXT]?"),
        ("SYSTem:ERRor:NEXT?", "SYSTem:ERRor[:NEXT]?"),
        ("SYSTem:STATe?", "SYSTem:STATus?"),
        ("SYSTem:ERRor?", "SYStem:COUNt?"),
        ("MOT:JOG", "MOTor:STOP"),
    ],
)
def test_patterns_that_clash_are_found_by_the_check_of_the_house(patterns):
    assert list(clashes(patterns))


def test_too_few_and_too_many_arguments_are_refused_before_any_is_read():
    tree = tree_of([("JOG", echo, params.decimal(7), params.decimal(3))])
    assert call(tree, "JOG", ["1.5", "30"]) == (15_000_000, 30_000)
    assert refusal(call, tree, "JOG", ["x"]) == errors.MISSING_PARAMETER
    assert refusal(call, tree, "JOG", ["x", "y", "z"]) == errors.PARAMETER_NOT_ALLOWED
    assert refusal(call, tree_of([("NEW", echo)]), "NEW", ["1"]) == errors.PARAMETER_NOT_ALLOWED


def test_an_optional_argument_left_out_leaves_the_handlers_own_default():
    def refill(volume_nl, residual_nl=None):
        return volume_nl, residual_nl

    tree = tree_of([("REFill", refill, params.VOLUME, params.optional(params.VOLUME))])
    assert call(tree, "REF", ["20 ML"]) == (20_000_000, None)
    assert call(tree, "REF", ["20 ML", "1 UL"]) == (20_000_000, 1_000)
    assert refusal(call, tree, "REF", []) == errors.MISSING_PARAMETER


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (params.VOLUME, "2.5 ML", 2_500_000),
        (params.DOSE, "50 ug", 50_000),
        (params.TIME, "5 MIN", 300_000),
        (params.CONCENTRATION, "500 UG/ML", 500_000),
        (params.RATE, "120 UG/D", (units.NG_D, 120_000)),
        (params.INTEGER, "200", 200),
        (params.decimal(3), "1.5", 1_500),
        (params.integer_between(0, 255), "255", 255),
        (params.WORD, "mon", "MON"),
        (params.choice("HIGH", "MEDium", "LOW"), "med", "MEDIUM"),
        (params.choice("HIGH", "MEDium", "LOW"), "Medium", "MEDIUM"),
        (params.TEXT, "2025-01-31T06:30:00", "2025-01-31T06:30:00"),
        (params.STRING, '"Lioresal; 2,0"', "Lioresal; 2,0"),
        (params.STRING, "'it''s \"new\"'", 'it\'s "new"'),
        (params.STRING, '""', ""),
    ],
)
def test_each_parameter_turns_its_text_into_a_value(parameter, text, value):
    assert parameter(text) == value
    assert params.optional(parameter)(text) == value


@pytest.mark.parametrize(
    ("parameter", "text", "number"),
    [
        (params.VOLUME, "007 ML", errors.NUMERIC_DATA_ERROR),
        (params.VOLUME, ".5 ML", errors.NUMERIC_DATA_ERROR),
        (params.VOLUME, "5. ML", errors.NUMERIC_DATA_ERROR),
        (params.VOLUME, "1e3 ML", errors.EXPONENT_TOO_LARGE),
        (params.VOLUME, "+5 ML", errors.INVALID_CHARACTER_IN_NUMBER),
        (params.VOLUME, "-0 ML", errors.INVALID_CHARACTER_IN_NUMBER),
        (params.VOLUME, "1,5 ML", errors.INVALID_CHARACTER_IN_NUMBER),
        (params.VOLUME, "1.2.3 ML", errors.INVALID_CHARACTER_IN_NUMBER),
        (params.VOLUME, " ", errors.MISSING_PARAMETER),
        (params.VOLUME, "0.5 NL", errors.TOO_MANY_DIGITS),
        (params.VOLUME, "1" * 16 + " ML", errors.TOO_MANY_DIGITS),
        (params.VOLUME, "5", errors.SUFFIX_ERROR),
        (params.VOLUME, "5 UG", errors.INVALID_SUFFIX),
        (params.INTEGER, "5 ML", errors.SUFFIX_NOT_ALLOWED),
        (params.VOLUME, "MAX", errors.CHARACTER_DATA_NOT_ALLOWED),
        (params.VOLUME, '"5 ML"', errors.STRING_DATA_NOT_ALLOWED),
        (params.integer_between(0, 255), "256", errors.DATA_OUT_OF_RANGE),
        (params.WORD, "5", errors.NUMERIC_DATA_NOT_ALLOWED),
        (params.WORD, "'MON'", errors.STRING_DATA_NOT_ALLOWED),
        (params.WORD, "MON TUE", errors.INVALID_CHARACTER_DATA),
        (params.WORD, "-", errors.INVALID_CHARACTER_DATA),
        (params.choice("HIGH", "MEDium"), "MEDI", errors.INVALID_CHARACTER_DATA),
        (params.TEXT, "'06:30'", errors.STRING_DATA_NOT_ALLOWED),
        (params.STRING, "Lioresal", errors.CHARACTER_DATA_NOT_ALLOWED),
        (params.STRING, "5", errors.DATA_TYPE_ERROR),
        (params.STRING, '"', errors.INVALID_STRING_DATA),
        (params.STRING, '"ab', errors.INVALID_STRING_DATA),
        (params.STRING, '"a"b', errors.INVALID_STRING_DATA),
        (params.STRING, '"a" "b"', errors.INVALID_STRING_DATA),
        (params.STRING, '"a"""b"', errors.INVALID_STRING_DATA),
    ],
)
def test_each_refusal_of_an_argument_has_its_scpi_number(parameter, text, number):
    assert refusal(parameter, text) == number


def test_the_refusal_of_a_choice_lists_the_words():
    with pytest.raises(ScpiError) as error:
        params.choice("HIGH", "MEDium")("red")
    assert error.value.detail == "red: HIGH MEDium"


PARAMETERS = (params.VOLUME, params.DOSE, params.TIME, params.CONCENTRATION, params.RATE)
PARAMETERS += (params.INTEGER, params.decimal(7), params.WORD, params.STRING, params.TEXT)


@given(
    st.sampled_from(PARAMETERS),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60),
)
def test_any_text_is_a_value_or_a_listed_scpi_error(parameter, text):
    try:
        parameter(text)
    except ScpiError as error:
        assert error.number in names_of(errors.STANDARD)


def test_rows_of_the_last_queries_are_not_made_again():
    made = []

    def rows():
        for number in range(10):
            made.append(number)
            yield (f"ROW{'ABCDEFGHIJ'[number]}?", lambda number=number: number)
            yield (f"ROW{'ABCDEFGHIJ'[number]}", lambda number=number: -number)

    tree = Tree((("", rows, ()),))
    for _ in range(3):
        for number in range(8):
            assert call(tree, f"ROW{'ABCDEFGHIJ'[number]}?", []) == number
    assert len(made) == sum(range(1, 9))
    for number in (9, 8, 0, 9):  # more than are kept
        assert call(tree, f"ROW{'ABCDEFGHIJ'[number]}?", []) == number
        assert call(tree, f"ROW{'ABCDEFGHIJ'[number]}", []) == -number


def test_a_header_that_is_nowhere_is_none_the_next_time_either():
    tree = tree_with("ROWA?")
    for _ in range(2):
        assert refusal(call, tree, "ROWB?", []) == errors.UNDEFINED_HEADER
