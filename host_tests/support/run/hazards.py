# SPDX-License-Identifier: MIT
"""The table of hazards: which tests guard against which, and what they measured last.

The list is hazards.toml; a test says what it guards against: `@pytest.mark.hazard("<id>")`. The
tests are found in the source, so that those of any target count on any machine; the numbers come
from a run (`make hazards`) and stay on the page until the next.
"""

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "host_tests"
PAGE = ROOT / "firmware" / "HAZARDS.md"
CATEGORIES = (
    "operational",
    "environmental",
    "electrical",
    "hardware",
    "software",
    "mechanical",
    "drug",
    "use",
)

_HEAD = """# Hazards

What can go wrong, what guards against it, and the tests that show that the guard holds. Categories
are those of the hazard analyses of the generic infusion pump (GIP 1.0) and the generic PCA pump;
behind a hazard stands where it is known from. `make hazards` runs the tests and writes this page;
`make check` fails when a hazard has no test. The numbers are those of the last run: how many tests
of the hazard passed, and what they measured.

This is a bench model. None of this makes it fit for use on a person.
"""


def listed():
    """{id: {"category", "hazard", "source", "guard"}} in the order of the list."""
    return tomllib.loads((TESTS / "hazards.toml").read_text())


def marked():
    """{id: [(file, function)]}: the tests that carry a marker, in order of their files."""
    found = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for key in _keys(node):
                    found.setdefault(key, []).append((path.relative_to(ROOT), node.name))
    return found


def table(numbers):
    """The page. numbers: {(file, function): (passed, failed, [text])}, text: what was measured."""
    tests, rows = marked(), listed()
    parts = [_HEAD]
    for category in CATEGORIES:
        parts.append(f"## {category.capitalize()}\n\n| hazard | guard | tests | measured |")
        parts.append("|---|---|---|---|")
        for key, row in rows.items():
            if row["category"] == category:
                parts.append(_row(key, row, tests.get(key, []), numbers))
        parts.append("")
    return "\n".join(parts)


def without_numbers(page):
    """The page with its last column left out."""
    return re.sub(r" \| [^|]*\|$", " |", page, flags=re.MULTILINE)


class Numbers:
    """What tests came to, and recorded as `measured`: `add` every report, then `write`."""

    def __init__(self):
        self._of = {}

    def add(self, report):
        path, _, name = report.nodeid.partition("::")
        test = Path(path), name.partition("[")[0]
        passed, failed, texts = self._of.get(test, (0, 0, []))
        for key, text in report.user_properties:
            if key == "measured" and text not in texts:
                texts.append(text)
        passed += report.when == "call" and report.passed
        self._of[test] = passed, failed + report.failed, texts

    def write(self):
        """The page, with these numbers."""
        PAGE.write_text(table(self._of))


def _keys(node):
    """The hazards that the decorators of a function name."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(".hazard"):
            yield from (argument.value for argument in decorator.args)


def _row(key, row, tests, numbers):
    files = {}
    for path, name in tests:
        files.setdefault(path, []).append(name.removeprefix("test_").replace("_", " "))
    cells = []
    for path, names in files.items():
        link = f"[{path.name}](../{path.as_posix()})"
        cells.append(f"{link}: " + "; ".join(names))
    results = [numbers[test] for test in tests if test in numbers]
    measured = [_count(results)] if results else []
    measured += [text for _, _, texts in results for text in sorted(texts)]
    cell = "<br>".join(text.replace("|", "/") for text in measured)
    hazard = f"**{key}** {row['hazard']} ({row['source']})"
    return f"| {hazard} | {row['guard']} | {'<br>'.join(cells)} | {cell} |"


def _count(results):
    """How many tests passed, and failed if any did."""
    passed, failed = sum(result[0] for result in results), sum(result[1] for result in results)
    return f"{passed} passed" + (f", {failed} FAILED" if failed else "")
