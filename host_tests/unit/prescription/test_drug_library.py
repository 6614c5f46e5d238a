# SPDX-License-Identifier: MIT
"""The drug library: its numbers, to whom it applies, and what it says of a screening trial."""

import pytest

from host_tests.support.sessions.prescriptions import baclofen, simple
from pump.prescription import drug_library

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("indication", "usual_ug", "seen_ug", "increase_pct"),
    [("SPINAL", (300, 800), (12, 2_000), 30), ("CEREBRAL", (90, 703), (22, 1_400), 15)],
)
def test_the_numbers_are_those_of_the_sources(indication, usual_ug, seen_ug, increase_pct):
    entry = drug_library.entry(baclofen(300_000, indication))
    assert entry.usual_ng_d == tuple(1_000 * ug for ug in usual_ug)
    assert entry.seen_ng_d == tuple(1_000 * ug for ug in seen_ug)
    assert (entry.max_increase_pct, entry.max_decrease_pct) == (increase_pct, 20)


def test_the_library_applies_to_its_drug_with_an_indication_in_any_case_of_letters():
    assert drug_library.entry(simple()) is None
    assert drug_library.entry(baclofen(300_000, "NONE")) is None
    prescription = baclofen(300_000)
    prescription.drug = "Baclofen"
    assert drug_library.entry(prescription) is drug_library.ENTRIES["SPINAL"]
    prescription.drug = "morphine"
    assert drug_library.entry(prescription) is None


@pytest.mark.parametrize("dose_ng", [50_000, 75_000, 100_000])
def test_the_screening_doses_pass(dose_ng):
    for hours in (4, 8, 24):
        assert drug_library.trial_problems("SPINAL", dose_ng, 60_000, hours * HOUR_MS) == ()


def test_everything_wrong_with_a_trial_is_said_at_once_with_its_numbers():
    found = drug_library.trial_problems("CEREBRAL", 100_001, 59_999, 4 * HOUR_MS - 1)
    assert found == (
        "a trial of 100.001 ug: at most 100.000 ug",
        "a trial in 59.999 s: at least 60.000 s",
        "an observation of 14399.999 s: at least 14400.000 s",
    )
    found = drug_library.trial_problems("CEREBRAL", 1, 60_000, 24 * HOUR_MS + 1)
    assert found == ("an observation of 86400.001 s: at most 86400.000 s",)


def test_a_trial_without_an_indication_is_not_judged():
    assert drug_library.trial_problems("NONE", 10**9, 1, 1) == ()
