# SPDX-License-Identifier: MIT
"""What is compiled of the emulated board does what the library does, to the instruction."""

import random

import pytest

from host_tests.support.boards.images import need_image
from pumpbench.images.uf2 import DEFAULT_VERSION, find_uf2
from pumpbench.targets.emulator import chip, loop

fast = pytest.importorskip("pumpbench_fast", reason="the emulator's loop was not compiled")

DIVIDENDS, DIVISORS = (0x60, 0x68), (0x64, 0x6C)
QUOTIENT, REMAINDER, STATE, LOCKS = 0x70, 0x74, 0x78, 0x5C
NUMBERS = (0, 1, 2, 3, 7, 10, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF)


@pytest.fixture
def boards(monkeypatch):
    """Two boards that were just powered up: as it is compiled, and as the library has it."""
    need_image(DEFAULT_VERSION)
    made = []
    for kinds in ((fast.Loop, fast.Sio), (loop.PatientLoop, loop.PatientSio)):
        monkeypatch.setattr(chip, "Loop", kinds[0])
        monkeypatch.setattr(chip, "Sio", kinds[1])
        made.append(chip.Chip(find_uf2(DEFAULT_VERSION), bytearray()))
    return made


def read(board, register):
    return int(board._mcu.sio.read_uint32(register)) & 0xFFFFFFFF


def test_the_divider_divides_as_the_librarys_does(boards):
    for dividend in NUMBERS:
        for divisor in NUMBERS:
            for n in range(2):
                found = []
                for board in boards:
                    board._mcu.sio.write_uint32(DIVIDENDS[n], dividend)
                    board._mcu.sio.write_uint32(DIVISORS[n], divisor)
                    found.append([read(board, r) for r in (STATE, REMAINDER, QUOTIENT, STATE)])
                if divisor or 0 < dividend < 1 << 31:  # as the datasheet has it, the library not
                    assert found[0] == found[1], (dividend, divisor, n)


@pytest.mark.parametrize(
    "signed,dividend,quotient",
    [(0, 0, 0xFFFFFFFF), (0, 9, 0xFFFFFFFF), (1, 9, 0xFFFFFFFF), (1, 0xFFFFFFF7, 1)],
)
def test_a_division_by_zero_gives_what_the_datasheet_says(boards, signed, dividend, quotient):
    boards[0]._mcu.sio.write_uint32(DIVIDENDS[signed], dividend)
    boards[0]._mcu.sio.write_uint32(DIVISORS[signed], 0)
    assert read(boards[0], QUOTIENT) == quotient
    assert read(boards[0], REMAINDER) == dividend


def test_registers_that_are_saved_and_put_back_are_as_they_were(boards):
    """As an interrupt does that divides itself."""
    for board in boards:
        board._mcu.sio.write_uint32(QUOTIENT, 12)
        board._mcu.sio.write_uint32(REMAINDER, 0xFFFFFFFF)
        assert (read(board, STATE), read(board, REMAINDER)) == (3, 0xFFFFFFFF)
        assert (read(board, QUOTIENT), read(board, STATE)) == (12, 1)


def test_spin_locks_and_all_the_other_registers_are_the_same(boards):
    dice = random.Random(1)
    others = [0x010, 0x014, 0x018, 0x020, 0x024, 0x028, 0x088, 0x080, 0x0AC]
    for _ in range(2000):
        register = dice.choice([*range(0x100, 0x180, 4), *others, LOCKS, *DIVIDENDS])
        if dice.random() < 0.5:
            assert read(boards[0], register) == read(boards[1], register), hex(register)
        else:
            value = dice.getrandbits(20)
            for board in boards:
                board._mcu.sio.write_uint32(register, value)


def test_a_reset_frees_the_locks(boards):
    for board in boards:
        board._mcu.sio.read_uint32(0x100)
        assert read(board, LOCKS) == 1
        board._mcu.reset()
        assert read(board, LOCKS) == 0


def test_both_loops_boot_micropython_to_the_same_word_of_memory(boards):
    for end_ms in (1, 37, 250):
        for board in boards:
            board.run_to(end_ms * 1_000_000)
        one, other = (board._mcu for board in boards)
        assert one.core.cycles == other.core.cycles > 0
        assert boards[0].now_ns == boards[1].now_ns
        assert list(one.core.registers) == list(other.core.registers)
        assert bytes(one.sram) == bytes(other.sram)
    assert boards[0].flash == boards[1].flash


def test_a_breakpoint_ends_the_loop(boards):
    for board in boards:
        board.run_to(1_000_000)
        board.hang()
        board._mcu.write_uint16(board._mcu.core.pc, 0xBE00)  # bkpt
        board.run_to(2_000_000)
        assert board.now_ns < 2_000_000
