# SPDX-License-Identifier: MIT
"""The fluid path: which drug the tube from reservoir to tip holds, as far as it is known. Pure.

After a change of drug or concentration it still holds the old one. Only a bridge (of the same
drug) or a prime that has gone through to its end clears it; one that was interrupted leaves two
drugs in it. A prescription need not name its drug: "" is any, and changes no name that is known.
"""


class FluidPath:
    """ng_ml: what leaves the tip next; 0: not known. is_mixed: another drug follows behind it.

    drug: its name in small letters; "": not known.
    """

    def __init__(self):
        self.ng_ml = 0
        self.drug = ""
        self.is_mixed = False

    def is_clear(self, ng_ml, drug):
        """True when nothing but this concentration of this drug will come, as far as is known."""
        return not self.is_mixed and self.is_old(ng_ml, drug)

    def is_old(self, ng_ml, drug):
        """True when this may be what comes next, so that a bridge can begin with it."""
        return self.ng_ml in (0, ng_ml) and self.is_of(drug)

    def is_of(self, drug):
        """Whether it may hold that drug, of any concentration."""
        return self.drug in ("", drug.lower()) or not drug

    def bridge(self, old_ng_ml, ng_ml):
        """The old drug is pushed out by this concentration."""
        self.ng_ml, self.is_mixed = old_ng_ml, self.is_mixed or old_ng_ml != ng_ml

    def prime(self, ng_ml, drug):
        """A prime pushes this concentration of this drug in."""
        self.is_mixed = self.is_mixed or not self.is_old(ng_ml, drug)

    def to_record(self):
        """[ng_ml, is_mixed, drug], as JSON can keep it."""
        return [self.ng_ml, self.is_mixed, self.drug]

    def from_record(self, record):
        """Be again what `to_record` told."""
        self.ng_ml, self.is_mixed, self.drug = record

    def lose(self):
        """Nobody knows what it holds, or whether that is one drug: nothing suits it."""
        self.ng_ml, self.drug, self.is_mixed = 0, "", True

    def fill(self, ng_ml, drug):
        """It holds this all through; 0: nobody knows the concentration."""
        self.ng_ml, self.drug, self.is_mixed = ng_ml, drug.lower() or self.drug, False

    def primed(self, ng_ml, drug):
        """A prime has come to its end: nothing of what it held before is left in it."""
        self.ng_ml, self.drug, self.is_mixed = ng_ml, drug.lower(), False
