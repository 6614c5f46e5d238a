# SPDX-License-Identifier: MIT
"""The ledger: every emitted step belongs to one kind of delivery; their sum is the emitted count.

Pure. Volumes are kept as exact rationals of the calibration in force when the steps went out, so a
later calibration never rewrites them; steps that went out before there was one wait for the first.
They are of the pump's whole life: `state` goes to flash and `restore` brings it back. What a power
cut leaves unknown is kept apart, as what may be out too.
"""

from micropython import const

from pump.kinds import JOG, NAMES, PRIME, RECOVERED, REGULAR

# 1 pL at 1 ng/mL holds 1e-9 mL of 1 ng/mL: 1e-9 ng, an attogram.
_AG_PER_NG = const(1_000_000_000)
_AG_PER_FG = const(1000)


class Ledger:
    """Volume and drug delivered in the pump's life, per kind; steps since power-up.

    Volumes are kept in picolitres times steps_per_rev, drug in attograms times steps_per_rev.
    is_whole: False when what was kept of an earlier life is lost. edits: refills and
    measurements since power-up, whatever changes the account besides steps.
    """

    def __init__(self, steps_per_rev):
        self.is_whole = True
        self.edits = 0
        self._steps_per_rev = steps_per_rev
        self._steps = [0] * len(NAMES)
        self._volumes = [0] * len(NAMES)
        self._refilled = [0] * len(NAMES)  # the volumes at the last refill
        self._drug = self._refilled_drug = 0
        self._dosed = [0, 0]  # drug since power-up: of the regular therapy, and of doses
        self._unsure = self._unsure_drug = 0  # what may be out besides
        self._unmeasured = self._unsure_steps = 0  # steps without a calibration: only jogs

    def add(self, parts):
        """Book steps sent out: (steps, batch) each, batch: (kind, pl_per_rev, ng_ml or 0).

        All of them or, where there is no memory for the sums, none.
        """
        steps, volumes = list(self._steps), list(self._volumes)
        drug, unmeasured, dosed = self._drug, self._unmeasured, list(self._dosed)
        for count, (kind, pl_per_rev, ng_ml) in parts:
            amount = count * pl_per_rev * ng_ml
            if kind not in (JOG, PRIME):
                dosed[kind not in REGULAR] += amount
            steps[kind] += count
            unmeasured += 0 if pl_per_rev else count
            volumes[kind] += count * pl_per_rev
            drug += amount
        self._steps, self._volumes = steps, volumes
        self._drug, self._unmeasured, self._dosed = drug, unmeasured, dosed

    def recover(self, steps, unsure_steps, batch):
        """After a reset: so many steps of a batch are out for sure, so many more may be."""
        _, pl_per_rev, ng_ml = batch
        if not pl_per_rev:
            self._unmeasured += steps
            self._unsure_steps += unsure_steps
        self._volumes[RECOVERED] += steps * pl_per_rev
        self._drug += steps * pl_per_rev * ng_ml
        self._unsure += unsure_steps * pl_per_rev
        self._unsure_drug += unsure_steps * pl_per_rev * ng_ml

    def measure(self, pl_per_rev, before):
        """Book what went out uncalibrated. before: steps of it that were not since the refill."""
        self.edits += 1 if self.unmeasured() else 0
        self._volumes[JOG] += self._unmeasured * pl_per_rev
        self._unsure += self._unsure_steps * pl_per_rev
        self._refilled[JOG] += min(before, self._unmeasured) * pl_per_rev
        self._unmeasured = self._unsure_steps = 0

    def unmeasured(self):
        """Steps that went out, or may have, and of which nobody knows the volume."""
        return self._unmeasured + self._unsure_steps

    def is_bounded(self):
        """False while nobody knows the most that can be out."""
        return self.is_whole and not self.unmeasured()

    def refill(self):
        """The reservoir is being refilled: what goes out from now on is counted from here, too."""
        self._refilled = list(self._volumes)
        self._refilled_drug = self._drug
        self.edits += 1

    def steps(self, kind=None):
        """Steps emitted since power-up, of one kind or of all."""
        return sum(self._steps) if kind is None else self._steps[kind]

    def volume_pl(self, kind=None, since_refill=False):
        """Volume that is out for sure in picolitres, rounded down, of one kind or of all."""
        volumes = self._volumes
        if since_refill:
            volumes = [now - then for now, then in zip(volumes, self._refilled)]
        return (sum(volumes) if kind is None else volumes[kind]) // self._steps_per_rev

    def most_pl(self):
        """The most that can be out in picolitres, rounded up, but for what is unmeasured."""
        return -(-(sum(self._volumes) + self._unsure) // self._steps_per_rev)

    def drug_ng(self, since_refill=False):
        """Drug that is out for sure in nanograms, rounded down."""
        drug = self._drug - (self._refilled_drug if since_refill else 0)
        return drug // (self._steps_per_rev * _AG_PER_NG)

    def most_ng(self):
        """The most drug that can be out in nanograms, rounded up."""
        return -(-(self._drug + self._unsure_drug) // (self._steps_per_rev * _AG_PER_NG))

    def dosed_fg(self):
        """Drug since power-up in femtograms, rounded down: (of the regular therapy, of doses).

        What turns or fills the line is neither.
        """
        regular, doses = self._dosed
        parts = self._steps_per_rev * _AG_PER_FG
        return regular // parts, doses // parts

    def lose(self):
        """Nobody knows what went out before: from now on a part is counted, not the whole."""
        nothing = [0] * len(NAMES)
        self.from_record([self._steps_per_rev, nothing, nothing, [0] * 6, False])

    def to_record(self):
        """All that has to survive, as a list."""
        amounts = self._drug, self._refilled_drug, self._unsure, self._unsure_drug
        amounts += self._unmeasured, self._unsure_steps
        return [self._steps_per_rev, self._volumes, self._refilled, amounts, self.is_whole]

    def from_record(self, record):
        """Go on from what `to_record` answered, whatever steps a revolution had then.

        What is sure is rounded down, what is not rounded up.
        """
        then, volumes, refilled, amounts, self.is_whole = record
        now = self._steps_per_rev
        self._volumes = [volume * now // then for volume in volumes]
        self._refilled = [volume * now // then for volume in refilled]
        self._drug, self._refilled_drug = [amount * now // then for amount in amounts[:2]]
        more = [-(-amount * now // then) for amount in amounts[2:]]
        self._unsure, self._unsure_drug, self._unmeasured, self._unsure_steps = more
