# SPDX-License-Identifier: MIT
"""A prescription: which drug, how strong, how much a day. Pure data and the checks on it.

The rate is kept as it was programmed, as drug or as volume; the other one follows from the
concentration (volume per day = dose per day / concentration), rounded down, never up.
"""

import binascii

SIMPLE = "SIMPLE"  # one constant rate

_NL_PER_ML = 1_000_000


class Prescription:
    """Fields are 0 or empty until programmed; what is programmed is above 0.

    concentration_ng_ml; mode: SIMPLE; programmed_ng_d or programmed_nl_d, never both.
    """

    def __init__(self):
        self.concentration_ng_ml = 0
        self.mode = ""
        self.programmed_ng_d = 0
        self.programmed_nl_d = 0

    def program_dose(self, rate_ng_d):
        """Program the rate as drug per day."""
        self.programmed_ng_d, self.programmed_nl_d = rate_ng_d, 0

    def program_volume(self, rate_nl_d):
        """Program the rate as volume per day."""
        self.programmed_ng_d, self.programmed_nl_d = 0, rate_nl_d

    def rate_nl_d(self):
        """Volume per day in nanolitres, rounded down. Needs a rate, and a concentration."""
        if self.programmed_nl_d:
            return self.programmed_nl_d
        return self.programmed_ng_d * _NL_PER_ML // self.concentration_ng_ml

    def rate_ng_d(self):
        """Drug per day in nanograms, rounded down. Needs a rate, and a concentration."""
        if self.programmed_ng_d:
            return self.programmed_ng_d
        return self.programmed_nl_d * self.concentration_ng_ml // _NL_PER_ML

    def token(self):
        """Eight hexadecimal digits over the whole content: the same content, the same token."""
        content = (
            self.concentration_ng_ml,
            self.mode,
            self.programmed_ng_d,
            self.programmed_nl_d,
        )
        return "%08X" % binascii.crc32(repr(content).encode())


def problems(prescription, max_rate_nl_d):
    """Everything that keeps a prescription from being committed, as sentences; () when nothing."""
    found = []
    if not prescription.concentration_ng_ml:
        found.append("no concentration: PRESCription:CONCentration")
    if not prescription.mode:
        found.append("no mode: PRESCription:MODE")
    found.extend(_rate_problems(prescription, max_rate_nl_d))
    return tuple(found)


def _rate_problems(prescription, max_rate_nl_d):
    if not prescription.programmed_ng_d and not prescription.programmed_nl_d:
        return ("no rate: PRESCription:RATE",)
    if not prescription.programmed_nl_d and not prescription.concentration_ng_ml:
        return ()  # a dose says nothing about volume before the concentration is known
    rate_nl_d = prescription.rate_nl_d()
    if rate_nl_d < 1:
        return ("rate is below 1 nL a day",)
    if rate_nl_d > max_rate_nl_d:
        return ("rate of %d nL a day is above the pump's %d" % (rate_nl_d, max_rate_nl_d),)
    return ()
