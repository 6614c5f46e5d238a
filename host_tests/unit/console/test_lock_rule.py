# SPDX-License-Identifier: MIT
"""Which commands the PIN guards: every row of the tree stands in one of two lists."""

from types import SimpleNamespace

import pytest

from host_tests.support.console.lines import call, tree_of
from host_tests.support.console.rows import all_rows
from pump.faults import LOCKED, WAIT, Refused
from pump.lock import Lock, has_pin, is_open_to_all

OPEN_TEXT = """*CLS *ESE *OPC *SRE *WAI
THERapy:STOP BOLus:PATient BOLus:ABORt PRIMe:ABORt
ALARm:ACKNowledge ALARm:PAUSe ALARm:TEST SYSTem:LOCK SYSTem:UNLock
STATus:PRESet STATus:OPERation:ENABle STATus:QUEStionable:ENABle"""
GUARDED_TEXT = """*RST THERapy:STARt THERapy:CONFirm THERapy:RESume
BOLus:STARt BOLus:TRIal PRIMe:STARt BRIDge:STARt
MOTor:JOG MOTor:CALibrate:PERRev MOTor:CALibrate:RUN MOTor:CALibrate:MEASured
REServoir:CAPacity REServoir:REFill REServoir:LOW ALARm:REMinder ALARm:STOPped
SYSTem:TIME SYSTem:SERVice SYSTem:HEARtbeat SYSTem:LOCK:PIN"""
PRESCRIPTION_TEXT = """NEW EDIT DISCard COMMit DRUG CONCentration INDication MODE RATE FLEX:CLEar
FLEX:STEP PERiodic:DOSE PATient:DOSE PATient:LOCKout PATient:MAXimum PATient:CLEar LIMit:RATE
LIMit:BOLus LIMit:DAY LIMit:CLEar"""
OPEN = OPEN_TEXT.split()
GUARDED = GUARDED_TEXT.split()
GUARDED += ["PRES|PRESCription:" + words for words in PRESCRIPTION_TEXT.split()]
ORDERS = [row[0] for row in all_rows() if not row[0].endswith("?")]
S = 1_000_000


def test_every_command_is_listed_as_open_or_as_guarded():
    """A new command fails here until somebody has decided which it is."""
    assert sorted(ORDERS) == sorted(OPEN + GUARDED)


@pytest.mark.hazard("changed-by-a-passer-by")
@pytest.mark.parametrize("pattern", [row[0] for row in all_rows()])
def test_the_rule_opens_queries_and_what_is_listed_and_nothing_else(pattern):
    assert is_open_to_all(pattern) == (pattern.endswith("?") or pattern in OPEN)


def test_a_command_that_nobody_has_listed_is_guarded():
    for pattern in ("THERapy:STOPNot", "SYSTem", "LOCK", "BOLus:PATient:DOSE", "THERapy"):
        assert not is_open_to_all(pattern)


@pytest.mark.parametrize("text", ["SYST:UNL", "SYSTEM:UNLOCK", "SYST:LOCK:PIN", "A;UNL '1'"])
def test_what_may_have_a_pin_is_known(text):
    assert has_pin(text)


def test_no_other_command_is_taken_for_one_with_a_pin():
    found = [row[0] for row in all_rows() if has_pin(row[0].upper())]
    assert found == ["SYSTem:LOCK:PIN", "SYSTem:UNLock"]


class Locked:
    """A lock with a clock and a PIN, locked."""

    def __init__(self):
        self.at_us = 5 * S
        self.salts = iter(range(1, 100))
        self.lock = self.another()
        self.lock.set_pin("1234")
        self.lock.close()

    def another(self):
        clock = SimpleNamespace(now_us=lambda: self.at_us)
        return Lock(clock, lambda count: bytes([next(self.salts)] * count))

    def tried(self, pin):
        self.lock.count_try()
        return self.lock.opens(pin)

    def is_refused(self, pattern):
        try:
            call(tree_of([(pattern, lambda: None)], self.lock.require_open), pattern.upper(), [])
        except Refused as refused:
            assert refused.code == LOCKED
            return True
        return False


def test_the_tree_refuses_before_it_looks_at_the_arguments():
    locked = Locked()
    tree = tree_of([("MOTor:JOG", pytest.fail)], locked.lock.require_open)
    with pytest.raises(Refused):
        call(tree, "MOT:JOG", ["too", "many"])
    assert not locked.is_refused("THERapy:STOP")


def test_it_stays_open_for_ten_minutes_after_the_last_command_that_needed_it():
    locked = Locked()
    assert locked.tried("1234")
    locked.at_us += 599 * S
    assert not locked.is_refused("MOTor:JOG")
    locked.at_us += 599 * S
    assert not locked.is_refused("THERapy:STOP")  # which does not count
    locked.at_us += S
    assert locked.is_refused("MOTor:JOG")


def test_three_wrong_pins_cost_no_time_and_then_the_wait_doubles_up_to_a_quarter_of_an_hour():
    locked, waits_s = Locked(), []
    for _ in range(14):
        assert not locked.tried("0000")
        waits_s.append(locked.lock.wait_us() / S)
        locked.at_us += locked.lock.wait_us()
    assert waits_s == [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert locked.tried("1234")
    assert locked.lock.wait_us() == 0


def test_within_the_wait_not_even_the_right_pin_is_tried():
    locked = Locked()
    for _ in range(3):
        locked.tried("0000")
    locked.at_us += 2 * S - 1
    before = locked.lock.to_record()
    with pytest.raises(Refused) as refused:
        locked.lock.count_try()
    assert refused.value.code == WAIT
    assert locked.lock.to_record() == before
    locked.at_us += 1
    assert locked.tried("1234")


def test_the_record_has_no_pin_and_another_salt_each_time():
    locked = Locked()
    first = locked.lock.to_record()
    locked.lock.set_pin("1234")
    second = locked.lock.to_record()
    assert len(first[0]) == len(second[0]) == 48
    assert first[0][:16] != second[0][:16]
    assert first[0][16:] != second[0][16:]
    assert "1234" not in first[0] + second[0]


@pytest.mark.parametrize("pin", ["", "123", "12345", "1235", "0234", "4321", "x" * 200])
def test_any_other_pin_is_wrong(pin):
    assert not Locked().tried(pin)


def test_a_record_brings_back_pin_and_count_and_the_wait_begins_anew():
    locked = Locked()
    for _ in range(4):
        locked.tried("0000")
        locked.at_us += locked.lock.wait_us()
    later = locked.another()
    later.from_record(locked.lock.to_record())
    locked.at_us += 1000 * S
    later.begin()
    assert later.is_locked()
    assert later.wait_us() == 4 * S


def test_without_a_pin_nothing_is_refused():
    locked = Locked()
    locked.lock.set_pin("")
    locked.lock.close()
    assert not locked.lock.is_set()
    assert not locked.is_refused("MOTor:JOG")
