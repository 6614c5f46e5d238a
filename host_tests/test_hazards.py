# SPDX-License-Identifier: MIT
"""The rules of the hazard table: every hazard has its tests, every marker its hazard."""

from host_tests.support.run import hazards


def test_every_hazard_has_a_test_and_every_marker_a_hazard():
    assert set(hazards.marked()) == set(hazards.listed())


def test_every_hazard_says_what_it_is_where_it_is_known_from_and_what_guards_against_it():
    for key, row in hazards.listed().items():
        assert set(row) == {"category", "hazard", "source", "guard"}, key
        assert row["category"] in hazards.CATEGORIES, key
        assert all(text and "|" not in text for text in row.values()), key


def test_the_page_lists_what_the_markers_say():
    page = hazards.PAGE.read_text()
    assert hazards.without_numbers(page) == hazards.without_numbers(hazards.table({}))
