# SPDX-License-Identifier: MIT
"""What is kept of what was made: as long as all that it was made of is the same."""

import pytest

from pumpbench.images.kept import kept


@pytest.fixture
def make(tmp_path):
    """Makes a list of the file's content, and counts how often it has."""

    def make():
        make.times += 1
        return [make.file.read_text()]

    make.times, make.file = 0, tmp_path / "input"
    make.file.write_text("one")
    make.ask = lambda *texts: kept(tmp_path / "build" / "kept", [*texts, make.file], make)
    make.path = tmp_path / "build" / "kept"
    return make


def test_it_is_made_once(make):
    assert make.ask("a") == make.ask("a") == ["one"]
    assert make.times == 1


def test_another_file_or_text_has_it_made_anew(make):
    make.ask("a")
    make.file.write_text("two")
    assert make.ask("a") == ["two"]
    make.ask("b")
    make.ask("a", "b")
    make.ask("ab")
    assert make.times == 5


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 100], ids=["empty", "short", "zeros"])
def test_a_file_that_is_damaged_is_made_anew(make, damage):
    make.ask("a")
    content = make.path.read_bytes()
    for broken in (damage, content[:32] + damage, content[:-2]):
        make.path.write_bytes(broken)
        assert make.ask("a") == ["one"]
    assert make.times == 4
    assert make.path.read_bytes() == content


def test_what_cannot_be_made_is_not_kept(tmp_path):
    with pytest.raises(ZeroDivisionError):
        kept(tmp_path / "kept", ["a"], lambda: 1 // 0)
    assert list(tmp_path.iterdir()) == []
