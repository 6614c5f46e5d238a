# SPDX-License-Identifier: MIT
"""A prescription in a TOML file: every key and unit, and every mistake by its key."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from pumpbench import Dose, FlexStep, Limits, Patient, Periodic, Prescription
from pumpbench.client.prescription_file import Document, FileMistake, read

EXAMPLE = Path(__file__).parents[2] / "bench/examples/spasticity.toml"
PLAIN = 'concentration = "500 ug/mL"\nrate = "400 ug/d"\n'
PATIENT = PLAIN + '[patient]\ndose = "20 ug"\nduration = "30 min"\nlockout = "6 hr"\nmaximum = 3\n'
PERIODIC = '[periodic]\ndose = "20 ug"\nduration = "30 min"\ninterval = "0.25 d"\n'
FLEX = '[[flex]]\ndays = "WD"\nstart = "07:00"\nend = "09:00"\nrate = "1 mL/d"\n'


@pytest.fixture
def text_of(tmp_path):
    """Call with the text of a file: what is read of it."""

    def written(text):
        path = tmp_path / "therapy.toml"
        path.write_text(text)
        return read(path)

    return written


def test_a_whole_prescription(text_of):
    text = 'drug = "baclofen"\nindication = "CERE"\n' + PATIENT
    text += '[limits]\nrate = "1 mg/d"\nbolus = "50 ug"\nday = "480 ug"\n'
    assert text_of(text) == Prescription(
        500,
        ug_d=400,
        drug="baclofen",
        indication="CERE",
        patient=Patient(Dose(20, 1800), 21600, 3),
        limits=Limits(1000, 50, 480),
    )


def test_doses_at_intervals_and_rates_by_day_and_time(text_of):
    assert text_of(PLAIN + PERIODIC).periodic == Periodic(Dose(20, 1800), 21600)
    flex = text_of(PLAIN + FLEX + FLEX.replace("07:00", "20:00").replace('end = "09:00"\n', ""))
    assert flex.flex == (
        FlexStep("WD", "07:00", ml_d=1, end="09:00"),
        FlexStep("WD", "20:00", ml_d=1),
    )


@pytest.mark.parametrize(
    ("rate", "ug_d", "ml_d"),
    [
        ("400 ug/d", "400", None),
        ("0.4 MG/D", "400", None),
        ("24 mL/d", None, "24"),
        ("1 ml/hr", None, "24"),
        ("1000 uL/hr", None, "24"),
        ("1 mL/min", None, "1440"),
        ("1000 uL/min", None, "1440"),
        ("0.000001 mL/d", None, "0.000001"),
    ],
)
def test_every_unit_of_a_rate_is_exact(rate, ug_d, ml_d, text_of):
    found = text_of(PLAIN.replace("400 ug/d", rate))
    assert found.ug_d == (None if ug_d is None else Decimal(ug_d))
    assert found.ml_d == (None if ml_d is None else Decimal(ml_d))


@pytest.mark.parametrize(
    ("wrong", "key", "said"),
    [
        (PLAIN + "speed = 3\n", "speed", "no such key"),
        (PATIENT + 'lockuot = "6 hr"\n', "patient.lockuot", "no such key"),
        ('rate = "400 ug/d"\n', "concentration", "missing"),
        (PLAIN.replace("400 ug/d", "400 ug"), "rate", "'400 ug'"),
        (PLAIN.replace("400 ug/d", "400"), "rate", "ug/d, mg/d, mL/d"),
        (PLAIN.replace("400 ug/d", "-400 ug/d"), "rate", "'-400 ug/d'"),
        (PLAIN.replace("400 ug/d", "4e2 ug/d"), "rate", "'4e2 ug/d'"),
        (PLAIN.replace("400 ug/d", "400. ug/d"), "rate", "'400. ug/d'"),
        (PLAIN.replace("400 ug/d", " ug/d"), "rate", "' ug/d'"),
        (PLAIN.replace('"400 ug/d"', "400"), "rate", "400 is no amount"),
        (PLAIN.replace("500 ug/mL", "500 ug"), "concentration", "ug/mL, mg/mL"),
        (PATIENT.replace("20 ug", "20 mL"), "patient.dose", "ng, ug, mg"),
        (PATIENT.replace("30 min", "30 ug"), "patient.duration", "s, min, hr, d"),
        (PATIENT.replace("= 3", '= "3"'), "patient.maximum", "integer"),
        (PATIENT.replace("= 3", "= 0"), "patient.maximum", "1"),
        (PLAIN + '[limits]\nrate = "1 mL/d"\n', "limits.rate", "ug/d, mg/d"),
        (PLAIN + FLEX + FLEX.replace("07:00", "7:00"), "flex 2.start", "'7:00'"),
        (PLAIN + FLEX.replace("WD", "Monday"), "flex 1.days", "'MON'"),
        (PLAIN + "flex = 3\n", "flex", "list"),
        ('indication = "NO"\n' + PLAIN, "indication", "'SPIN'"),
        ("drug = 'a \"b\"'\n" + PLAIN, "drug", "quotation"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_key(wrong, key, said, text_of):
    with pytest.raises(FileMistake) as raised:
        text_of(wrong)
    sentence = str(raised.value)
    assert f", {key}: " in sentence
    assert said in sentence
    assert sentence.count("\n") == 0


def test_several_mistakes_are_a_sentence_each(text_of):
    with pytest.raises(FileMistake) as raised:
        text_of('rate = "1"\nspeed = 3\n')
    assert len(str(raised.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rate = ", "Invalid value"),
        (PLAIN + FLEX + PERIODIC, "not both"),
        ("rate = 1\nrate = 2\n", "line 2"),
    ],
)
def test_what_is_no_prescription_as_a_whole_is_a_sentence(text, said, text_of):
    with pytest.raises(FileMistake, match=said) as raised:
        text_of(text)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_or_no_text_is_a_sentence(tmp_path):
    with pytest.raises(FileMistake, match=r"cannot be read: No such file"):
        read(tmp_path / "none.toml")
    (tmp_path / "image.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(FileMistake, match=r"image\.toml"):
        read(tmp_path / "image.toml")


def test_the_example_shows_every_key():
    lines = EXAMPLE.read_text().splitlines()
    commented = [line.removeprefix("# ") for line in lines]
    start = commented.index("[periodic]")
    whole = "\n".join(lines[:start] + commented[start : start + 4] + lines[start + 4 :])
    tables = tomllib.loads(whole)
    assert set(tables) == set(Document.model_fields)
    for name, field in Document.model_fields.items():
        keys = getattr(field.annotation, "__args__", (field.annotation,))[0]
        if hasattr(keys, "model_fields"):
            table = tables[name][0] if isinstance(tables[name], list) else tables[name]
            assert set(table) == set(keys.model_fields), name
    assert read(EXAMPLE).drug == "baclofen"
