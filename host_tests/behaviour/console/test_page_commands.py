# SPDX-License-Identifier: MIT
"""Every command of the console page: what it says of each can be done, and is answered so."""

import re
from typing import NamedTuple

import pytest

from host_tests.support.console.console_page import CUT, TOKEN, Life, commands
from host_tests.support.console.tables import headers_of

NO_ERROR = '0,"No error"'
ML, S, UG, INT = r"\d+\.\d{6}", r"\d+\.\d{3}", r"\d+\.\d{3}", r"\d+"
STRING, CLOCK = r'"(?:[^"]|"")*"', r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"

# A stopped pump with 10 mL in it and a prescription that allows the patient a bolus.
STOPPED = (
    "MOT:CAL:PERR 0.2 ML",
    "RES:REF 10 ML",
    "PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 24 ML/D;PAT:DOSE 5 UG,10 S;LOCK 6 HR;MAX 3",
    f"PRES:COMM {TOKEN}",
)
STAGED = ("PRES:EDIT",)
STARTED = ("THER:STAR",)
PERIODIC = (
    "PRES:NEW;CONC 500 UG/ML;MODE PER;RATE 24 ML/D;PER:DOSE 5 UG,1 MIN,6 HR",
    f"PRES:COMM {TOKEN}",
)
LOW = ("RES:LOW 10 ML", 0.1)  # an alarm of that priority
LOCKED = ('SYST:LOCK:PIN "24680"', "SYST:LOCK")


class Example(NamedTuple):
    """parameters: of a line that is right. answer: the form of it, of a query.

    before: what a stopped pump with a prescription needs to be given first, see `Life`.
    """

    parameters: str = ""
    answer: str = ""
    before: tuple[str | float, ...] = ()


def some(field, *more):
    """One or more rows of fields, all in one line."""
    row = ",".join([field, *more])
    return f"{row}(?:,{row})*"


EXAMPLES = {
    "*IDN?": Example(answer=r"ITB-Pump,RPI_PICO,[0-9a-f]{16},\d+\.\d+\.\d+"),
    "*RST": Example(),
    "*CLS": Example(),
    "*ESE": Example("36"),
    "*ESE?": Example(answer="36", before=("*ESE #H24",)),
    "*ESR?": Example(answer="1", before=("*CLS", "*OPC")),
    "*OPC": Example(),
    "*OPC?": Example(answer="1"),
    "*WAI": Example(),
    "*OPT?": Example(answer="0"),
    "*SRE": Example("32"),
    "*SRE?": Example(answer="32", before=("*SRE 3.2E1",)),
    "*STB?": Example(answer="96", before=("*CLS", "*ESE 1;*SRE 32;*OPC")),
    "*TST?": Example(answer="0"),
    "SYSTEM:ERROR:NEXT?": Example(answer=NO_ERROR),
    "SYSTEM:ERROR:ALL?": Example(answer=NO_ERROR),
    "SYSTEM:ERROR:COUNT?": Example(answer="0"),
    "SYSTEM:VERSION?": Example(answer=r"1999\.0"),
    "SYSTEM:STATE?": Example(answer="STOPPED"),
    "SYSTEM:PROGRAM?": Example(answer="NONE|[0-9A-F]{8}"),
    "SYSTEM:TIME": Example("2026-11-23T10:00:00"),
    "SYSTEM:TIME?": Example(
        answer="2026-11-23T10:00:0[12]", before=("SYST:TIME 2026-11-23T10:00:00", 1)
    ),
    "SYSTEM:RESET?": Example(answer="POWER"),
    "SYSTEM:UPTIME?": Example(answer=S),
    "SYSTEM:HEALTH?": Example(answer=f"{INT},{S},{INT},{INT}"),
    "SYSTEM:LOCK:PIN": Example('"24680"'),
    "SYSTEM:LOCK": Example(before=LOCKED[:1]),
    "SYSTEM:LOCK?": Example(answer="LOCKED,0", before=LOCKED),
    "SYSTEM:UNLOCK": Example('"24680"', before=LOCKED),
    "SYSTEM:HEARTBEAT": Example("5 S"),
    "SYSTEM:HEARTBEAT?": Example(answer=r"90\.000", before=("SYST:HEAR 1.5 MIN",)),
    "SYSTEM:SERVICE": Example(),
    "PRESCRIPTION:NEW": Example(),
    "PRESCRIPTION:EDIT": Example(),
    "PRESCRIPTION:DRUG": Example('"baclofen"', before=STAGED),
    "PRESCRIPTION:CONCENTRATION": Example("2 MG/ML", before=STAGED),
    "PRESCRIPTION:INDICATION": Example("SPIN", before=STAGED),
    "PRESCRIPTION:MODE": Example("PERiodic", before=STAGED),
    "PRESCRIPTION:RATE": Example("120 UG/D", before=STAGED),
    "PRESCRIPTION:FLEX:CLEAR": Example(before=STAGED),
    "PRESCRIPTION:FLEX:STEP": Example("WD,06:00,120 UG/D,22:00", before=STAGED),
    "PRESCRIPTION:FLEX:STAGED?": Example(
        "MON",
        r"00:00,24\.000000,06:00,0\.240000,22:00,24\.000000",
        (*STAGED, "PRES:FLEX:STEP WD,06:00,120 UG/D,22:00"),
    ),
    "PRESCRIPTION:FLEX:ACTIVE?": Example("SUN", some(r"\d\d:\d\d", ML)),
    "PRESCRIPTION:PERIODIC:DOSE": Example("5 UG,1 MIN,6 HR", before=STAGED),
    "PRESCRIPTION:PERIODIC:NEXT?": Example(answer=rf"{S},5\.000", before=(*PERIODIC, *STARTED)),
    "PRESCRIPTION:PATIENT:DOSE": Example("5 UG,10 S", before=STAGED),
    "PRESCRIPTION:PATIENT:LOCKOUT": Example("1 D", before=STAGED),
    "PRESCRIPTION:PATIENT:MAXIMUM": Example("3", before=STAGED),
    "PRESCRIPTION:PATIENT:CLEAR": Example(before=STAGED),
    "PRESCRIPTION:LIMIT:RATE": Example("48 ML/D", before=STAGED),
    "PRESCRIPTION:LIMIT:BOLUS": Example("50 UG", before=STAGED),
    "PRESCRIPTION:LIMIT:DAY": Example("20 MG", before=STAGED),
    "PRESCRIPTION:LIMIT:CLEAR": Example(before=STAGED),
    "PRESCRIPTION:VALIDATE?": Example(answer=f"OK,[0-9A-F]{{8}}(,{STRING})*", before=STAGED),
    "PRESCRIPTION:COMPARE?": Example(answer=some('"[^":]+: [^"]+ -> [^"]+"'), before=STAGED),
    "PRESCRIPTION:COMMIT": Example(TOKEN, before=STAGED),
    "PRESCRIPTION:DISCARD": Example(before=STAGED),
    "PRESCRIPTION:STAGED?": Example(answer=f"SIMPLE,{UG},{UG},{ML}", before=STAGED),
    "PRESCRIPTION:ACTIVE?": Example(answer=r"SIMPLE,500\.000,12000\.000,24\.000000"),
    "THERAPY:START": Example(),
    "THERAPY:STOP": Example(before=STARTED),
    "THERAPY:CONFIRM": Example(before=(*STARTED, 2, CUT)),
    "THERAPY:RESUME": Example("HOLD"),
    "THERAPY:RESUME?": Example(answer="BASAL", before=("THER:RES BAS",)),
    "THERAPY:STATE?": Example(answer="RUNNING", before=STARTED),
    "BOLUS:START": Example("5 UG,10 S"),
    "BOLUS:PATIENT": Example(before=STARTED),
    "BOLUS:TRIAL": Example("50 UG,1 MIN,1 HR"),
    "BOLUS:ABORT": Example(before=("BOL:STAR 5 UG,10 S",)),
    "BOLUS:STATE?": Example(answer=rf"CLINICIAN,5\.000,{UG},{S}", before=("BOL:STAR 5 UG,10 S",)),
    "BOLUS:HISTORY?": Example(
        "4", rf"{INT},TRIAL,5\.000,{UG},{S},STOPPED", ("BOL:TRI 5 UG,10 S,1 HR", 1, "THER:STOP")
    ),
    "BOLUS:PATIENT?": Example(answer=f"1,0,0,{S}", before=(*STARTED, "BOL:PAT")),
    "PRIME:START": Example("0.1 ML,1 ML/MIN"),
    "PRIME:CATHETER?": Example("0.53,800", ML),
    "PRIME:ABORT": Example(before=("PRIM:STAR 0.1 ML,1 ML/MIN",)),
    "BRIDGE:START": Example("500 UG/ML,0.1 ML"),
    "DELIVERY:STEPS?": Example(answer="16,8,8,8", before=(*STARTED, 2)),
    "DELIVERY:TOTAL?": Example("REF", f"{UG},{ML}"),
    "DELIVERY:LEDGER?": Example("LIFE", some("[A-Z]+", ML)),
    "DELIVERY:INTERVAL?": Example(answer=f"{ML},{ML}"),
    "DELIVERY:RATE?": Example(answer=r"12000\.000,24\.000000", before=STARTED),
    "DELIVERY:ROTOR?": Example(answer="NONE"),
    "MOTOR:JOG": Example("0.0003125,60"),
    "MOTOR:CALIBRATE:PERREV": Example("0.19 ML"),
    "MOTOR:CALIBRATE?": Example(answer=r"0\.190000", before=("MOT:CAL:PERR 0.19 ML",)),
    "MOTOR:CALIBRATE:RUN": Example("0.1"),
    "MOTOR:CALIBRATE:MEASURED": Example("0.021 ML", before=("MOT:CAL:RUN 0.1", 0.5)),
    "MOTOR:CALIBRATE:HISTORY?": Example(answer=some(S, ML)),
    "RESERVOIR:CAPACITY": Example("30 ML"),
    "RESERVOIR:CAPACITY?": Example(answer=r"30\.000000", before=("RES:CAP 30 ML",)),
    "RESERVOIR:VOLUME?": Example(answer=r"10\.000000"),
    "RESERVOIR:REFILL": Example("20 ML,9.9 ML"),
    "RESERVOIR:REFILL?": Example(
        answer=r"20\.000000,9\.900000,10\.000000,(NONE|-?\d+\.\d)",
        before=("RES:REF 20 ML,9.9 ML",),
    ),
    "RESERVOIR:LOW": Example("3 ML"),
    "RESERVOIR:LOW?": Example(answer=r"3\.000000", before=("RES:LOW 3 ML",)),
    "RESERVOIR:FORECAST?": Example(answer=",".join([INT] * 4)),
    "ALARM:ACTIVE?": Example(answer='305,"Reservoir low",LOW,ACTIVE', before=LOW),
    "ALARM:ACKNOWLEDGE": Example("305", before=LOW),
    "ALARM:PAUSE": Example("60 S", before=LOW),
    "ALARM:PAUSE?": Example(answer=S, before=(*LOW, "ALAR:PAUS")),
    "ALARM:REMINDER": Example("2 HR"),
    "ALARM:REMINDER?": Example(answer=r"7200\.000", before=("ALAR:REM 2 HR",)),
    "ALARM:STOPPED": Example("24 HR"),
    "ALARM:STOPPED?": Example(answer=r"86400\.000", before=("ALAR:STOP 1 D",)),
    "ALARM:TEST": Example("MED"),
    "ALARM:TABLE?": Example(
        answer=some(
            r"3\d\d", STRING, "(?:LOW|MEDIUM|HIGH)", "(?:LATCHING|ENDS)", "(?:RUNS|HOLDS|STOPS)"
        )
    ),
    "LOG:COUNT?": Example(answer=f"{INT},1"),
    "LOG:READ?": Example("1,4", some(INT, INT, S, f"(?:NONE|{CLOCK})", r"4\d\d", STRING)),
    "STATUS:OPERATION:EVENT?": Example(answer="256", before=STARTED),
    "STATUS:OPERATION:CONDITION?": Example(answer="256", before=STARTED),
    "STATUS:OPERATION:ENABLE": Example("256"),
    "STATUS:OPERATION:ENABLE?": Example(answer="256", before=("STAT:OPER:ENAB #B100000000",)),
    "STATUS:QUESTIONABLE:EVENT?": Example(answer="4096", before=("*CLS", *LOW)),
    "STATUS:QUESTIONABLE:CONDITION?": Example(answer="4096", before=LOW),
    "STATUS:QUESTIONABLE:ENABLE": Example("4096"),
    "STATUS:QUESTIONABLE:ENABLE?": Example(answer="512", before=("STAT:QUES:ENAB 512",)),
    "STATUS:PRESET": Example(),
}


def long_form(pattern):
    """The longest header that a pattern of the page stands for; the optional words are in it."""
    return max(headers_of(pattern), key=len)


def short_form(pattern):
    """The shortest one."""
    return min(headers_of(pattern), key=len)


def test_there_is_an_example_of_exactly_the_commands_of_the_page():
    listed = [long_form(pattern) for pattern in commands()]
    assert len(set(listed)) == len(listed)
    assert set(EXAMPLES) == set(listed)


def test_an_example_has_an_answer_where_it_asks():
    assert all(header.endswith("?") == bool(row.answer) for header, row in EXAMPLES.items())


@pytest.mark.parametrize("form", [long_form, short_form], ids=["long", "short"])
@pytest.mark.parametrize("pattern", commands())
def test_a_command_of_the_page_leaves_no_error_and_a_query_answers_in_its_form(pattern, form):
    example = EXAMPLES[long_form(pattern)]
    life = Life()
    life.go(STOPPED + example.before)
    line = life.line(f"{form(pattern)} {example.parameters}".rstrip())
    answer, _, error = (";" + life.pump.ask(f"{line};:SYST:ERR?")).rpartition(";")
    assert error == NO_ERROR
    assert re.fullmatch(example.answer, answer[1:]), answer
