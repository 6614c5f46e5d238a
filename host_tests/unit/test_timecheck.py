# SPDX-License-Identifier: MIT
"""The clock against the stopwatch, where Python needs time for each call, as on a chip."""

import pytest

from pump.timecheck import TimeCheck

CALL_US = 30  # of the clock
START_US = STOP_US = 150  # of the stopwatch; it runs from, or to, the midst of that


class Chip:
    """The stopwatch is right; the clock runs at `speed`."""

    def __init__(self, speed, delay):
        self._speed = speed
        self._delay = delay
        self._true_us = self._since_us = 0.0

    def now_us(self):
        self._pass(CALL_US)
        return int(self._true_us * self._speed)

    def wait_until(self, at_us):
        self._true_us = max(self._true_us, at_us / self._speed)

    def start(self):
        self._pass(START_US / 2)
        self._since_us = self._true_us
        self._pass(START_US / 2)

    def stop(self):
        self._pass(STOP_US / 2)
        counted_us = int(self._true_us - self._since_us)
        self._pass(STOP_US / 2)
        return counted_us

    def _pass(self, us):
        self._true_us += us * self._delay


@pytest.mark.parametrize("delay", [0, 0.5, 1])
@pytest.mark.parametrize(
    ("speed", "agrees"),
    [
        (1, True),
        (1.005, True),
        (0.995, True),
        (1.02, False),
        (0.98, False),
        (2, False),
        (0, False),
    ],
)
def test_two_per_cent_are_found_and_half_a_per_cent_is_not_however_slow_python_is(
    speed, agrees, delay
):
    chip = Chip(speed or 0.01, delay)
    assert TimeCheck(chip, chip).test() == agrees


@pytest.mark.parametrize("late_us", [0, 3_000, 40_000, 500_000])
def test_the_window_may_last_as_long_as_the_rest_of_the_board(late_us):
    for speed, agrees in ((1, True), (1.02, False), (0.98, False)):
        chip = Chip(speed, 1)
        check = TimeCheck(chip, chip)
        due_us = check.poll(chip.now_us())
        chip.wait_until(due_us + late_us)
        if agrees:
            assert check.poll(chip.now_us()) - due_us >= 60_000_000
            continue
        with pytest.raises(Exception, match="207"):
            check.poll(chip.now_us())
