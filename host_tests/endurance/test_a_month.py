# SPDX-License-Identifier: MIT
"""A month of the whole firmware at 1 mL/d: no step missing, no object more, flash counted."""

import pytest

from host_tests.support.boards.footprint import size_of, with_app
from host_tests.support.flash.wear import HOUR_S, Wear, pump_with_firmware_in_flash
from host_tests.support.sessions.bench import assert_balanced

STEP_US = 5_400_000  # 62.5 nL at 1 mL/d


@pytest.mark.long
def test_a_month_of_the_whole_firmware_misses_no_step_and_stays_the_same_size(
    days, record_property
):
    """A command an hour fills the log; the reservoir is refilled on the way, while stopped.

    An ordinary run, of `--days=2`, has a day of it.
    """
    length = min(max(days - 1, 1), 30)
    bench, app = with_app(lambda: pump_with_firmware_in_flash("1 ML/D", refill="20 ML"))
    wear, sizes = Wear(bench.target), []
    bench.mark()
    bench.tell("THER:STAR")
    began_ns, due = bench.target.now_ns, 0
    for day in range(length):
        for hour in range(24):
            bench.run(HOUR_S)
            bench.target.write(b"BOL:ABOR;ABOR\n")  # nothing is under way: two events
            wear.count()
            if hour % 6 == 5:
                sizes.append(size_of(app))
        if day % 15 == 14:
            bench.stop()
            due += int((bench.target.now_ns - began_ns) // 1000 // STEP_US)
            bench.tell("RES:REF 20 ML")
            bench.tell("THER:STAR")
            began_ns = bench.target.now_ns
    bench.stop()
    due += int((bench.target.now_ns - began_ns) // 1000 // STEP_US)
    assert bench.plant.edges.count == pytest.approx(due, abs=2)
    assert_balanced(bench)
    assert bench.ask("SYST:ERR?;:ALAR:ACT?") == '0,"No error";0,"None"'
    count, first = (int(number) for number in bench.ask("LOG:COUN?").split(","))
    assert count >= min(48 * length, 1000)
    assert first == 1 or count >= 1000
    grown = sizes[-1] - sizes[1]
    assert grown <= 2_000  # numbers get longer, and no more
    programs, erases = wear.programs // length, wear.erases.total() // length
    record_property(
        "measured",
        f"days of the whole firmware at 1 mL/d with 48 commands a day, {length}: {programs}"
        f" pages programmed and {erases} blocks erased a day; {count} events; its objects grew"
        f" by {grown} of {sizes[1]} bytes from hour 12 on",
    )
