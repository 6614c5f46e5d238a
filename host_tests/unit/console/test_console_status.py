# SPDX-License-Identifier: MIT
"""Error queue, IEEE 488.2 registers and the common commands, as a host sees them."""

import pytest

from host_tests.support.console.lines import call, tree_of
from host_tests.support.console.tables import names_of
from pump import faults
from pump.console import errors, ieee488
from pump.console.errors import ErrorQueue, ScpiError
from pump.console.status import Status


class Instrument:
    """The common commands and nothing else."""

    def __init__(self):
        self.status = Status()
        self.errors = ErrorQueue(self.status)
        self.resets = 0
        common = ieee488.rows(self.status, self.errors, "ITB-Pump", self._reset, lambda: 0)
        rows = (*common, *ieee488.required_rows(self.status, self.errors))
        self._tree = tree_of(rows)

    def _reset(self):
        self.resets += 1

    def ask(self, header, *texts):
        return call(self._tree, header, list(texts))


@pytest.fixture
def instrument():
    """As after `*ESR?` has taken the power-on bit."""
    instrument = Instrument()
    instrument.ask("*ESR?")
    return instrument


def test_an_empty_queue_answers_no_error(instrument):
    assert instrument.ask("SYST:ERR?") == '0,"No error"'
    assert instrument.ask("SYST:ERR:COUN?") == 0


def test_errors_come_out_oldest_first_with_their_standard_text_and_detail(instrument):
    instrument.errors.push(errors.UNDEFINED_HEADER, "FOO:BAR")
    instrument.errors.push(errors.SETTINGS_CONFLICT)
    assert instrument.ask("SYST:ERR:COUN?") == 2
    assert instrument.ask("SYST:ERR?") == '-113,"Undefined header;FOO:BAR"'
    assert instrument.ask("SYST:ERR:NEXT?") == '-221,"Settings conflict"'
    assert instrument.ask("SYST:ERR?") == '0,"No error"'


def test_a_refusal_and_a_fault_have_their_own_positive_number_and_name(instrument):
    instrument.errors.push(faults.NOT_STOPPED, "RUNNING")
    instrument.errors.push(faults.UNDERRUN)
    refused = faults.name_in(faults.NAMES, faults.NOT_STOPPED)
    fault = faults.name_in(faults.NAMES, faults.UNDERRUN)
    assert (refused, fault) == ("Pump not stopped", "Step queue ran dry")
    assert instrument.ask("SYST:ERR?") == f'{faults.NOT_STOPPED},"{refused};RUNNING"'
    assert instrument.ask("SYST:ERR?") == f'{faults.UNDERRUN},"{fault}"'


def test_a_number_nobody_listed_still_comes_out(instrument):
    instrument.errors.push(9999, "x")
    assert instrument.ask("SYST:ERR?") == '9999,"Unlisted error;x"'


def test_quotes_in_a_detail_are_doubled_so_that_the_answer_stays_one_string(instrument):
    instrument.errors.push(errors.INVALID_STRING_DATA, 'a"b')
    assert instrument.ask("SYST:ERR?") == '-151,"Invalid string data;a""b"'


def test_the_seventeenth_error_replaces_the_sixteenth_by_queue_overflow(instrument):
    for number in range(20):
        instrument.errors.push(errors.SETTINGS_CONFLICT, str(number))
    assert instrument.ask("SYST:ERR:COUN?") == 16
    answers = [instrument.ask("SYST:ERR?") for _ in range(16)]
    assert answers[14] == '-221,"Settings conflict;14"'
    assert answers[15] == '-350,"Queue overflow"'
    assert instrument.ask("*ESR?") == 16 + 8


@pytest.mark.parametrize(("number", "name"), names_of(errors.STANDARD).items())
def test_no_error_text_is_longer_than_the_255_characters_of_scpi(instrument, number, name):
    instrument.errors.push(number, "x" * 300)
    text = instrument.ask("SYST:ERR?").partition(",")[2].strip('"')
    assert text.startswith(name + ";xxx")
    assert len(text) <= 255


@pytest.mark.parametrize(
    ("number", "bit"),
    (
        *((-100, 32), (-199, 32), (-200, 16), (-299, 16), (-300, 8), (-399, 8)),
        *((-400, 4), (-499, 4), (1, 8), (101, 8)),
    ),
)
def test_each_class_of_error_sets_its_bit_in_the_esr(instrument, number, bit):
    instrument.errors.push(number)
    assert instrument.ask("*ESR?") == bit
    assert instrument.ask("*ESR?") == 0


def test_every_standard_error_is_in_a_class_of_the_standard():
    assert all(-500 < number <= -100 for number in names_of(errors.STANDARD))


def test_after_power_up_the_esr_says_so_once():
    instrument = Instrument()
    assert instrument.ask("*ESR?") == 128
    assert instrument.ask("*ESR?") == 0


def test_ese_lets_events_into_bit_5_of_the_status_byte_and_sre_into_bit_6(instrument):
    instrument.ask("*OPC")
    assert instrument.ask("*STB?") == 0
    instrument.ask("*ESE", "1")
    assert instrument.ask("*ESE?") == 1
    assert instrument.ask("*STB?") == 32
    instrument.ask("*SRE", "32")
    assert instrument.ask("*SRE?") == 32
    assert instrument.ask("*STB?") == 32 + 64
    assert instrument.ask("*ESR?") == 1
    assert instrument.ask("*STB?") == 0


def test_a_waiting_error_is_bit_2_of_the_status_byte(instrument):
    instrument.errors.push(errors.SETTINGS_CONFLICT)
    assert instrument.ask("*STB?") == 4
    instrument.ask("SYST:ERR?")
    assert instrument.ask("*STB?") == 0


def test_bit_6_of_the_service_request_enable_is_not_kept(instrument):
    instrument.ask("*SRE", "255")
    assert instrument.ask("*SRE?") == 255 - 64


@pytest.mark.parametrize(
    ("path", "register_name", "summary"),
    [("STAT:OPER", "operation", 128), ("STAT:QUES", "questionable", 8)],
)
def test_a_condition_that_comes_up_is_latched_until_its_event_is_read(
    instrument, path, register_name, summary
):
    register = getattr(instrument.status, register_name)
    instrument.ask(path + ":ENAB", "16")
    register.update(16, True)
    assert instrument.ask("*STB?") == summary
    register.update(16, False)
    assert instrument.ask(path + ":COND?") == 0
    assert instrument.ask("*STB?") == summary
    assert instrument.ask(path + "?") == 16
    assert instrument.ask(path + ":EVEN?") == 0
    assert instrument.ask("*STB?") == 0
    assert instrument.ask(path + ":ENAB?") == 16


def test_a_condition_that_stays_is_not_a_second_event(instrument):
    register = instrument.status.operation
    register.update(1, True)
    assert instrument.ask("STAT:OPER?") == 1
    register.update(1 | 2, True)
    assert instrument.ask("STAT:OPER:COND?") == 3
    assert instrument.ask("STAT:OPER?") == 2


def test_cls_forgets_errors_and_events_but_no_condition_and_no_enable(instrument):
    instrument.ask("*ESE", "255")
    instrument.ask("STAT:QUES:ENAB", "32767")
    instrument.status.questionable.update(2, True)
    instrument.status.operation.update(2, True)
    instrument.errors.push(errors.SETTINGS_CONFLICT)
    instrument.ask("*CLS")
    assert instrument.ask("*STB?") == 0
    assert instrument.ask("*ESR?") == 0
    assert instrument.ask("STAT:QUES?") == 0
    assert instrument.ask("STAT:OPER?") == 0
    assert instrument.ask("STAT:QUES:COND?") == 2
    assert instrument.ask("STAT:QUES:ENAB?") == 32767
    assert instrument.ask("SYST:ERR?") == '0,"No error"'


def test_commands_are_sequential_so_operations_are_complete_at_once(instrument):
    assert instrument.ask("*OPC?") == 1
    assert instrument.ask("*WAI") is None
    instrument.ask("*OPC")
    assert instrument.ask("*ESR?") == 1


def test_identity_reset_self_test_and_version_are_answered(instrument):
    assert instrument.ask("*IDN?") == "ITB-Pump"
    assert instrument.ask("*TST?") == 0
    assert instrument.ask("*RST") is None
    assert instrument.resets == 1
    assert instrument.ask("SYST:VERS?") == "1999.0"


@pytest.mark.parametrize(
    ("header", "text"),
    [("*ESE", "256"), ("*SRE", "256"), ("STAT:OPER:ENAB", "65536"), ("STAT:QUES:ENAB", "-1")],
)
def test_a_mask_wider_than_its_register_is_out_of_range_and_changes_nothing(
    instrument, header, text
):
    with pytest.raises(ScpiError) as error:
        instrument.ask(header, text)
    assert error.value.number == errors.DATA_OUT_OF_RANGE
    assert instrument.ask(header + "?") == 0
