# SPDX-License-Identifier: MIT
"""What comes of a damaged raw flash: whether the pump that boots from it tells a lie.

It tells none where it says what it said before, or where an alarm says that something is lost.
"""

import struct
from collections import Counter
from contextlib import contextmanager
from operator import and_

from host_tests.support.console.alarm_answers import shown
from host_tests.support.flash.copies import path_of, value_of
from host_tests.support.flash.lives import PROGRAM
from host_tests.support.flash.raw import EVENT_BYTES, Chip, content_of, events_in, likeness
from pump.records.event_codes import DAMAGED
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.images.image import MAIN, PROG_BYTES
from pumpbench.targets.sim import SimTarget

ROUNDED_ML = 2e-6
MOST_ASKED = 3  # of the events that are missing, at either end
RECORDS_LOST, INTERRUPTED = 308, 304
UNSEEN, NOT_STARTED, MENDED, TOLD = "unseen", "not started", "mended", "told"
LOGS = ("/log/log.0", "/log/log.1")
# Of every record something, each in both copies: delivery, past, day, setup, alarms.
FACTS = (
    "DEL:TOT?;LEDG?;:BOL:HIST? 32;:RES:VOL?;LOW?;:MOT:CAL:HIST?;:THER:RES?;:SYST:LOCK?;:ALAR:STOP?"
)


class Judge:
    """Flashes in which LittleFS finds the same come to the same: one of them boots.

    Where it finds what it found in the whole one, one of each block boots.
    """

    def __init__(self, life):
        self.count = Counter()
        self._life = life
        self._chip = Chip(life.flash)
        self._whole = self._chip.files()
        self._known = {}
        healthy = Pump(SimTarget(flash=life.flash))
        self._facts = healthy.ask(FACTS)
        self._events = self._known_events()
        self._untouched = self._boot(self._whole, "nothing is damaged")

    def __str__(self):
        return ", ".join(f"{count} {what}" for what, count in sorted(self.count.items()))

    @contextmanager
    def flipped(self, at, bit):
        """With one bit of the life's flash wrong."""
        self._chip.flip(at, bit)
        yield
        self._chip.flip(at, bit)

    @contextmanager
    def replaced(self, block, content):
        """With something else in one block of the life's flash."""
        self._chip.put(block, content)
        yield
        self._chip.put(block, content_of(self._life.flash, block))

    def look(self, block, what, alone=None):
        """Count what comes of the flash as it is now; the test fails where it is a lie.

        alone: it comes to the same as others only where this is the same, too.
        """
        files = self._chip.files()
        is_seen = files != self._whole
        key = likeness(files or {}) if is_seen else block, alone
        if key not in self._known:
            outcome = self._boot(files, what)
            assert is_seen or outcome == self._untouched, what
            self._known[key] = outcome if is_seen else UNSEEN
        self.count[self._known[key]] += 1

    def _boot(self, files, what):
        """The program itself is held against its sums before anything moves, see the self-test."""
        if files is not None and files.get(MAIN) != PROGRAM[MAIN]:
            return NOT_STARTED
        target = SimTarget(flash=bytes(self._chip.buffer))
        clear_bits(target.world.flash)
        try:
            target.run(0.5)
            if target.world.files.was_formatted:  # no main.py is left then
                return NOT_STARTED
            assert files is not None, what
            return self._ask(target, files, what)
        finally:
            target.close()

    def _ask(self, target, files, what):
        life = self._life
        alarms = set(shown(target.ask("ALAR:ACT?")))
        answers = target.ask("DEL:INT?;:ALAR:ACT?;:LOG:COUN?")
        told = f"{what}: {answers}; {life.truth_ml} mL went out"
        least, most = target.ask("DEL:INT?").split(",")
        assert float(least) <= life.truth_ml + ROUNDED_ML, told
        assert most == "NONE" or life.truth_ml - ROUNDED_ML <= float(most), told
        pump = Pump(target)
        prescription = _answer(pump, "PRES:ACT?")
        assert prescription in (life.prescription, "NONE", None), f"{told}; {prescription}"
        if RECORDS_LOST not in alarms:
            assert most != "NONE", told
            assert prescription == life.prescription, f"{told}; {prescription}"
            facts = pump.ask(FACTS)
            assert facts == self._facts, f"{told}; {facts}"
            self._hold_log(pump, files, told)
        if life.is_locked_out:
            assert not _gives_a_bolus(pump), told
        return TOLD if alarms & {RECORDS_LOST, INTERRUPTED} else MENDED

    def _hold_log(self, pump, files, told):
        """An event that is not in the files as it was reads as it was, or as damaged.

        As it was: where a file cannot be read to its end, the firmware reads some of it.
        """
        left = {event for path in LOGS for event in events_in(files.get(path, b""))}
        missing = [number for number, event in self._events.items() if event not in left]
        for number in {*missing[:MOST_ASKED], *missing[-MOST_ASKED:]}:
            answer = pump.ask(f"LOG:READ? {number},1").split(",", 5)
            boot, code = struct.unpack_from("<HH", self._events[number], 4)
            true = ([str(number), str(boot), str(code)], [str(number), "0", str(DAMAGED)])
            found = [answer[0], *answer[1:5:3]]
            assert found in true, f"{told}; event {number}: {answer}"

    def _known_events(self):
        """Number -> record of each event; the record of the delivery knows of all of them."""
        found = {}
        for event in [event for path in LOGS for event in events_in(self._whole.get(path, b""))]:
            if event is not None and len(event) == EVENT_BYTES:
                found[int.from_bytes(event[:4], "little")] = event
        if path_of("delivery", 0) in self._whole:
            assert value_of(self._life.flash, "delivery")[-1] == max(found)
        return found


def clear_bits(flash):
    """Program as the chip does, also what was not erased: bits that are 0 stay so.

    LittleFS takes the rest of a block for erased where the first bit of a commit is wrong.
    """

    def program(block, offset, data):
        for at in range(0, len(data), PROG_BYTES):
            old = flash.read(block, offset + at, PROG_BYTES)
            page = bytes(map(and_, old, data[at : at + PROG_BYTES]))
            flash._perform("prog", block, offset + at, page)

    flash.program = program


def _answer(pump, question):
    """None for an error."""
    try:
        return pump.ask(question)
    except PumpError:
        return None


def _gives_a_bolus(pump):
    """Whether a patient gets a second one, seconds after the last; the lockout is 6 h."""
    for line in ("THER:CONF", "THER:STAR", "BOL:PAT"):
        try:
            pump.tell(line)
        except PumpError:
            if line != "THER:CONF":
                return False
    return True
