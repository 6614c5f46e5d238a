# SPDX-License-Identifier: MIT
"""The oracle's books: what every step was worth when it was made, printed as the console does."""

from fractions import Fraction


def fixed(value, decimals):
    """A whole number of the last decimals, as text."""
    return f"{value // 10**decimals}.{value % 10**decimals:0{decimals}d}"


class Books:
    """Volume and drug of every step since power-up."""

    def __init__(self):
        # (first step, nanolitres a step, nanograms a millilitre)
        self._chapters = [(0, Fraction(0), 0)]

    def open(self, first, step_nl, ng_ml=0):
        """From this step on; what was to begin there or later never came."""
        self._chapters = [c for c in self._chapters if c[0] < first] + [(first, step_nl, ng_ml)]

    def total(self, steps):
        """As `DELivery:TOTal?` says it."""
        ends = [first for first, _, _ in self._chapters[1:]] + [1 << 80]
        volume_nl = drug_ng = Fraction(0)
        for (first, step_nl, ng_ml), end in zip(self._chapters, ends, strict=True):
            nl = max(0, min(end, steps) - first) * step_nl
            volume_nl += nl
            drug_ng += nl * ng_ml / 1_000_000
        return f"{fixed(drug_ng // 1, 3)},{fixed(volume_nl // 1, 6)}"
