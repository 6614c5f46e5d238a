# SPDX-License-Identifier: MIT
"""Modules of a room in one file do what they did in files of their own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pumpbench.images.image import FIRMWARE, at_boot
from pumpbench.shrink.rooms import APP, VOCABULARY, together

EMPTY = {"pump": "VERSION = '1'\n", "pump.room": "", "pump.hal": ""}


def result(tmp_path, modules, main="from pump.app import result\nprint(result())\n"):
    """What main prints with the modules in their rooms; the names of the files."""
    rooms = together({**EMPTY, **modules})
    for name, source in rooms.files.items():
        is_package = any(other.startswith(name + ".") for other in {**EMPTY, **modules})
        path = tmp_path / name.replace(".", "/")
        path = path / "__init__.py" if is_package else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    (tmp_path / "main.py").write_text(ast.unparse(rooms.moved(ast.parse(main))))
    command = [sys.executable, str(tmp_path / "main.py")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip(), set(rooms.files)


def test_modules_of_a_room_are_one_file_and_those_below_pump_two(tmp_path):
    modules = {
        "pump.words": "WORD = 'w'\n",
        "pump.room.a": "from pump.words import WORD\ndef a(): return WORD + 'a'\n",
        "pump.room.b": "from pump.room.a import a\ndef b(): return a() + 'b'\n",
        "pump.rest": "def rest(): return 'r'\n",
        "pump.app": "from pump.rest import rest\nfrom pump.room.b import b\n"
        "def result(): return b() + rest()\n",
    }
    printed, files = result(tmp_path, modules)
    assert printed == "wabr"
    assert files == {"pump", "pump.room", VOCABULARY, APP}


def test_a_module_that_is_loaded_later_brings_what_it_alone_needs(tmp_path):
    modules = {
        "pump.words": "WORD = 'w'\n",
        "pump.room.a": "from pump.words import WORD\ndef a(): return WORD\n",
        "pump.two": "TWO = '2'\n",
        "pump.own": "from pump.two import TWO\ndef own(): return 'o' + TWO\n",
        "pump.later": "from pump.own import own\nfrom pump.two import TWO\n"
        "from pump.room.a import a\ndef later(): return own() + a() + TWO\n",
        "pump.last": "from pump.own import own\ndef last(): return own()\n",
        "pump.rest": "def rest(): return 'r'\n",
        "pump.alone": "from pump.rest import rest\ndef alone(): return rest()\n",
        "pump.app": "from pump.room.a import a\n"
        "def result():\n"
        "    from pump.later import later\n    from pump.last import last\n"
        "    from pump.alone import alone\n    return a() + later() + last() + alone()\n",
    }
    printed, files = result(tmp_path, modules)
    assert printed == "wo2w2o2r"
    own = {"pump.later", "pump.last", "pump.alone", "pump.own", "pump.two"}
    assert files == {"pump", "pump.room", VOCABULARY, APP} | own


def test_a_board_forgets_what_builds_the_pump(tmp_path):
    modules = {
        "pump.room.a": "def a(): return 'a'\n",
        "pump.words": "def word(): return 'w'\n",
        "pump.assembly": "from pump.room.a import a\nfrom pump.words import word\n"
        "def build(): return a() + word()\n",
        "pump.app": "import sys\nfrom pump.room import a\n"
        "def result():\n    from pump.assembly import build\n    found = build()\n"
        "    del sys.modules['pump.assembly']\n    return found + a.a()\n",
    }
    printed, files = result(tmp_path, modules)
    assert printed == "awa"
    assert files == {"pump", "pump.room", "pump.assembly", APP}


def test_equal_names_of_two_modules_stay_apart(tmp_path):
    modules = {
        "pump.room.a": "_KEY = 1\n_key = [2]\ndef rows(): return (_KEY, _key[0])\n",
        "pump.room.b": "_KEY = 3\nclass _Own: KEY = _KEY\ndef rows(): return _Own.KEY\n",
        "pump.app": "from pump.room import a, b\nfrom pump.room.b import rows as others\n"
        "def result(): return a.rows(), b.rows(), others()\n",
    }
    assert result(tmp_path, modules)[0] == "((1, 2), 3, 3)"


def test_a_local_name_hides_a_global_one_where_it_did(tmp_path):
    modules = {
        "pump.room.a": "def rate(): return 1\ndef volume(rate): return rate + 1\n"
        "def both(): return [rate() for volume in range(2)] + [volume(5)]\n",
        "pump.room.b": "from pump.room.a import rate as speed, volume\n"
        "def inner(rate):\n    def f(): return rate, speed()\n    return f()\n"
        "class C:\n    level = volume(1)\n    def rate(self): return speed()\n"
        "    def get(self, f=lambda rate: rate + speed()): return f(self.level), volume(7)\n",
        "pump.app": "from pump.room import a, b\nfrom pump.room.b import C\n"
        "def result(): return b.inner(9), C().get(), C().rate(), a.both()\n",
    }
    assert result(tmp_path, modules)[0] == "((9, 1), (3, 8), 1, [1, 1, 6])"


def test_the_first_list_of_a_comprehension_is_the_one_outside(tmp_path):
    modules = {
        "pump.room.a": "days = [1, 2]\nother = [[days for days in days] for other in days]\n",
        "pump.app": "from pump.room.a import other\ndef result(): return other\n",
    }
    assert result(tmp_path, modules)[0] == "[[1, 2], [1, 2]]"


def test_what_is_loaded_later_or_belongs_to_the_hal_keeps_its_file(tmp_path):
    modules = {
        "pump.room.a": "from pump.hal.x import pin\ndef a(): return pin\n",
        "pump.room.late": "from pump.room import a as near\nfrom pump.room.a import a\n"
        "def late(): return a() + near.a()\n",
        "pump.hal.x": "pin = 4\n",
        "pump.app": "from pump.room.a import a\ndef result():\n"
        "    from pump.room.late import late\n    from pump.room.a import a as again\n"
        "    return a(), late(), again()\n",
    }
    printed, files = result(tmp_path, modules)
    assert printed == "(4, 8, 4)"
    assert {"pump.room.late", "pump.hal.x"} <= files


def test_a_module_that_is_loaded_later_does_not_take_the_place_of_an_equal_name(tmp_path):
    """Its package gets an attribute of that name, and the package is the file of the room."""
    modules = {
        "pump.room.a": "def late(): return 'the function'\ndef a(): return late()\n",
        "pump.room.late": "def rows(): return 'the module'\n",
        "pump.app": "from pump.room.a import a\ndef result():\n"
        "    from pump.room import late\n    return late.rows(), a()\n",
    }
    assert result(tmp_path, modules)[0] == "('the module', 'the function')"


def test_another_main_finds_what_it_imports_in_the_order_it_does(tmp_path):
    modules = {
        "pump.room.a": "import sys\ndef rows(): return 'a' in sys.argv\n",
        "pump.room.b": "def rows(): return 2\n",
        "pump.app": "from pump.room import a, b\n",
    }
    main = "import sys\nsys.argv.append('a')\nfrom pump import VERSION\nfrom pump.room import b\n"
    main += "from pump.room.a import rows\nprint(rows(), b.rows(), VERSION)\n"
    assert result(tmp_path, modules, main)[0] == "True 2 1"


@pytest.mark.parametrize(
    ("modules", "error", "words"),
    [
        ({"pump.room.a": "def a(): return nowhere\n"}, NameError, "nowhere"),
        ({"pump.room.a": "a = 1\nclass C: a = a\n"}, NameError, "two things"),
        (
            {"pump.room.a": "from pump.room.b import c\na = c\n", "pump.room.b": "b = 1\n"},
            ImportError,
            "pump.room.a imports c",
        ),
        (
            {
                "pump.room.a": "from pump.room.b import b\n",
                "pump.room.b": "from pump.room.a import a\n",
            },
            ImportError,
            "each other",
        ),
        (
            {
                "pump.room.a": "def a():\n    from pump.room import b\n    return b\n",
                "pump.room.b": "b = 1\n",
            },
            ImportError,
            "not at its top",
        ),
        (
            {
                "pump.room.a": "from pump.room.b import b\na = b\n",
                "pump.room.b": "from pump.other.c import c\nb = c\n",
                "pump.other.c": "from pump.room.d import d\nc = d\n",
                "pump.room.d": "d = 1\n",
            },
            ImportError,
            "pump.other -> pump.room|pump.room -> pump.other",
        ),
    ],
)
def test_what_would_fail_on_a_board_fails_here(modules, error, words):
    used = "".join(f"from {name} import {name[-1]}\n" for name in modules)
    uses = "".join(f"def f{index}(): return {name[-1]}\n" for index, name in enumerate(modules))
    whole = {**EMPTY, **modules, "pump.app": used + uses}
    with pytest.raises(error, match=words):
        together(whole)


def test_every_module_of_the_firmware_is_in_a_file():
    paths = sorted((FIRMWARE / "pump").rglob("*.py"))
    names = [_module(path) for path in paths]
    rooms = together({name: path.read_text() for name, path in zip(names, paths, strict=True)})
    assert {rooms.plan.homes[name] for name in names} >= set(rooms.files) > set(at_boot())
    assert len(rooms.files) < len(paths) / 3
    left = {name for name in names if rooms.plan.homes[name] not in rooms.files}
    assert all(not _statements(FIRMWARE / name.replace(".", "/") / "__init__.py") for name in left)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(FIRMWARE).with_suffix("").parts).removesuffix(".__init__")


def _statements(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text()).body[1:]  # all but the docstring
