# SPDX-License-Identifier: MIT
"""How much a day of delivery writes to flash, by the whole firmware, and how long the flash lasts.

The numbers are those of firmware/STORE.md.
"""

import re
from pathlib import Path

import pytest

from host_tests.support.flash.wear import Wear, pump_with_firmware_in_flash, years
from pumpbench.images.image import BLOCK_COUNT

PAGE = Path(__file__).resolve().parents[2] / "firmware" / "STORE.md"
FIRMWARE_BLOCKS = 88  # what the files of a board take, and nothing ever moves
MORE = 1.3  # than the page says: a first day, or a few commands


def said(rate):
    """(pages programmed, blocks erased) a day at a rate, as the page has it."""
    row = re.search(
        rf"^\| {re.escape(rate)} \| [\d ]+ \| ([\d ]+) \| ([\d ]+) \|", PAGE.read_text(), re.M
    )
    return tuple(int(number.replace(" ", "")) for number in row.groups())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "days"),
    [
        pytest.param("1 mL/d", 1, marks=pytest.mark.long),
        pytest.param("24 mL/d", 1, marks=pytest.mark.long),
        ("24 mL/d", 0.25),
    ],
)
def test_a_day_writes_no_more_than_the_page_says(rate, days, record_property):
    """Six hours of it in `make test`."""
    bench = pump_with_firmware_in_flash(rate.upper())
    bench.tell("THER:STAR")
    wear = Wear(bench.target)
    written = int(bench.ask("SYST:HEAL?").split(",")[3])
    wear.run(bench, days)
    files = int(bench.ask("SYST:HEAL?").split(",")[3]) - written
    erases, worst = wear.erases.total(), max(wear.erases.values())
    free = BLOCK_COUNT - FIRMWARE_BLOCKS
    programs_said, erases_said = [number * days for number in said(rate)]
    assert programs_said / MORE < wear.programs < programs_said * MORE
    assert erases_said / MORE < erases < erases_said * MORE
    record_property(
        "measured",
        f"flash in {24 * days:.0f} h at {rate}: {files} files written,"
        f" {wear.programs} pages programmed, {erases} blocks erased, one of them {worst} times;"
        f" {years(erases / days, free):.0f} years when {free} free blocks share them",
    )
