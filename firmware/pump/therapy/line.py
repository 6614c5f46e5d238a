# SPDX-License-Identifier: MIT
"""The line: which drug the tube between reservoir and tip holds, as far as it is known. Pure.

After a change of concentration it still holds the old drug. Only a bridge or a prime that has gone
through to its end clears it; one that was interrupted leaves two drugs in it.
"""


class Line:
    """ng_ml: what leaves the tip next; 0: not known. is_mixed: another drug follows behind it."""

    def __init__(self):
        self.ng_ml = 0
        self.is_mixed = False

    def is_clear(self, ng_ml):
        """True when nothing but this concentration will come, as far as is known."""
        return not self.is_mixed and self.ng_ml in (0, ng_ml)

    def is_old(self, ng_ml):
        """True when this may be what comes next, so that a bridge can begin with it."""
        return self.ng_ml in (0, ng_ml)

    def bridge(self, old_ng_ml, ng_ml):
        """The old drug is pushed out by this concentration."""
        self.ng_ml, self.is_mixed = old_ng_ml, self.is_mixed or old_ng_ml != ng_ml

    def prime(self, ng_ml):
        """A prime pushes this concentration in."""
        self.is_mixed = self.is_mixed or self.ng_ml not in (0, ng_ml)

    def lose(self):
        """Nobody knows what it holds, or whether that is one drug: nothing suits it."""
        self.ng_ml, self.is_mixed = 0, True

    def fill(self, ng_ml):
        """It holds this concentration all through; 0: nobody knows."""
        self.ng_ml, self.is_mixed = ng_ml, False
