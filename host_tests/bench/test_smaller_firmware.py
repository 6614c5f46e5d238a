# SPDX-License-Identifier: MIT
"""What a board gets is the firmware with its numbers linked and its private names short."""

import ast
import re

import pytest

from pumpbench.images.image import FIRMWARE, compiled, package
from pumpbench.shrink.link import constants_of, linked
from pumpbench.shrink.shorten import Program, is_private, keywords_in, shortened

MODULES = sorted((FIRMWARE / "pump").rglob("*.py"))


def short(source, keywords=(), constants=None, module="pump.a"):
    return shortened(source, module, Program(keywords, constants or {}))


def run(source, **names):
    exec(compile(source, "short", "exec"), names)
    return names


def test_private_names_are_short_and_public_ones_stay():
    source = """
class Tank:
    def __init__(self, volume):
        self._volume = volume
        self.level = 0
    def _half(self):
        return self._volume // 2
    def half(self):
        return self._half()
"""
    text = short(source)
    assert "_volume" not in text
    assert "_half" not in text
    assert run(text)["Tank"](8).half() == 4
    assert run(text)["Tank"](8).level == 0


def test_names_of_two_classes_and_arguments_of_two_functions_become_the_same_ones():
    source = """
class A:
    def __init__(self, level): self._level = level
    def get(self): return self._level
class B:
    def __init__(self, amount, other): self._amount, self._other = amount, other
    def get(self): return self._amount + self._other.get()
def both(first, second): return B(first, A(second)).get()
"""
    text = short(source)
    assert run(text)["both"](3, 4) == 7
    assert not {"level", "amount", "first", "_level"} & set(re.findall(r"\w+", text))
    assert len(set(re.findall(r"self\.(\w+)", text))) == 2


def test_what_others_ask_an_object_for_is_called_the_same_in_all_classes():
    source = """
class A:
    _kind = 3
    def __init__(self): self._size, self._count = 1, 2
    def copy(self):
        other = A()
        other._size = self._size + self._count
        return other
class B:
    def __init__(self, a): self._size, self._a = 5, a
    def sum(self): return self._size + self._a._size + self._a._kind
"""
    names = run(short(source))
    assert names["B"](names["A"]().copy()).sum() == 11


def test_a_name_of_a_function_around_is_followed_into_what_is_within():
    source = """
def counter(start):
    def add(step):
        nonlocal start
        start += step
        return [start + step for step in range(2)]
    return add
class _Own:
    def make(self, _first): return lambda _first_: _first + _first_
def build(value):
    class Inner:
        _kept = value
        def _twice(self): return 2 * self._kept
        def get(self): return self._twice()
    return Inner()
def own(): return _Own()
"""
    names = run(short(source))
    assert names["counter"](5)(2) == [7, 8]
    assert names["own"]().make(1)(2) == 3
    assert names["build"](4).get() == 8


def test_names_of_two_modules_become_the_same_ones():
    texts = [short(f"class A:\n    def {name}(self): return 1\n") for name in ("_one", "_other")]
    assert texts[0] == texts[1]


def test_an_argument_that_a_call_names_keeps_its_name():
    source = "def f(rate, volume): return rate - volume\nx = f(volume=1, rate=5)\n"
    text = short(source, keywords_in([source]))
    assert run(text)["x"] == 4
    assert "volume" in text
    assert "volume" not in short("def f(rate, volume): return rate - volume\n")


def test_options_that_are_put_together_as_texts_keep_their_names():
    source = "def f(rate): return rate\nx = f(**{'rate': 3})\n"
    assert run(short(source, keywords_in([source])))["x"] == 3


def test_what_is_within_an_f_string_is_renamed_with_it():
    source = "class A:\n    _kind = 3\n    def text(self): return f'{self._kind}!'\n"
    assert run(short(source))["A"]().text() == "3!"


def test_a_name_that_is_a_function_of_the_module_is_not_taken_for_an_argument():
    source = "def f(start): return start\ndef start(): return 7\nx = f(start())\n"
    assert run(short(source))["x"] == 7


def test_an_argument_does_not_take_the_name_that_another_function_has_from_outside():
    """As the words of PIO's assembler are."""
    source = "def program(): return wait(pin)\ndef counter(pin): return pin + 1\n"
    names = run(short(source), wait=lambda pin: pin, pin=5)
    assert (names["program"](), names["counter"](7)) == (5, 8)


def test_texts_are_what_they_were():
    source = "_kind = '_kind'\n"
    assert "'_kind'" in short(source)


NUMBERS = """from micropython import const
LOW = const(7)
BIG = const(1 << 40)
KIND = const('BASAL')
TEXT = const('two words')
NAME = 'x'
"""


def test_a_number_of_another_module_is_put_in_where_it_is_used():
    constants = {"pump.b": constants_of(NUMBERS)}
    assert constants["pump.b"] == {"LOW": 7, "KIND": "BASAL"}
    for source in (
        "from pump.b import LOW, NAME\nx = LOW + 1\n",
        "from pump import b\nx = b.LOW + 1\n",
    ):
        text = ast.unparse(linked(ast.parse(source), "pump.a", constants))
        assert "x = 7 + 1" in text
        assert "LOW" not in text
    assert "import" not in ast.unparse(
        linked(ast.parse("from pump import b\nx = b.LOW\n"), "pump.a", constants)
    )


def test_what_is_no_small_number_is_imported_as_before():
    constants = {"pump.b": constants_of(NUMBERS)}
    source = "from pump import b\nfrom pump.b import BIG, NAME\nx = (BIG, NAME, b.BIG)"
    assert ast.unparse(linked(ast.parse(source), "pump.a", constants)) == source


def test_a_module_hides_its_own_numbers():
    text = ast.unparse(
        linked(ast.parse(NUMBERS + "x = LOW\n"), "pump.b", {"pump.b": constants_of(NUMBERS)})
    )
    assert "_LOW_ = const(7)" in text
    assert "x = _LOW_" in text


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_no_module_uses_a_private_name_of_another_one(path):
    """Else a short name would mean two things."""
    tree = ast.parse(path.read_text())
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    own |= {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            assert node.attr in own, node.attr
        if isinstance(node, ast.ImportFrom):
            assert not [alias.name for alias in node.names if is_private(alias.name)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_numbers_of_a_module_are_looked_up_by_name_alone(path):
    """`getattr` and the like would not find them on a board."""
    called = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"vars", "globals", "locals", "dir", "eval", "exec"}


def test_a_private_constant_is_nowhere_on_a_board():
    """MicroPython keeps what begins with an underscore to its compiler, any other name not."""
    source = """from micropython import const
_MOST_OF_ALL = const(70_000)
_ordinary = 70_000
class Tank:
    def most(self): return _MOST_OF_ALL + _ordinary
"""
    text = short(source)
    assert "_MOST_OF_ALL = const(70000)" in text
    assert "_ordinary" not in text
    assert b"_MOST" not in compiled(source, "pump.nowhere")


@pytest.mark.parametrize("path", sorted(package()))
def test_no_private_constant_of_the_firmware_is_in_a_file_of_a_board(path):
    declared = re.compile(r"^(_\w{3,}) = const\(", re.MULTILINE)
    private = {name for each in MODULES for name in declared.findall(each.read_text())}
    assert len(private) > 200
    found = re.findall(rb"(?<![A-Za-z0-9_])_[A-Z]\w{2,}", package()[path])
    assert {name.decode() for name in found} & private == set()
