# SPDX-License-Identifier: MIT
"""The rules of the house: who may import whom, and documents that say what the code does."""

import ast
import re
from pathlib import Path

import pytest

from pump import faults
from pump.alarm.conditions import ALARMS
from pump.console import ieee488
from pump.console.commands import (
    alarm,
    bolus,
    delivery,
    log,
    motor,
    prescription,
    reservoir,
    system,
    therapy,
)

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
MODULES = sorted(FIRMWARE.rglob("*.py"))
SOURCES = [
    path
    for top in ("firmware", "bench", "host_tests", "boards")
    for path in ROOT.glob(f"{top}/**/*.py")
]

VOCABULARY = {"pump", "pump.state", "pump.kinds", "pump.faults", "pump.units", "pump.clock"}
# From the bottom up: a module imports from its own row, or from rows above it in this list.
LAYERS = [
    VOCABULARY,
    {"pump.hal", "pump.therapy", "pump.delivery", "pump.alarm", "pump.store", "pump.supervisor"},
    {"pump.giving"},
    {"pump.treatment"},
    {"pump.journal", "pump.progress", "pump.supply", "pump.watch"},
    {"pump.memory"},
    {"pump.control"},
    {"pump.dosing"},
    {"pump.console"},
    {"pump.app"},
    {"main"},
]
PURE = {
    "pump.state",
    "pump.kinds",
    "pump.faults",
    "pump.units",
    "pump.therapy",
    "pump.alarm",
    "pump.delivery.booking",
    "pump.delivery.planner",
    "pump.delivery.ledger",
    "pump.delivery.calibration",
    "pump.store",
    "pump.delivery.reservoir",
}
PLAIN = {"micropython", "array", "binascii", "json", "struct"}
HARDWARE = {"machine", "rp2", "esp32", "_rp2"}


def module_name(path):
    parts = path.relative_to(FIRMWARE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imports_of(path):
    """Every module that a file imports, as `a.b`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            known = {module_name(other) for other in MODULES}
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


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_hardware_is_imported_by_the_hal_alone(path):
    if not is_in(module_name(path), {"pump.hal"}):
        assert not HARDWARE & set(imports_of(path))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_pure_modules_import_vocabulary_and_nothing_else(path):
    name = module_name(path)
    if is_in(name, PURE):
        package = name.rsplit(".", 1)[0] if name.count(".") > 1 else name
        for imported in imports_of(path):
            assert imported in PLAIN | VOCABULARY or is_in(imported, {package})


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_the_clock_touches_ticks(path):
    if module_name(path) != "pump.clock":
        assert "ticks_" not in path.read_text()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_names_its_licence_and_its_one_thing_and_is_not_too_long(path):
    text = path.read_text()
    if text:
        assert text.startswith("# SPDX-License-Identifier: MIT\n")
        assert ast.get_docstring(ast.parse(text))
        assert text.count("\n") <= 300


class Anything:
    """Has whatever a row asks of it when the table is built."""

    def __getattr__(self, name):
        return Anything()


def all_patterns():
    some = Anything()
    rows = (
        ieee488.rows(some, some, some, some, some)
        + system.rows(some, some, some, (some, some, some))
        + prescription.rows(some, some)
        + therapy.rows(some)
        + bolus.rows(some, some, some)
        + delivery.rows(some, some, some)
        + motor.rows(some, some)
        + reservoir.rows(some, some)
        + alarm.rows(some)
        + log.rows(some)
    )
    return {row[0] for row in rows}


def test_the_console_page_lists_exactly_the_commands_of_the_tree():
    page = (FIRMWARE / "CONSOLE.md").read_text().replace("\\|", "|")
    table = page.split("## Commands")[1].split("## Errors")[0]
    first_cells = re.findall(r"^\| (`.*`) \| ", table, flags=re.MULTILINE)
    documented = {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}
    assert documented == all_patterns()


def test_the_console_page_lists_every_refusal_fault_and_alarm():
    page = (FIRMWARE / "CONSOLE.md").read_text()
    for number, (name, priority, advice) in ALARMS.items():
        assert f"| {number} | {name} | {priority} | {advice} |" in page
    for number, (name, advice) in (faults.REFUSALS | faults.FAULTS).items():
        assert f"| {number} | {name} | {advice} |" in page
