# SPDX-License-Identifier: MIT
"""The ledger: every emitted step belongs to one kind of delivery; their sum is the emitted count.

Pure. Volumes are exact rationals of the calibration at the time of emission, so a later
calibration never changes them; steps emitted before the first calibration wait for it. Volumes and
drug cover the pump's whole life: `to_record` goes to flash and `from_record` restores it. The
share that a power cut leaves uncertain is kept apart, as possibly delivered.
"""

from micropython import const

from pump.kinds import JOG, NAMES, PRIME, RECOVERED, REGULAR

# 1 pL at 1 ng/mL holds 1e-9 mL of 1 ng/mL: 1e-9 ng, an attogram.
_AG_PER_NG = const(1_000_000_000)
_AG_PER_FG = const(1000)


class Ledger:
    """Volume and drug delivered in the pump's life, per kind; steps since power-up.

    Volumes are kept in picolitres times steps_per_rev, drug in attograms times steps_per_rev.
    is_whole: False when the account of an earlier life is lost. edits: refills and measurements
    since power-up, the changes to the account other than steps.
    """

    def __init__(self, steps_per_rev):
        self.is_whole = True
        self.edits = 0
        self._steps_per_rev = steps_per_rev
        self._steps = [0] * len(NAMES)
        self._volumes = [0] * len(NAMES)
        self._refilled = [0] * len(NAMES)  # the volumes at the last refill
        self._drug = self._refilled_drug = 0
        self._dosed = [0, 0]  # drug since power-up: of the regular therapy, of doses
        self._unsure = self._unsure_drug = 0  # volume and drug possibly delivered in addition
        self._unmeasured = self._unsure_steps = 0  # steps without a calibration: only jogs

    def add(self, parts):
        """Book emitted steps: (steps, batch) each, batch: (kind, pl_per_rev, ng_ml or 0).

        Books all of them or, on MemoryError, none.
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
        """After a reset: book `steps` as delivered, and `unsure_steps` as possibly delivered."""
        _, pl_per_rev, ng_ml = batch
        if not pl_per_rev:
            self._unmeasured += steps
            self._unsure_steps += unsure_steps
        self._volumes[RECOVERED] += steps * pl_per_rev
        self._drug += steps * pl_per_rev * ng_ml
        self._unsure += unsure_steps * pl_per_rev
        self._unsure_drug += unsure_steps * pl_per_rev * ng_ml

    def measure(self, pl_per_rev, before):
        """Book the steps emitted uncalibrated. before: those of them before the last refill."""
        self.edits += 1 if self.unmeasured() else 0
        self._volumes[JOG] += self._unmeasured * pl_per_rev
        self._unsure += self._unsure_steps * pl_per_rev
        self._refilled[JOG] += min(before, self._unmeasured) * pl_per_rev
        self._unmeasured = self._unsure_steps = 0

    def unmeasured(self):
        """Steps of unknown volume, certainly or possibly emitted."""
        return self._unmeasured + self._unsure_steps

    def is_bounded(self):
        """False while there is no upper bound on the delivered volume."""
        return self.is_whole and not self.unmeasured()

    def refill(self):
        """The reservoir is being refilled: start the account since the refill."""
        self._refilled = list(self._volumes)
        self._refilled_drug = self._drug
        self.edits += 1

    def steps(self, kind=None):
        """Steps emitted since power-up, of one kind or of all (None)."""
        return sum(self._steps) if kind is None else self._steps[kind]

    def volume_pl(self, kind=None, since_refill=False):
        """Volume certainly delivered in picolitres, rounded down, of one kind or of all (None)."""
        volumes = self._volumes
        if since_refill:
            volumes = [now - then for now, then in zip(volumes, self._refilled)]
        return (sum(volumes) if kind is None else volumes[kind]) // self._steps_per_rev

    def most_pl(self):
        """Upper bound of the delivered picolitres, rounded up, without unmeasured steps."""
        return -(-(sum(self._volumes) + self._unsure) // self._steps_per_rev)

    def drug_ng(self, since_refill=False):
        """Drug certainly delivered in nanograms, rounded down."""
        drug = self._drug - (self._refilled_drug if since_refill else 0)
        return drug // (self._steps_per_rev * _AG_PER_NG)

    def most_ng(self):
        """Upper bound of the delivered drug in nanograms, rounded up."""
        return -(-(self._drug + self._unsure_drug) // (self._steps_per_rev * _AG_PER_NG))

    def dosed_fg(self):
        """(drug of the regular therapy, of doses) since power-up in femtograms, rounded down.

        Jogs and primes count as neither.
        """
        regular, doses = self._dosed
        parts = self._steps_per_rev * _AG_PER_FG
        return regular // parts, doses // parts

    def lose(self):
        """The record is lost: from now on the account is partial."""
        nothing = [0] * len(NAMES)
        self.from_record([self._steps_per_rev, nothing, nothing, [0] * 6, False])

    def to_record(self):
        """[steps_per_rev, volumes, volumes at the refill, amounts, is_whole]."""
        amounts = self._drug, self._refilled_drug, self._unsure, self._unsure_drug
        amounts += self._unmeasured, self._unsure_steps
        return [self._steps_per_rev, self._volumes, self._refilled, amounts, self.is_whole]

    def from_record(self, record):
        """Restore the state that `to_record` returned, at the present steps per revolution.

        Certain amounts are rounded down, uncertain ones up.
        """
        then, volumes, refilled, amounts, self.is_whole = record
        now = self._steps_per_rev
        self._volumes = [volume * now // then for volume in volumes]
        self._refilled = [volume * now // then for volume in refilled]
        self._drug, self._refilled_drug = [amount * now // then for amount in amounts[:2]]
        more = [-(-amount * now // then) for amount in amounts[2:]]
        self._unsure, self._unsure_drug, self._unmeasured, self._unsure_steps = more
