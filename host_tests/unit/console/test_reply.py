# SPDX-License-Identifier: MIT
"""Answers in pieces: the same text whatever the pieces, none of them long; and on their way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.console.errors import ErrorQueue
from pump.console.outbox import Outbox
from pump.console.reply import pieces
from pump.console.status import Status

LONGEST = 64
ANSWERS = st.recursive(
    st.text("ab ,;", max_size=150) | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=12) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=40,
)


def text_of(answer):
    if isinstance(answer, (list, tuple)):
        return ",".join(text_of(part) for part in answer)
    return answer if isinstance(answer, str) else str(int(answer))


@pytest.mark.slow
@given(ANSWERS, st.sampled_from(["", ";"]))
def test_pieces_are_the_answer_and_none_is_long(answer, mark):
    found = pieces(answer, mark)
    assert all(len(piece) <= LONGEST for piece in found)
    assert "".join(found) == mark + text_of(answer)


@pytest.mark.parametrize("answer", [[], (), iter([])])
def test_an_empty_list_keeps_its_place(answer):
    assert "".join(pieces(answer, ";")) == ";"


def test_an_iterator_is_taken_part_by_part():
    assert "".join(pieces((part for part in ["a", [1, True], "b"]), "")) == "a,1,1,b"


def test_short_parts_share_a_piece():
    assert len(pieces(["12345"] * 100, "")) == 10


class Host:
    """A line of which the host reads so many bytes each time."""

    def __init__(self):
        self.room = 0
        self.read = b""

    def write(self, data):
        count = min(self.room, len(data))
        self.room -= count
        self.read += bytes(data[:count])
        return count


def outbox():
    host, errors = Host(), ErrorQueue(Status())
    return host, errors, Outbox(host, errors)


@given(st.lists(st.lists(st.text("xyz", max_size=64), min_size=1, max_size=20), max_size=12),
       st.lists(st.integers(0, 300), max_size=40))  # fmt: skip
def test_what_is_read_is_whole_lines_in_order_and_what_is_not_is_reported(lines, rooms):
    host, errors, box = outbox()
    rooms = iter(rooms)
    for line in lines:
        host.room = next(rooms, 0)
        box.put(list(line))
    host.room = 1_000_000
    box.send()
    assert box.is_empty
    sent, read = ["".join(line) for line in lines], host.read.decode().split("\n")[:-1]
    missing = len(sent) - len(read)
    assert errors.count == missing
    rest = iter(sent)
    assert all(line in rest for line in read)  # in order


def test_a_host_that_reads_nothing_has_two_kilobytes_waiting():
    host, errors, box = outbox()
    for _ in range(100):
        box.put(["x" * 63])
    assert errors.count == 16  # the queue's length
    host.room = 1_000_000
    box.send()
    assert len(host.read) == 2048


@pytest.mark.slow
@given(st.lists(st.lists(st.text("xyz", max_size=64), min_size=1, max_size=20), max_size=8),
       st.integers(0, 3000))  # fmt: skip
def test_what_nobody_takes_for_seconds_is_dropped_and_a_line_that_was_begun_is_whole(lines, room):
    host, errors, box = outbox()
    host.room = room
    for line in lines:
        box.put(list(line))
    assert not box.expire(0)
    assert not box.expire(4_999_999)
    before, is_left = errors.count, not box.is_empty
    assert box.expire(5_000_000) == is_left
    dropped = errors.count > before
    box.expire(6_000_000)
    assert errors.count == before + dropped  # told once
    host.room = 1_000_000
    box.put(["next"])
    assert box.is_empty
    read = host.read.decode().split("\n")
    assert read.pop() == ""
    assert read.pop() == "next"
    assert read == ["".join(line) for line in lines][: len(read)]
    assert dropped or is_left or len(read) + before == len(lines)


def test_a_host_that_takes_a_byte_now_and_then_keeps_what_waits():
    host, errors, box = outbox()
    box.put(["x" * 40])
    for second in range(0, 160, 4):
        host.room = 1
        box.send()
        assert not box.expire(second * 1_000_000)
    assert host.read == b"x" * 40 and errors.count == 0


def test_a_line_that_is_longer_is_taken_when_nothing_waits():
    host, errors, box = outbox()
    box.put(["x" * 64] * 64)
    box.put(["y"])
    host.room = 1_000_000
    box.send()
    assert host.read == b"x" * 4096 + b"\n"
    assert errors.count == 1
