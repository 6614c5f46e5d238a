# SPDX-License-Identifier: MIT
"""A prescription as an operator wrote it, and what it means: written apart from the firmware.

Brute force: a week is a table of its minutes, a train of doses is walked dose by dose. Amounts
in nanolitres and nanograms, times in microseconds, rates in nanolitres a day unless named.
"""

from fractions import Fraction

from host_tests.support.sessions.inputs import decimal

DAY_US = 86_400_000_000
WEEK_US = 7 * DAY_US
MINUTE_US = 60_000_000
MIN_NL_D = 6_000
MAX_NL_D = 24_000_000_000
STEPS_PER_REV = 3200
NL_PER_REV = 200_000  # as the board's data has it
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
GROUPS = {"ALL": DAYS, "WD": DAYS[:5], "WE": DAYS[5:]} | {day: (day,) for day in DAYS}
LIBRARY = {  # ug a day: usual, seen; how much more in 24 h, per cent
    "SPINAL": ((300, 800), (12, 2_000), 30),
    "CEREBRAL": ((90, 703), (22, 1_400), 15),
}
SOLD_NG_ML = (50_000, 500_000, 1_000_000, 2_000_000)


class Head:
    """The pump head of this session: the volume of a step."""

    def __init__(self):
        self.calibrate(NL_PER_REV)

    def calibrate(self, nl_per_rev):
        """A revolution moves so many nanolitres."""
        self.step_nl = Fraction(nl_per_rev, STEPS_PER_REV)

    def step_ng(self, ng_ml):
        """The drug in a step."""
        return self.step_nl * ng_ml / 10**6


HEAD = Head()


def hh_mm(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def seconds(us):
    """A time for the console, exact to the millisecond."""
    return decimal(Fraction(us, 10**6), 3) + " S"


def ug(ng):
    return decimal(Fraction(ng, 1_000), 3) + " UG"


class Rate:
    """As it was typed: drug a day, or volume a day."""

    def __init__(self, amount, is_drug):
        self.amount, self.is_drug = amount, is_drug

    def text(self):
        if self.is_drug:
            return decimal(Fraction(self.amount, 1_000), 3) + " UG/D"
        return decimal(Fraction(self.amount, 10**6), 6) + " ML/D"

    def nl_d(self, ng_ml):
        return self.amount * 10**6 // ng_ml if self.is_drug else self.amount

    def __eq__(self, other):
        return isinstance(other, Rate) and vars(self) == vars(other)

    __hash__ = None


class Prescription:
    """Everything that can be written into one; nothing is written yet."""

    def __init__(self):
        self.drug, self.ng_ml, self.indication, self.mode = "", 0, "NONE", ""
        self.rate = None
        self.flex = []  # (days, from minute, to minute or 0, Rate)
        self.periodic = None  # (ng, duration us, interval us)
        self.patient = None  # (ng, duration us)
        self.lockout_us = self.maximum = 0
        self.limit_rate = None
        self.limit_bolus_ng = self.limit_day_ng = 0

    def copy(self):
        other = Prescription()
        vars(other).update(vars(self), flex=list(self.flex))
        return other

    def same(self, other):
        return vars(self) == vars(other)

    def volume_nl(self, ng):
        return ng * 10**6 // self.ng_ml

    def basal_nl_d(self):
        return self.rate.nl_d(self.ng_ml) if self.rate else 0

    def conflicts(self, days, begin, end):
        """Whether a flex step runs into another, or is empty."""
        if end and end <= begin:
            return True
        for others, first, last, _ in self.flex:
            if not set(GROUPS[days]) & set(GROUPS[others]):
                continue
            if first == begin or (end and begin < first < end) or first < begin < last:
                return True
        return False

    def minutes(self):
        """The rate of every minute of the week from Monday 00:00 on, nl a day."""
        table = []
        for day in DAYS:
            steps = sorted(
                (begin, end, rate.nl_d(self.ng_ml))
                for days, begin, end, rate in self.flex
                if day in GROUPS[days]
            )
            today = [self.basal_nl_d()] * 1440
            for i, (begin, end, nl_d) in enumerate(steps):
                until = end or (steps[i + 1][0] if i + 1 < len(steps) else 1440)
                today[begin:until] = [nl_d] * (until - begin)
            table += today
        return table

    def week(self):
        """(minute of the week, nl a day) wherever the rate changes, and at Monday 00:00."""
        table = self.minutes()
        return [(m, r) for m, r in enumerate(table) if m == 0 or table[m - 1] != r]

    def rates_nl_d(self):
        """Every basal rate that it may deliver."""
        if self.mode == "MINIMUM":
            return [MIN_NL_D]
        return sorted({r for _, r in self.week()}) if self.mode == "FLEX" else [self.basal_nl_d()]

    def mean_ng_d(self):
        """Regular drug of a mean day, a Fraction; a periodic dose counts as its whole volume."""
        if self.mode == "FLEX":
            nl_d = Fraction(sum(self.minutes()), 7 * 1440)
        else:
            nl_d = Fraction(self.rates_nl_d()[0])
        if self.mode == "PERIODIC":
            ng, _, interval_us = self.periodic
            return nl_d * self.ng_ml / 10**6 + Fraction(ng * DAY_US, interval_us)
        return nl_d * self.ng_ml / 10**6

    def days_ng(self):
        """The least and the most regular drug of any day, whichever way a day is taken."""
        days = [self.mean_ng_d(), self.richest_ng()]
        if self.mode == "FLEX":
            table = self.minutes()
            days += [
                Fraction(sum(table[m : m + 1440]), 1440) * self.ng_ml / 10**6
                for m in range(0, len(table), 1440)
            ]
        return min(days), max(days)

    def richest_ng(self):
        """The most regular drug that can fall into 24 h."""
        if self.mode == "FLEX":
            table = self.minutes() * 2
            total = most = sum(table[:1440])
            for m in range(len(table) - 1440):
                total += table[m + 1440] - table[m]
                most = max(most, total)
            return Fraction(most, 1440) * self.ng_ml / 10**6
        drug = Fraction(self.rates_nl_d()[0] * self.ng_ml, 10**6)
        if self.mode == "PERIODIC":
            ng, duration_us, interval_us = self.periodic
            t_us = 0
            while t_us < DAY_US:  # a window that begins with a dose
                drug += Fraction(ng * min(DAY_US - t_us, duration_us), duration_us)
                t_us += interval_us
        return drug

    def most_ng(self):
        """The same, with every patient bolus that could be given."""
        return self.richest_ng() + (self.patient[0] * self.maximum if self.patient else 0)

    def lines(self):
        """What to type after NEW."""
        texts = [f'DRUG "{self.drug}"'] if self.drug else []
        texts += [f"CONC {decimal(Fraction(self.ng_ml, 1000), 3)} UG/ML"] if self.ng_ml else []
        texts += [f"IND {self.indication}"] if self.indication != "NONE" else []
        texts += [f"MODE {self.mode}"] if self.mode else []
        texts += [f"RATE {self.rate.text()}"] if self.rate else []
        texts += [self.step_line(*entry) for entry in self.flex]
        if self.periodic:
            ng, duration_us, interval_us = self.periodic
            texts += [f"PER:DOSE {ug(ng)},{seconds(duration_us)},{seconds(interval_us)}"]
        if self.patient:
            texts += [f"PAT:DOSE {ug(self.patient[0])},{seconds(self.patient[1])}"]
        texts += [f"PAT:LOCK {seconds(self.lockout_us)}"] if self.lockout_us else []
        texts += [f"PAT:MAX {self.maximum}"] if self.maximum else []
        texts += [f"LIM:RATE {self.limit_rate.text()}"] if self.limit_rate else []
        texts += [f"LIM:BOL {ug(self.limit_bolus_ng)}"] if self.limit_bolus_ng else []
        texts += [f"LIM:DAY {ug(self.limit_day_ng)}"] if self.limit_day_ng else []
        return ["PRES:" + text for text in texts]

    @staticmethod
    def step_line(days, begin, end, rate):
        until = f",{hh_mm(end)}" if end else ""
        return f"FLEX:STEP {days},{hh_mm(begin)},{rate.text()}{until}"
