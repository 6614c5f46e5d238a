# SPDX-License-Identifier: MIT
"""A schedule: an amount due over time, answered exactly and in bounded time.

`Constant` is a steady rate. Its unit is the caller's: the therapy counts nanolitres per day over
microseconds, so that 86 400 000 000 units are a nanolitre; a jog counts steps. Time starts at 0
when the delivery starts. Whole numbers only, so nothing accumulates and nothing is rounded.
"""


class Constant:
    """`rate` units every microsecond, from 0 on. `rate` is an int above 0."""

    def __init__(self, rate):
        self.rate = rate

    def due(self, t_us):
        """The amount due by the instant `t_us`, in units."""
        return self.rate * t_us

    def when(self, amount):
        """The first whole microsecond by which `amount` units are due."""
        return -(-amount // self.rate)
