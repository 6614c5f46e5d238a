# SPDX-License-Identifier: MIT
"""The commands that compare weighings: single `doses`, and `linearity`.

Units are millilitres, hours and grams; a FILE.csv is a recording as `record` writes it.
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Option

from pumpbench.commands.command_line import FAILED, Json, say
from pumpbench.commands.weighing import Standard, set_rate_ml_h
from pumpbench.gravimetry.facts import WeighingError, read_facts

if TYPE_CHECKING:
    from pumpbench.gravimetry.doses import Dose
    from pumpbench.gravimetry.page import Page

_COLUMNS = ("start_s", "end_s", "programmed_ml")

Blank = Annotated[Path | None, Option(help="Recording of a beaker without a flow.")]
Evaporation = Annotated[float | None, Option(help="g/h, in place of a blank.")]
Output = Annotated[Path, Option(help="The page.")]


def doses(
    csv_file: Annotated[Path, Argument(metavar="FILE.csv", help="As record writes it.")],
    programmed: Annotated[
        Path,
        Option(help=f"CSV of the doses: {','.join(_COLUMNS)}.", show_default=False),
    ],
    basal: Annotated[float, Option(min=0, help="mL/h that went on below them.")] = 0.0,
    average: Annotated[float, Option(min=0.1, help="s weighed before and after each.")] = 10.0,
    blank: Blank = None,
    evaporation: Evaporation = None,
    output: Output = Path("doses.html"),
    as_json: Json = False,
) -> int:
    """Weigh each dose of a recording, and write a histogram; status 1: a limit is failed."""
    _need_page(output)
    from pumpbench.gravimetry.doses import weighed_doses
    from pumpbench.gravimetry.page import page_of_doses
    from pumpbench.gravimetry.recording import read_recording
    from pumpbench.gravimetry.report import Limits

    try:
        weighed = weighed_doses(
            read_recording(csv_file),
            _doses_in(programmed),
            average_s=average,
            basal_ml_h=basal,
            evaporation_g_h=_lost_g_h(blank, evaporation),
        )
    except ValueError as error:
        raise WeighingError(f"{csv_file}: {error}.") from error
    found = [vars(each) | {"error_pct": each.error_pct} for each in weighed]
    return _end(page_of_doses(weighed, Limits()), output, {"doses": found}, as_json)


def linearity(
    recordings: Annotated[
        list[str],
        Argument(metavar="FILE.csv[=ML_H]", help="Three or more, and mL/h without FILE.json."),
    ],
    method: Annotated[Standard, Option(help="How long a sample is.")] = Standard.HALF_MINUTE,
    blank: Blank = None,
    evaporation: Evaporation = None,
    output: Output = Path("linearity.html"),
    as_json: Json = False,
) -> int:
    """Compare recordings at different rates with a line; status 1: a limit is failed."""
    _need_page(output)
    from pumpbench.gravimetry.linearity import linearity as line_of
    from pumpbench.gravimetry.page import page_of_rates
    from pumpbench.gravimetry.recording import read_recording
    from pumpbench.gravimetry.report import Limits
    from pumpbench.gravimetry.trumpet import METHODS, trumpet

    pairs = [_with_rate(text) for text in recordings]
    lost_g_h = _lost_g_h(blank, evaporation)
    measured = []
    for path, rate_ml_h in pairs:
        try:
            recording = read_recording(path)
            curve = trumpet(recording, rate_ml_h, METHODS[method], evaporation_g_h=lost_g_h)
        except ValueError as error:
            raise WeighingError(f"{path}: {error}.") from error
        measured.append((rate_ml_h, curve.mean_ml_h))
    try:
        line = line_of(measured)
    except ValueError as error:
        raise WeighingError(f"{error}.") from error
    found = vars(line) | {"off_line_pct": line.off_line_pct}
    return _end(page_of_rates(line, Limits()), output, found, as_json)


def _end(page: "Page", output: Path, found: Mapping[str, object], as_json: bool) -> int:
    """Write the page, print the results, return the exit status."""
    from pumpbench.gravimetry.page import write

    write(output, page)
    if as_json:
        figures = [vars(each) for each in page.figures]
        told = {"figures": figures, "passed": not page.failures, "report": str(output)}
        say(json.dumps({**found, **told}))
    else:
        for each in page.figures:
            verdict = "pass" if each.is_within else "FAIL"
            say(f"{each.what:<28}{each.measured:>10}  limit {each.required:<10}{verdict}")
        say(f"{page.about}: {output}")
    return FAILED if page.failures else 0


def _need_page(output: Path) -> None:
    if output.suffix not in (".html", ".htm"):
        raise WeighingError(f"{output} is no name of a report: call it .html.")


def _lost_g_h(blank: Path | None, evaporation: float | None) -> float:
    """The evaporation in g/h."""
    if blank is not None and evaporation is not None:
        raise BadParameter("what evaporates is a --blank or --evaporation, not both")
    if blank is None:
        return evaporation or 0.0
    from pumpbench.gravimetry.recording import read_recording
    from pumpbench.gravimetry.volumes import evaporation_g_h

    try:
        return evaporation_g_h(read_recording(blank))
    except ValueError as error:
        raise WeighingError(f"{blank}: {error}.") from error


def _doses_in(path: Path) -> list["Dose"]:
    """The doses of a CSV file; WeighingError with the number of a wrong line."""
    from pumpbench.gravimetry.doses import Dose

    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
            raise WeighingError(f"{path} has no column {' and no '.join(missing)}.")
        found = []
        for row in rows:
            try:
                found.append(Dose(*(float(row[name]) for name in _COLUMNS)))
            except (TypeError, ValueError):
                where = f"{path}, line {rows.line_num},"
                raise WeighingError(f"{where} is no dose: three numbers.") from None
    if not found:
        raise WeighingError(f"{path} has no doses.")
    return found


def _with_rate(text: str) -> tuple[Path, float]:
    """A recording and its set rate in mL/h: as given, or from its facts."""
    name, equals, rate = text.rpartition("=")
    if not equals:
        path = Path(text)
        return path, set_rate_ml_h(read_facts(path), path, f"{path}=ML_H")
    try:
        return Path(name), float(rate)
    except ValueError:
        raise BadParameter(f"{rate!r} is no rate in mL/h") from None
