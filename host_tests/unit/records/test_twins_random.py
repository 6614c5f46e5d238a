# SPDX-License-Identifier: MIT
"""MirroredRecords in any order of saves, failures, power cuts and damage, drawn at random."""

from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.flash.copies import BOARD, COPIES
from host_tests.support.flash.files import MemoryFiles, PowerCut
from pump.records.mirrored_records import MirroredRecords


class Machine:
    """A twin under any sequence of saves, cuts, failures, reboots and damage to one copy."""

    def __init__(self):
        self.files = MemoryFiles()
        self.possible = [None]
        self.boot()

    def boot(self):
        self.files = MemoryFiles(self.files.content)
        self.twins = MirroredRecords((self.files, self.files), BOARD)
        value = self.twins.load("dose")
        assert value in self.possible
        self.possible = [value]

    def save(self, value, trouble, write):
        self.files = MemoryFiles(self.files.content)
        self.twins._folders = self.files, self.files
        if trouble:
            setattr(self.files, trouble, write)
        try:
            self.twins.save("dose", value)
            self.possible = [value]
        except OSError:
            if trouble == "fail_from":
                self.possible.append(value)
        except PowerCut:
            self.possible.append(value)
            self.boot()

    def damage(self, index, at):
        name = COPIES[index]
        if len(self.possible) == 1 and self.files.content.get(name):
            content = bytearray(self.files.content[name])
            content[at % len(content)] ^= 0x55
            self.files.content[name] = bytes(content)
            self.boot()


TROUBLES = st.sampled_from([None, "fail_at", "fail_late", "fail_from", "cut_before", "cut_after"])
ACTIONS = st.one_of(
    st.tuples(st.just("boot")),
    st.tuples(st.just("save"), st.lists(st.integers(), max_size=2), TROUBLES, st.integers(1, 4)),
    st.tuples(st.just("damage"), st.integers(0, 1), st.integers(0, 99)),
)


@given(st.lists(ACTIONS, max_size=12))
def test_whatever_happens_the_value_is_one_that_was_saved_and_not_an_earlier_one(actions):
    machine = Machine()
    for action, *arguments in actions:
        getattr(machine, action)(*arguments)
    machine.boot()
