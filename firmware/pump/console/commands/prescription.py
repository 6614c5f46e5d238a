# SPDX-License-Identifier: MIT
"""PRESCription: edit a staged copy, validate it, compare it, commit it with its token."""

from micropython import const

from pump.console.commands.edits import Edits
from pump.console.params import (
    CONCENTRATION,
    DOSE,
    RATE,
    STRING,
    TEXT,
    TIME,
    choice,
    integer_between,
    optional,
)
from pump.console.params_time import DAYS, END_OF_WINDOW, TIME_OF_DAY, WEEKDAY
from pump.faults import Refused
from pump.prescription.daily_totals import mean_day
from pump.prescription.flex import WEEKDAYS, clock_text
from pump.prescription.prescription import MAX_STARTS
from pump.units import ml, ug, ug_ml
from pump.unload import unload

# two short forms: four letters as SCPI says, five as the contract writes it
_ROOT = const("PRES|PRESCription:")
_SOFT = ("HIGH", "LOW", "INCRease", "DECRease", "INTerval")  # the names that a commit may list


def rows(orders, interlocks, staging):
    """Rows for the tree. orders: has `commit`. interlocks: has `verdict`, `limits`."""
    report = _Report(interlocks, staging)
    named = (optional(choice(*_SOFT)),) * len(_SOFT)
    yield from _edit_rows(Edits(staging))
    yield (_ROOT + "NEW", staging.new)
    yield (_ROOT + "EDIT", staging.edit)
    yield (_ROOT + "DISCard", staging.discard)
    yield (_ROOT + "VALidate?", report.validation)
    yield (_ROOT + "COMPare?", report.comparison)
    yield (_ROOT + "COMMit", orders.commit, TEXT) + named
    yield (_ROOT + "STAGed?", report.staged)
    yield (_ROOT + "ACTive?", report.active)
    yield (_ROOT + "FLEX:STAGed?", report.staged_day, WEEKDAY)
    yield (_ROOT + "FLEX:ACTive?", report.active_day, WEEKDAY)


def _edit_rows(edits):
    """Rows of all commands that change a field of the staged prescription."""
    indication = choice("SPINal", "CEREbral", "NONE")
    mode = choice("MINimum", "SIMPle", "FLEX", "PERiodic")
    yield (_ROOT + "DRUG", edits.drug, STRING)
    yield (_ROOT + "CONCentration", edits.concentration, CONCENTRATION)
    yield (_ROOT + "INDication", edits.indication, indication)
    yield (_ROOT + "MODE", edits.mode, mode)
    yield (_ROOT + "RATE", edits.rate, RATE)
    yield (_ROOT + "FLEX:CLEar", edits.flex_clear)
    yield (_ROOT + "FLEX:STEP", edits.flex_step, DAYS, TIME_OF_DAY, RATE, optional(END_OF_WINDOW))
    yield (_ROOT + "PERiodic:DOSE", edits.periodic_dose, DOSE, TIME, TIME)
    yield (_ROOT + "PATient:DOSE", edits.patient_dose, DOSE, TIME)
    yield (_ROOT + "PATient:LOCKout", edits.patient_lockout, TIME)
    yield (_ROOT + "PATient:MAXimum", edits.patient_maximum, integer_between(1, MAX_STARTS))
    yield (_ROOT + "PATient:CLEar", edits.patient_clear)
    yield (_ROOT + "LIMit:RATE", edits.limit_rate, RATE)
    yield (_ROOT + "LIMit:BOLus", edits.limit_bolus, DOSE)
    yield (_ROOT + "LIMit:DAY", edits.limit_day, DOSE)
    yield (_ROOT + "LIMit:CLEar", edits.limit_clear)


class _Report:
    """Answers of the queries, one method for each."""

    def __init__(self, interlocks, staging):
        self._interlocks = interlocks
        self._staging = staging

    def validation(self):
        """`OK`, the token, soft limits and notes as strings; or every problem as a string."""
        staged = self._staging.staged()
        problems, soft, notes = self._interlocks.verdict(staged)
        if problems:
            return [_quoted(problem) for problem in problems]
        words = {word.upper(): word for word in _SOFT}
        sentences = ["%s: %s" % (words[name], text) for name, text in soft]
        sentences.extend(notes)
        return ["OK", staged.token()] + [_quoted(sentence) for sentence in sentences]

    def comparison(self):
        """Every field as `"field: active -> staged"`."""
        self._interlocks.make_room()
        try:
            from pump.prescription.comparison import comparison
        finally:
            unload("pump.prescription.comparison")
        staged = self._staging.staged()
        fields = comparison(self._staging.active, staged, self._interlocks.limits())
        return (_quoted("%s: %s -> %s" % field) for field in fields)

    def staged(self):
        try:
            return self._content(self._staging.staged())
        except Refused:
            return "NONE"

    def active(self):
        active = self._staging.active
        return "NONE" if active is None else self._content(active)

    def staged_day(self, weekday):
        return _day(self._staging.staged(), weekday)

    def active_day(self, weekday):
        active = self._staging.active
        return "NONE" if active is None else _day(active, weekday)

    def _content(self, prescription):
        """mode, ug/mL, ug per day, mL per day; mean day for flex and periodic doses."""
        mean_ng, mean_nl = mean_day(prescription, self._interlocks.limits().min_nl_d)
        strength = ug_ml(prescription.concentration_ng_ml)
        return prescription.mode or "NONE", strength, ug(mean_ng), ml(mean_nl)


def _day(prescription, weekday):
    """The rates of a weekday as programmed for FLEX: time, mL per day, time, mL per day, ..."""
    day = WEEKDAYS.index(weekday)
    ng_ml = prescription.concentration_ng_ml
    found = []
    for from_min, _, nl_d in prescription.flex.segments(day, prescription.rate_nl_d(), ng_ml):
        found.extend((clock_text(from_min), ml(nl_d)))
    return found


def _quoted(text):
    return '"%s"' % text.replace('"', '""')
