# SPDX-License-Identifier: MIT
"""PRESCription: edit a staged copy, validate it, commit it with the token of its content."""

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import CONCENTRATION, RATE, TEXT, choice
from pump.units import NG_D, ml, ug, ug_ml

_ROOT = "PRES|PRESCription:"  # four letters as SCPI shortens, five as the contract writes it
_MIN_NG_ML = 100  # any drug in a bench pump lies within
_MAX_NG_ML = 10_000_000


def rows(control, staging):
    """Rows for the tree."""
    edit = _Edit(staging)
    return (
        (_ROOT + "NEW", staging.new),
        (_ROOT + "CONCentration", edit.concentration, CONCENTRATION),
        (_ROOT + "MODE", edit.mode, choice("SIMPle")),
        (_ROOT + "RATE", edit.rate, RATE),
        (_ROOT + "VALidate?", lambda: _validation(control, staging)),
        (_ROOT + "COMMit", control.commit, TEXT),
        (_ROOT + "DISCard", staging.discard),
        (_ROOT + "ACTive?", lambda: _content(staging.active)),
    )


class _Edit:
    """Changes to what is staged; refused when nothing is."""

    def __init__(self, staging):
        self._staging = staging

    def concentration(self, ng_ml):
        if not _MIN_NG_ML <= ng_ml <= _MAX_NG_ML:
            raise ScpiError(DATA_OUT_OF_RANGE, "0.1 to 10000 UG/ML")
        self._staging.staged().concentration_ng_ml = ng_ml

    def mode(self, name):
        self._staging.staged().mode = name

    def rate(self, value):
        unit, amount = value
        if not amount:
            raise ScpiError(DATA_OUT_OF_RANGE, "above 0")
        staged = self._staging.staged()
        if unit == NG_D:
            staged.program_dose(amount)
        else:
            staged.program_volume(amount)


def _validation(control, staging):
    """`OK,<token>`, or every problem as a string."""
    found = control.problems()
    if found:
        return ['"%s"' % problem for problem in found]
    return "OK", staging.staged().token()


def _content(prescription):
    """mode, ug/mL, ug per day, mL per day."""
    if prescription is None:
        return "NONE"
    return (
        prescription.mode,
        ug_ml(prescription.concentration_ng_ml),
        ug(prescription.rate_ng_d()),
        ml(prescription.rate_nl_d()),
    )
