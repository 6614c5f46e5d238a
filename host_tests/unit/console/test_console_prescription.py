# SPDX-License-Identifier: MIT
"""PRESCription over the console: what is typed wrong is refused, or said before a commit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.sessions.prescriptions import Desk, content

OK = (0, "No error")
SPINAL = 'DRUG "baclofen";CONC 500 UG/ML;IND SPIN;MODE SIMP;'
FLEX = "CONC 500 UG/ML;MODE FLEX;RATE 120 UG/D"


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def staged(desk):
    """A desk with something staged."""
    desk.tell("PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 120 UG/D")
    return desk


def refused(desk, line):
    """The error of a line that changes nothing."""
    before = content(desk.staging.staged())
    number, text = desk.tell("PRES:" + line)
    assert number
    assert content(desk.staging.staged()) == before
    return number, text


def verdict(desk):
    """The strings that VALidate? answers, without OK and token."""
    answer = desk.ask("PRES:VAL?")
    return [text.strip('"') for text in answer.split('","' if answer[0] == '"' else ',"')]


def test_every_field_can_be_programmed_and_validated_compared_and_committed(desk):
    desk.tell("PRES:NEW")
    for line in (
        'DRUG "Baclofen"',
        "CONC 500 UG/ML",
        "IND SPIN",
        "MODE PER",
        "RATE 100 UG/D",
        "FLEX:STEP WD,06:00,120 UG/D",
        "FLEX:STEP WE,08:00,0.2 ML/D,24:00",
        "PER:DOSE 25 UG,1 MIN,1 HR",
        "PAT:DOSE 25 UG,1 MIN",
        "PAT:LOCK 4 HR",
        "PAT:MAX 6",
        "LIM:RATE 200 UG/D",
        "LIM:BOL 30 UG",
        "LIM:DAY 900 UG",
    ):
        assert desk.tell("PRESCRIPTION:" + line) == OK
    token = desk.staging.staged().token()
    notes = '"24 doses a day of 25.000 ug; 700.000 ug a day"'
    notes += ',"up to 6 patient boluses a day; up to 850.000 ug a day"'
    assert desk.ask("PRES:VAL?") == f"OK,{token},{notes}"
    assert desk.ask("PRES:COMP?").count('"') == 2 * 20
    assert '"patient lockout, s: NONE -> 14400.000"' in desk.ask("PRES:COMP?")
    assert desk.tell(f"PRES:COMM {token}") == OK
    assert desk.ask("PRES:ACT?") == "PERIODIC,500.000,700.000,1.400000"
    assert desk.ask("PRES:FLEX:ACT? SAT") == "00:00,0.200000,08:00,0.200000"
    assert desk.ask("PRES:COMP?") is None


def test_an_empty_prescription_has_every_problem_as_a_string(desk):
    desk.tell("PRES:NEW")
    assert desk.ask("PRES:VAL?").count('"') == 6
    assert desk.ask("PRES:STAG?") == "NONE,0.000,0.000,0.000000"
    desk.tell("PRES:DISC")
    assert desk.ask("PRES:STAG?") == "NONE"
    assert desk.ask("PRES:ACT?;FLEX:ACT? MON") == "NONE;NONE"


def test_what_needs_something_staged_or_active_is_refused_without(desk):
    for line in ("VAL?", "COMP?", "COMM 0", "RATE 1 ML/D", "FLEX:CLE", "FLEX:STAG? MON"):
        assert desk.tell("PRES:" + line)[0] == 104
    assert desk.tell("PRES:EDIT")[0] == 103


def test_an_edit_begins_with_the_active_content_and_can_clear_what_is_optional(desk):
    desk.prescribe(FLEX + ";FLEX:STEP MON,06:00,90 UG/D")
    desk.tell("PRES:EDIT;PAT:DOSE 5 UG,1 MIN;LOCK 4 HR;MAX 3")
    desk.tell("PRES:LIM:BOL 9 UG;DAY 300 UG;RATE 1 ML/D")
    assert desk.staging.staged().token() != desk.staging.active.token()
    assert desk.tell("PRES:PAT:CLE;:PRES:LIM:CLE") == OK
    assert desk.staging.staged().token() == desk.staging.active.token()
    desk.tell("PRES:FLEX:CLE;STEP TUE,06:00,90 UG/D")
    assert desk.ask("PRES:FLEX:STAG? MON") == "00:00,0.240000"
    assert desk.ask("PRES:FLEX:STAG? TUE") == "00:00,0.240000,06:00,0.180000"
    assert desk.ask("PRES:FLEX:ACT? MON") == "00:00,0.240000,06:00,0.180000"


def test_4_for_44_is_not_committed_unless_the_increase_is_named(desk):
    assert desk.prescribe(SPINAL + "RATE 40 UG/D", "LOW") == OK
    desk.tell("PRES:EDIT;RATE 440 UG/D")
    assert verdict(desk)[1:] == [
        "INCRease: MON: from 40.000 to 440.000 ug within 24 h, more than 30 % up"
    ]
    token = desk.staging.staged().token()
    assert desk.tell(f"PRES:COMM {token}")[0] == 113
    assert desk.tell(f"PRES:COMM {token},HIGH")[0] == 113
    assert desk.tell(f"PRES:COMM {token},INCR,HIGH")[0] == 113
    assert desk.staging.active.rate_ng_d() == 40_000
    assert desk.tell(f"PRES:COMM {token},INCR") == OK


def test_min_for_hr_is_said_in_doses_a_day_and_must_be_named(desk):
    content = "CONC 500 UG/ML;MODE PER;RATE 100 UG/D;PER:DOSE 25 UG,1 MIN,6 "
    desk.tell(f"PRES:NEW;{content}MIN")
    interval, note = verdict(desk)[1:]
    assert interval.startswith("INTerval: less than an hour between periodic doses: 240 doses a")
    assert note == "240 doses a day of 25.000 ug; 6100.000 ug a day"
    assert desk.prescribe(content + "MIN")[0] == 113
    assert desk.prescribe(content + "HR") == OK
    assert desk.prescribe(content + "MIN", "INTERVAL") == OK


def test_min_for_hr_is_above_the_limits_that_are_there(desk):
    desk.tell("PRES:NEW;CONC 500 UG/ML;MODE PER;RATE 100 UG/D;PER:DOSE 25 UG,1 MIN,6 MIN")
    assert desk.tell('PRES:LIM:DAY 500 UG;:PRES:DRUG "baclofen";IND CERE') == OK
    day = "240 doses a day, 6100.000 ug a day with the background: above "
    assert verdict(desk) == [day + "LIMit:DAY 500.000", day + "the 1400.000 of the library"]
    assert desk.tell(f"PRES:COMM {desk.staging.staged().token()},INT")[0] == 106


def test_mg_for_ug_is_out_of_range_above_a_limit_or_beyond_the_library(desk):
    assert desk.prescribe(SPINAL + "RATE 120 UG/D", "LOW") == OK
    assert desk.prescribe(SPINAL + "RATE 120 MG/D", "HIGH", "INCR")[0] == 106
    desk.tell(f"PRES:NEW;{SPINAL}RATE 400 UG/D;LIM:BOL 100 UG")
    desk.tell("PRES:PAT:DOSE 25 MG,1 MIN;LOCK 6 HR;MAX 4")
    assert "patient dose of 25000.000 ug is above LIMit:BOLus 100.000" in verdict(desk)
    assert refused(desk, "PAT:DOSE 120 MG,1 MIN")[0] == -222


def test_ug_ml_of_another_strength_is_not_sold_or_shows_as_a_change(desk):
    assert desk.prescribe(SPINAL + "RATE 0.8 ML/D") == OK
    desk.tell("PRES:EDIT;CONC 5000 UG/ML")
    assert "concentration of 5000.000 ug/mL is not one that is sold" in verdict(desk)[0]
    desk.tell("PRES:CONC 2000 UG/ML")
    assert [text.split(":")[0] for text in verdict(desk)[1:]] == ["HIGH", "INCRease"]
    assert '"daily dose, ug: 400.000 -> 1600.000"' in desk.ask("PRES:COMP?")


def test_overlapping_flex_windows_and_empty_ones_are_refused_with_day_and_times(desk):
    desk.tell("PRES:NEW;FLEX:STEP WD,06:00,120 UG/D,10:00")
    number, text = refused(desk, "FLEX:STEP MON,08:00,100 UG/D")
    assert number == 121
    assert text.endswith("windows overlap on MON: 06:00-10:00 and 08:00")
    number, text = refused(desk, "FLEX:STEP ALL,12:00,100 UG/D,12:00")
    assert (number, text.split(";")[1]) == (121, "ALL 12:00-12:00 is a window of zero length")
    assert refused(desk, "FLEX:STEP ALL,22:00,100 UG/D,06:00")[0] == 121
    assert refused(desk, "FLEX:STEP FRI,06:00,100 UG/D")[0] == 121
    assert desk.tell("PRES:FLEX:STEP SAT,08:00,100 UG/D") == OK


def test_more_bolus_than_fits_the_interval_is_a_problem(desk):
    desk.tell("PRES:NEW;CONC 500 UG/ML;MODE PER;RATE 100 UG/D;PER:DOSE 25 UG,1 HR,1 HR")
    assert verdict(desk) == ["more bolus than fits the interval: 3600.000 s every 3600.000 s"]


def test_a_lockout_longer_than_a_day_is_refused_at_once(staged):
    for lockout in ("86400.001 S", "25 HR", "2 D"):
        number, text = refused(staged, f"PAT:LOCK {lockout}")
        assert number == -222
        assert text.endswith("at most 1 D: a lockout longer than a day")
    assert staged.tell("PRES:PAT:LOCK 1 D") == OK


def test_an_old_token_and_an_edit_after_the_validation_are_refused(desk):
    desk.prescribe("CONC 500 UG/ML;MODE SIMP;RATE 100 UG/D")
    old = desk.staging.active.token()
    desk.tell("PRES:EDIT;RATE 110 UG/D")
    assert desk.tell(f"PRES:COMM {old}")[0] == 105
    token = desk.ask("PRES:VAL?").split(",")[1]
    desk.tell("PRES:RATE 120 UG/D")
    assert desk.tell(f"PRES:COMM {token}")[0] == 105
    desk.tell("PRES:RATE 110 UG/D")
    assert desk.tell(f"PRES:COMM {token}") == OK
    assert desk.tell(f"PRES:COMM {token}")[0] == 104


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("CONC 99 NG/ML", -131),
        ("CONC 0 UG/ML", -222),
        ("CONC 10000.001 UG/ML", -222),
        ("RATE 0 UG/D", -222),
        ("RATE 120 UG", -131),
        ("DRUG baclofen", -148),
        ('DRUG "' + 33 * "x" + '"', -222),
        ("IND BRAIN", -141),
        ("MODE PERI", -141),
        ("PER:DOSE 0 UG,1 MIN,1 HR", -222),
        ("PER:DOSE 100.000001 MG,1 MIN,1 HR", -222),
        ("PER:DOSE 25 UG,4.999 S,1 HR", -222),
        ("PER:DOSE 25 UG,24.0001 HR,2 D", -222),
        ("PER:DOSE 25 UG,1 MIN,0 HR", -222),
        ("PER:DOSE 25 UG,1,6", -130),
        ("PER:DOSE 25 UG,1 MIN", -109),
        ("PAT:DOSE 25,1 MIN", -130),
        ("PAT:DOSE 25 UG,0 S", -222),
        ("PAT:LOCK 0 HR", -222),
        ("PAT:LOCK 6", -130),
        ("PAT:MAX 0", -222),
        ("PAT:MAX 289", -222),
        ("PAT:MAX 4 HR", -138),
        ("LIM:RATE 0 ML/D", -222),
        ("LIM:BOL 0 UG", -222),
        ("LIM:DAY 0 UG", -222),
        ("FLEX:STEP MONDAY,06:00,1 ML/D", -141),
        ("FLEX:STEP MON,6:00,1 ML/D", -120),
        ("FLEX:STEP MON,06:0,1 ML/D", -120),
        ("FLEX:STEP MON,0600,1 ML/D", -120),
        ("FLEX:STEP MON,06-00,1 ML/D", -120),
        ("FLEX:STEP MON,+6:00,1 ML/D", -120),
        ("FLEX:STEP MON,06:60,1 ML/D", -222),
        ("FLEX:STEP MON,24:00,1 ML/D", -222),
        ("FLEX:STEP MON,06:00,1 ML/D,24:01", -222),
        ("FLEX:STEP MON,06:00,0 ML/D", -222),
        ("FLEX:STEP MON,06:00,1", -130),
        ("FLEX:STEP MON,'06:00',1 ML/D", -158),
        ("FLEX:STAG? WD", -141),
        ("COMM 00000000,MEDIUM", -141),
        ("COMM 00000000,LOW,LOW,LOW,LOW,LOW,LOW", -108),
    ],
)
def test_each_bad_line_is_one_error_and_changes_nothing(staged, line, number):
    assert refused(staged, line)[0] == number


def test_quotes_in_a_drug_come_back_as_they_went_in(staged):
    assert staged.tell("PRES:DRUG 'a \"b\" c'") == OK
    assert staged.staging.staged().drug == 'a "b" c'
    assert '"drug: NONE -> a ""b"" c"' in staged.ask("PRES:COMP?")


def test_edits_keep_the_staged_copy_alive_and_reading_does_not(staged):
    for line in ("RATE 1 ML/D", "FLEX:CLE", "PAT:MAX 4", "LIM:CLE", "PAT:CLE"):
        staged.clock.run(9)
        assert staged.tell("PRES:" + line) == OK
    staged.clock.run(9)
    assert staged.ask("PRES:VAL?;COMP?")
    staged.clock.run(1)
    assert staged.tell("PRES:VAL?")[0] == 104
    assert staged.staging.was_dropped


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_minute_of_the_day_can_be_programmed(hour, minute):
    desk = Desk()
    desk.tell(f"PRES:NEW;FLEX:STEP ALL,{hour:02}:{minute:02},1 ML/D")
    assert desk.staging.staged().flex.steps[0][1] == 60 * hour + minute
