# SPDX-License-Identifier: MIT
"""The rules of the house: who may import whom, and documents that say what the code does."""

import ast
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from host_tests.support import errors as errors_of_tests
from host_tests.support.console import console_page
from host_tests.support.console.lines import tree_of
from host_tests.support.console.rows import all_rows
from host_tests.support.console.tables import clashes, headers_of, names_of
from pump import faults
from pump.alarm import conditions
from pump.console import errors
from pump.console.params import is_optional
from pump.records import event_codes, mirrored_records, settings
from pumpbench.targets.sim import ports

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
MODULES = sorted(FIRMWARE.rglob("*.py"))
BENCH = ROOT / "bench" / "pumpbench"
BENCH_MODULES = [
    path for path in sorted(BENCH.rglob("*.py")) if "unix/modules" not in path.as_posix()
]
SOURCES = [
    path
    for top in ("firmware", "bench", "host_tests", "boards")
    for path in ROOT.glob(f"{top}/**/*.py")
]
TESTS = ROOT / "host_tests"
PAGES = [
    ROOT / page
    for page in (
        "README.md",
        "ARCHITECTURE.md",
        "VERIFICATION.md",
        "Makefile",
        "pyproject.toml",
        "firmware/CONSOLE.md",
        "firmware/HAZARDS.md",
        "firmware/STORE.md",
        "bench/RECIPES.md",
        *(path.relative_to(ROOT) for path in ROOT.glob("boards/**/README.md")),
    )
]

# The rules of imports are code here: import-linter 2.17 takes 131 lines for what is 116 in this
# file, as whatever is pure has to be named twice, as what is watched and as what it may import. It
# says the rest of it, but sees no main.py and no circle by way of a package's own `__init__`.
VOCABULARY = {"pump", "pump.state", "pump.kinds", "pump.faults", "pump.units", "pump.clock"}
# From the bottom up: a module imports from its own room, or from rows above it in this list.
LAYERS = [
    VOCABULARY,
    {"pump.blocks", "pump.room"},
    {"pump.hal", "pump.prescription"},
    {"pump.unload"},
    {"pump.therapy", "pump.delivery"},
    {"pump.alarm", "pump.supervisor", "pump.watchdog", "pump.timecheck"},
    {"pump.records"},
    {"pump.lock", "pump.selftest_parts"},
    {"pump.infusion", "pump.selftest", "pump.beat", "pump.forget_pin"},
    {"pump.rotor_guard"},
    {"pump.console"},
    {"pump.consequences"},
    {"pump.front"},
    {"pump.assembly"},
    {"pump.app"},
    {"main"},
]
PURE = {
    "pump.blocks",
    "pump.room",
    "pump.state",
    "pump.kinds",
    "pump.faults",
    "pump.units",
    "pump.prescription",
    "pump.therapy",
    "pump.alarm",
    "pump.console.buttons",
    "pump.delivery.booking",
    "pump.delivery.planner",
    "pump.delivery.ledger",
    "pump.delivery.calibration",
    "pump.delivery.rotor",
    "pump.records.event_codes",
    "pump.records.event_log",
    "pump.records.journal",
    "pump.records.loading",
    "pump.records.mirrored_records",
    "pump.records.repeats",
    "pump.records.schemas",
    "pump.records.shared",
    "pump.delivery.reservoir",
}
PLAIN = {"micropython", "array", "binascii", "collections", "json", "struct"}
HARDWARE = {"_rp2", *ports.MODULES}
# The rooms of the bench, from the bottom up: a module imports from its own room, or from rows
# above it in this list. The doors, what users and other tools name, have the last row.
DOORS = {"__init__", "__main__", "labgrid_driver"}
ROOMS = [
    {"boards", "plant", "shrink", "reports"},
    {"images", "hil"},
    {"targets", "analysis"},
    {"client"},
    {"install", "gravimetry", "demo"},
    {"commands"},
    DOORS,
]


def module_name(path, top=FIRMWARE):
    parts = path.relative_to(top).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


NAMES = frozenset(map(module_name, MODULES))


def imports_of(path, known=NAMES):
    """Every module that a file imports, as `a.b`; in functions and for types alone, too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from [name for name in submodules if name in known] or [node.module]


def is_in(name, group):
    return any(name == member or name.startswith(member + ".") for member in group - {"pump"})


def layer_of(name):
    if name == "pump":
        return 0
    return next(rank for rank, names in enumerate(LAYERS) if is_in(name, names))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_run_downwards_only(path):
    name = module_name(path)
    package = ".".join(name.split(".")[:2])
    for imported in imports_of(path):
        if imported.startswith("pump") and not is_in(imported, {package}):
            assert layer_of(imported) < layer_of(name), imported


def test_the_page_of_the_architecture_lists_the_rooms_of_the_firmware_from_the_top_down():
    page = (
        (ROOT / "ARCHITECTURE.md").read_text().partition("## The rooms")[2].partition("\n## ")[0]
    )
    listed = re.findall(r"^\| `(\w+)/` \|", page, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == {path.parent.name for path in (FIRMWARE / "pump").glob("*/__init__.py")}
    ranks = [layer_of(f"pump.{room}") for room in listed]
    assert ranks == sorted(ranks, reverse=True)


def bench_name(path):
    return module_name(path, BENCH.parent)


BENCH_NAMES = frozenset(map(bench_name, BENCH_MODULES))


def bench_imports(path):
    return {name for name in imports_of(path, BENCH_NAMES) if name.split(".")[0] == "pumpbench"}


def room_of(name):
    return f"{name}.__init__".split(".")[1]


def floor_of(name):
    return next(rank for rank, rooms in enumerate(ROOMS) if room_of(name) in rooms)


@pytest.mark.parametrize("path", BENCH_MODULES, ids=bench_name)
def test_rooms_of_the_bench_import_downwards_only(path):
    name = bench_name(path)
    for imported in bench_imports(path):
        if room_of(imported) != room_of(name) or room_of(name) in DOORS:
            assert floor_of(imported) < floor_of(name), imported


def test_no_module_of_the_bench_imports_itself_by_way_of_others():
    TopologicalSorter({bench_name(path): bench_imports(path) for path in BENCH_MODULES}).prepare()


def test_the_page_of_the_architecture_lists_the_rooms_of_the_bench():
    page = (ROOT / "ARCHITECTURE.md").read_text().partition("## The bench")[2]
    listed = re.findall(r"^\| `(\w+)/` \|", page, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == set.union(*ROOMS) - DOORS
    assert set(listed) == {path.parent.name for path in BENCH.glob("*/__init__.py")}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_hardware_is_imported_by_the_hal_alone(path):
    if not is_in(module_name(path), {"pump.hal"}):
        assert not HARDWARE & set(imports_of(path))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_board_makes_its_outputs_safe_before_anything_but_the_hal_is_loaded(path):
    if is_in(module_name(path), {"pump.hal"}):
        ours = [name for name in imports_of(path) if name.split(".")[0] == "pump"]
        assert all(is_in(name, {"pump.hal"}) for name in ours)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_pure_modules_import_vocabulary_and_pure_ones(path):
    """From a room of which a part is pure, pure ones may import from all of it."""
    name = module_name(path)
    if is_in(name, PURE):
        room = name.rsplit(".", 1)[0] if name.count(".") > 1 else name
        for imported in imports_of(path):
            assert imported in PLAIN | VOCABULARY or is_in(imported, PURE | {room})


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_check_of_the_firmware_is_an_assert(path):
    """They are not there in the bytecode that boards get."""
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_next_has_no_default(path):
    """A board's MicroPython is built without it, and CPython would not say so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "next" or len(node.args) == 1, node.lineno


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_the_clock_touches_ticks(path):
    text = path.read_text()
    if module_name(path) == "pump.hal.esp32_stopwatch":  # cycles, which are no clock's
        text = text.replace("ticks_cpu", "")
    if module_name(path) != "pump.clock":
        assert "ticks_" not in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_names_its_licence_and_its_one_thing(path):
    text = path.read_text()
    if text:
        assert text.startswith("# SPDX-License-Identifier: MIT\n")
        assert ast.get_docstring(ast.parse(text))


def test_every_header_finds_its_own_row_and_no_word_stands_for_two_things():
    rows = all_rows()
    tree = tree_of(rows)
    for row in rows:
        assert all(tree.find(header) is row for header in headers_of(row[0]))
    assert list(clashes(row[0] for row in rows)) == []


def test_no_needed_parameter_comes_after_an_optional_one():
    for _, _, *parameters in all_rows():
        are_optional = [is_optional(parameter) for parameter in parameters]
        assert are_optional == sorted(are_optional)


def test_the_console_page_lists_exactly_the_commands_of_the_tree():
    assert set(console_page.commands()) == {row[0] for row in all_rows()}


def test_the_console_page_lists_every_refusal_and_fault_with_advice():
    """The board itself has no memory for advice."""
    assert console_page.errors() == names_of(faults.NAMES)


def test_the_table_of_alarms_on_the_console_page_is_that_of_the_firmware():
    source = (FIRMWARE / "pump/alarm/conditions.py").read_text()
    comments = re.findall(r"((?:^# .*\n)+)^[A-Z_]+ = const\((\d+)\)", source, flags=re.MULTILINE)
    advice = {int(code): text[2:-1].replace("\n# ", " ") for text, code in comments}
    latches = {True: "yes", False: "no"}
    expected = [
        f"| {row.code} | {row.name} | {row.priority} | {latches[row.is_latching]} "
        f"| {row.action} | {advice[row.code]} |"
        for row in conditions.rows()
    ]
    page = (FIRMWARE / "CONSOLE.md").read_text().partition("## Alarms")[2]
    assert re.findall(r"^\| 3.*", page, flags=re.MULTILINE) == expected


@pytest.mark.parametrize("page", ["HAZARDS.md", "CONSOLE.md", "STORE.md"])
def test_every_alarm_that_a_page_names_by_number_exists(page):
    named = {int(code) for code in re.findall(r"alarm (3\d\d)", (FIRMWARE / page).read_text())}
    assert named <= {row.code for row in conditions.rows()}


def test_the_store_page_lists_every_event_and_every_record():
    page = (FIRMWARE / "STORE.md").read_text()
    rows = re.findall(r"^\| (4\d\d) \| ([A-Z_]+) \|", page, flags=re.MULTILINE)
    assert [(int(number), name) for number, name in rows] == [*names_of(event_codes.NAMES).items()]
    keys = re.findall(r"^\| `/data/(\w+)\.0`", page, flags=re.MULTILINE)
    assert set(keys) == set(settings.KEYS)
    assert f"`[{mirrored_records.VERSION}, board," in page


@pytest.mark.parametrize("name", sorted(ports.PORTS))
def test_a_port_has_exactly_what_the_contract_names(name):
    """And nobody asks a port for anything else."""
    contract = ast.get_docstring(ast.parse((FIRMWARE / "pump/hal/__init__.py").read_text()))
    named = set(re.findall(r"^    (\w+)\(", contract, flags=re.MULTILINE))
    port = ast.parse((FIRMWARE / f"pump/hal/{name}.py").read_text())
    defined = {node.name for node in port.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in port.body:
        if isinstance(node, ast.ImportFrom) and node.module == "pump.hal.board_io":
            defined.update(alias.name for alias in node.names)
    within = {"Output", "Input", "input_pin", "is_free"}  # what a port builds of
    assert {name for name in defined if name[0] != "_"} == named | within
    users = [(FIRMWARE / name).read_text() for name in ("main.py", "pump/app.py")]
    assert set(re.findall(r"\bhal\.(\w+)\(", "".join(users))) <= named


def test_every_number_of_trouble_has_a_name_and_is_in_order():
    for module, table in ((faults, faults.NAMES), (errors, errors.STANDARD)):
        public = [name for name in vars(module) if name.isupper() and name[0] != "_"]
        numbers = {getattr(module, name) for name in public} - {table}
        named = names_of(table)
        assert {n for n in numbers if isinstance(n, int) and abs(n) > 100} == set(named)
        assert sorted(named, key=abs) == list(named)
        assert all(faults.name_in(table, number) == named[number] for number in named)
        assert faults.name_in(table, 10) == faults.name_in(table, 20) == ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_a_page_names_and_files_that_it_links_to_are_there(page):
    text = page.read_text()
    for named in re.findall(r"\bhost_tests[\w./]*\w", text):
        assert (ROOT / named).exists() or is_module(named), named
    for linked in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
        assert (page.parent / linked).exists(), linked


def is_module(name):
    return (ROOT / name.replace(".", "/")).with_suffix(".py").is_file()


def test_the_page_of_the_architecture_lists_the_folders_of_tests_and_those_of_every_room():
    page = (ROOT / "ARCHITECTURE.md").read_text().partition("## The tests")[2]
    folders, rooms = page.partition("\n## ")[0].partition("| room |")[::2]
    modules = [path.relative_to(TESTS) for path in TESTS.rglob("*.py")]
    listed = re.findall(r"^\| `(\w+)/` \|", folders, flags=re.MULTILINE)
    assert sorted(listed) == sorted({path.parts[0] for path in modules if len(path.parts) > 1})
    rows = dict(re.findall(r"^\| `(\w+)/` \| (.*) \|$", rooms, flags=re.MULTILINE))
    assert set(rows) == {path.parent.name for path in (FIRMWARE / "pump").glob("*/__init__.py")}
    named = re.findall(r"`([\w/.]+)`", rooms.partition("|---|---|")[2])
    named = [name for name in named if name.strip("/") not in rows]
    assert all((TESTS / name).exists() for name in named)
    subjects = {path.parent for path in modules if path.parts[0] in ("unit", "behaviour")}
    assert {f"{path}/" for path in subjects} - {"behaviour/"} <= {*named}


def test_refusals_have_the_numbers_that_tests_know_them_by():
    ours = {name: number for name, number in vars(errors_of_tests).items() if name.isupper()}
    theirs = {name: number for name, number in vars(faults).items() if name.isupper()}
    refusals = set(names_of(faults.NAMES)) & set(range(101, 200))
    assert ours == {name: number for name, number in theirs.items() if number in refusals}


def test_the_modules_and_tests_that_mutants_are_about_are_there():
    table = tomllib.loads((ROOT / "host_tests" / "mutants.toml").read_text())
    for module, tests in table["modules"].items():
        assert (FIRMWARE / "pump" / module).is_file(), module
        for test in tests:
            assert (ROOT / "host_tests" / test).is_file(), test
    for row in table["explained"]:
        assert row["line"] in (FIRMWARE / "pump" / row["module"]).read_text(), row["line"]
