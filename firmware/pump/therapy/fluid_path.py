# SPDX-License-Identifier: MIT
"""The fluid path: drug and concentration in the line from reservoir to tip, if known. Pure.

After a change of drug or concentration it still holds the old one. Only a completed bridge (of the
same drug) or prime clears it; an interrupted one leaves two drugs in it. A prescription need not
name its drug: "" equals any, and does not change a known name.
"""


class FluidPath:
    """ng_ml: concentration at the tip; 0: not known. is_mixed: another drug follows in the line.

    drug: the name of the one at the tip in small letters; "": not known.
    """

    def __init__(self):
        self.ng_ml = 0
        self.drug = ""
        self.is_mixed = False

    def is_clear(self, ng_ml, drug):
        """True if the line holds only this concentration of this drug, as far as is known."""
        return not self.is_mixed and self.is_old(ng_ml, drug)

    def is_old(self, ng_ml, drug):
        """True if this may be the drug at the tip, so that a bridge can begin with it."""
        return self.ng_ml in (0, ng_ml) and self.is_of(drug)

    def is_of(self, drug):
        """True if it may hold that drug, of any concentration."""
        return self.drug in ("", drug.lower()) or not drug

    def bridge(self, old_ng_ml, ng_ml):
        """A bridge starts: the old concentration is followed by `ng_ml`."""
        self.ng_ml, self.is_mixed = old_ng_ml, self.is_mixed or old_ng_ml != ng_ml

    def prime(self, ng_ml, drug):
        """A prime starts, with this concentration of this drug."""
        self.is_mixed = self.is_mixed or not self.is_old(ng_ml, drug)

    def to_record(self):
        """[ng_ml, is_mixed, drug], for JSON."""
        return [self.ng_ml, self.is_mixed, self.drug]

    def from_record(self, record):
        """Restore the content from a record of `to_record`."""
        self.ng_ml, self.is_mixed, self.drug = record

    def lose(self):
        """Its content is lost: mixed and unknown, so that `is_clear` is False for any drug."""
        self.ng_ml, self.drug, self.is_mixed = 0, "", True

    def fill(self, ng_ml, drug):
        """It holds only this drug; ng_ml 0: the concentration is not known."""
        self.ng_ml, self.drug, self.is_mixed = ng_ml, drug.lower() or self.drug, False

    def primed(self, ng_ml, drug):
        """A prime is complete: nothing of the former drug is left in the line."""
        self.ng_ml, self.drug, self.is_mixed = ng_ml, drug.lower(), False
