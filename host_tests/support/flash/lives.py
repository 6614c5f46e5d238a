# SPDX-License-Identifier: MIT
"""Lives of a pump, of many lengths, that end with a power cut, and the flash that each leaves.

There is no program on these flashes but main.py: to damage it is a matter of the self-test.
"""

from functools import cache
from typing import NamedTuple

from host_tests.support.flash.copies import path_of, value_of, with_value
from host_tests.support.flash.event_logs import file_of
from host_tests.support.sessions.bench import Bench
from pumpbench.client.pump import Pump
from pumpbench.images.flashfiles import read_files, with_files
from pumpbench.images.image import FIRMWARE, MAIN, pack
from pumpbench.targets.sim import SimTarget

PROGRAM = {MAIN: (FIRMWARE / "main.py").read_bytes()}
EVENTS = 1000  # in a full file of the log
BOLUSES, PORTIONS = 32, 400  # in a full past
DAY_US = 86_400_000_000
TICK_US = 262_144  # of a portion, see `daily_past`
NEVER_ON, FRESH = "never switched on", "first power-up, nothing programmed"
STOPPED, CUT_OFF = "stopped, a lower dose since", "cut off after a patient bolus"
MANY, FULL_LOG, FULL_PAST = "many starts and doses", "full log", "full past"
NAMES = (NEVER_ON, FRESH, STOPPED, CUT_OFF, MANY, FULL_LOG, FULL_PAST)


class Life(NamedTuple):
    """What a pump has left behind when its power is cut.

    earlier: what flash held before, at several instants. truth_ml: what it has delivered.
    """

    flash: bytes
    earlier: tuple[bytes, ...]
    truth_ml: float
    prescription: str
    is_locked_out: bool


class Diary(Bench):
    """A pump on a flash with its firmware, whose flash is kept now and then."""

    def __init__(self, flash=None):
        super().__init__(SimTarget(flash=pack(PROGRAM) if flash is None else flash))
        self.kept = [self.target.flash]
        self.tell("SYST:TIME 2026-03-01T07:30:00;:RES:REF 18 ML")

    def prescribe(self, rate_ug_d):
        self.tell(f"PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE {rate_ug_d} UG/D")
        self.tell("PRES:PAT:DOSE 20 UG,1 MIN;LOCK 6 HR;MAX 3;:PRES:LIM:DAY 900 UG")
        self.tell("PRES:COMM " + self.ask("PRES:VAL?").split(",")[1])

    def deliver(self, seconds, *commands):
        """Start, give the commands, stop after so long."""
        self.tell("THER:STAR")
        for command in commands:
            self.run(5)
            self.tell(command)
        self.run(seconds)
        self.tell("THER:STOP")
        self.run(3)
        self.keep()

    def keep(self):
        self.kept.append(self.target.flash)

    def life(self, is_locked_out=False, before_ml=0.0):
        """before_ml: what went out before this power-up."""
        truth_ml = before_ml + float(self.plant.beaker.volume_nl) / 1e6
        active = self.ask("PRES:ACT?")
        flash = self.target.flash
        self.target.close()
        return Life(flash, tuple(self.kept), truth_ml, active, is_locked_out)


@cache
def life(name):
    return MAKERS[name]()


def never_on():
    """As deployment leaves it: the folders are there, and main.py."""
    return Life(pack(PROGRAM), (), 0.0, "NONE", False)


def first_power_up():
    """A pump that was switched on for three seconds."""
    target = SimTarget(flash=pack(PROGRAM))
    active = Pump(target).ask("PRES:ACT?")
    earlier = [pack(PROGRAM), target.flash]
    target.run(3)
    flash = target.flash
    target.close()
    return Life(flash, tuple(earlier), 0.0, active, False)


def stopped():
    diary = Diary()
    diary.prescribe(400)
    diary.deliver(600)
    diary.prescribe(360)
    diary.deliver(900, "BOL:PAT")
    return diary.life(is_locked_out=True)


def cut_off():
    diary = Diary()
    diary.prescribe(400)
    diary.deliver(60)
    diary.tell("THER:STAR")
    diary.run(5)
    diary.tell("BOL:PAT")
    diary.run(12)
    return diary.life(is_locked_out=True)


def many():
    """Both blocks of each folder have been written anew."""
    diary = Diary()
    diary.prescribe(400)
    for count in range(12):
        diary.deliver(20 + count, *(["BOL:STAR 2 UG,5 S"] if count % 3 else []))
    return diary.life()


def full_log():
    """The last of 2000 events are being written into the second file."""
    first = stopped()
    logs = {"/log/log.0": file_of(1, EVENTS), "/log/log.1": file_of(EVENTS + 1, EVENTS - 20)}
    diary = Diary(with_files(first.flash, logs))
    diary.deliver(30)
    found = diary.life(is_locked_out=True, before_ml=first.truth_ml)
    sizes = [len(read_files(found.flash)[path]) // 64 for path in logs]
    assert sizes[0] == EVENTS > sizes[1] > EVENTS - 16, sizes
    return found


def full_past():
    """32 boluses, the last one by the patient, after a day of as many portions as are kept."""
    diary = Diary()
    diary.prescribe(400)
    diary.deliver(5)
    before = diary.life()
    diary = Diary(after_a_day(before.flash))
    diary.tell("THER:STAR")
    for _ in range(BOLUSES):
        diary.tell("BOL:STAR 1 UG,5 S")
        diary.run(8)
    diary.keep()
    diary.tell("BOL:PAT")
    diary.run(70)
    diary.tell("THER:STOP")
    diary.run(3)
    found = diary.life(is_locked_out=True, before_ml=before.truth_ml)
    sizes = {key: len(read_files(found.flash)[path_of(key, 0)]) for key in ("past", "day")}
    assert min(sizes.values()) > 1400, sizes
    return found


def after_a_day(flash):
    """These records a day later, with all the portions of that day that there can be."""
    delivery, day = value_of(flash, "delivery"), value_of(flash, "day")
    now_us = delivery[0] = delivery[0] + DAY_US
    every = (DAY_US - 3_600_000_000) // PORTIONS // TICK_US
    first = (now_us - every * TICK_US * PORTIONS) // TICK_US
    ticks = [[first << 1] + [every << 1] * (PORTIONS - 1)]
    day[0][0] = [64_000_000, [31_999_999] * 2, [now_us] * 2, ticks]
    return with_value(with_value(flash, "delivery", delivery), "day", day)


MAKERS = dict(
    zip(
        NAMES, (never_on, first_power_up, stopped, cut_off, many, full_log, full_past), strict=True
    )
)
