# SPDX-License-Identifier: MIT
"""The commands for a balance: `record` its readings, judge a recording as a `trumpet` curve.

`gravimetry`, which reads balance, recording and facts, is imported when needed.
"""

import json
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Option

from pumpbench.commands.command_line import FAILED, Json, Port, pump_at, say
from pumpbench.gravimetry.facts import Facts, WeighingError, beside, read_facts

if TYPE_CHECKING:
    from pumpbench.gravimetry.report import Weighing


class Kind(StrEnum):
    """The dialects of balances."""

    SICS = "sics"
    SBI = "sbi"
    PLAIN = "plain"


class Standard(StrEnum):
    """Samples of half a minute, or those of an ambulatory pump."""

    HALF_MINUTE = "0.5min"
    QUARTER_HOUR = "15min"


KindOf = Annotated[
    Kind, Option(help="MT-SICS, Sartorius' SBI, or a number a line.", show_default=False)
]
Baudrate = Annotated[int, Option(min=1, help="As in the balance's menu.")]
Framing = Annotated[str, Option(help="Bits, parity, stop bits, as in its menu.")]


def record(
    balance_port: Annotated[str, Argument(help="Serial port of the balance.", show_default=False)],
    kind: KindOf,
    minutes: Annotated[float, Option(min=0.001, help="How long.", show_default=False)],
    output: Annotated[Path, Option(help="The CSV file.", show_default=False)],
    interval: Annotated[float, Option(min=0.05, help="Seconds between two readings.")] = 1.0,
    port: Port = "",
    baudrate: Baudrate = 9600,
    framing: Framing = "8N1",
    as_json: Json = False,
) -> None:
    """Record a balance; with a pump, which is started before and stopped after."""
    _need_free(output)
    from rich.console import Console

    from pumpbench.gravimetry.delivery import weigh

    seconds = minutes * 60
    options = {
        "interval_s": interval,
        "baudrate": baudrate,
        "framing": framing,
        "screen": Console(stderr=True),
    }
    with pump_at(port) if port else nullcontext() as pump:
        count = weigh(pump, balance_port, kind, seconds, output, **options)
    if as_json:
        found = {"readings": count, "csv": str(output)}
        say(json.dumps(found | {"facts": str(beside(output)) if port else None}))
    elif port:
        facts = f"its facts in {beside(output)}. The pump is stopped"
        say(f"{count} readings are in {output}, {facts}.")
    else:
        say(f"{count} readings are in {output}.")


def _need_free(output: Path) -> None:
    """Raise WeighingError if a recording with readings, or another file, would be lost."""
    if output.suffix == ".json":
        raise WeighingError(f"{output} is where the facts of a recording go: call it .csv.")
    is_empty = output.is_file() and output.read_bytes().count(b"\n") <= 1
    for path in (output, beside(output)):
        if path.exists() and not is_empty:
            raise WeighingError(f"{path} is there already: give another name, or move it away.")


def trumpet(
    csv_file: Annotated[Path, Argument(metavar="FILE.csv", help="As record writes it.")],
    rate: Annotated[float | None, Option(help="mL/h that were set; else of FILE.json.")] = None,
    output: Annotated[
        Path | None, Option(help="The report; default: FILE.html.", show_default=False)
    ] = None,
    method: Annotated[Standard, Option(help="How long a sample is.")] = Standard.HALF_MINUTE,
    blank: Annotated[Path | None, Option(help="Recording of a beaker without a flow.")] = None,
    evaporation: Annotated[float | None, Option(help="g/h, in place of a blank.")] = None,
    resolution: Annotated[
        float | None, Option(help="g; default: a unit of the last digit.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> int:
    """Judge a recording as a trumpet curve, and write the report; status 1: a limit is failed."""
    if blank is not None and evaporation is not None:
        raise BadParameter("what evaporates is a --blank or --evaporation, not both")
    facts = read_facts(csv_file)
    set_ml_h = set_rate_ml_h(facts, csv_file) if rate is None else rate
    page = output or csv_file.with_suffix(".html")
    _need_room(page, csv_file)
    from pumpbench.gravimetry import weighing as of_balance
    from pumpbench.gravimetry.report import Steps

    try:
        weighing = of_balance.trumpet(
            csv_file,
            set_ml_h,
            page,
            method=method.value,
            evaporation=blank or evaporation or 0.0,
            resolution_g=resolution,
            steps=Steps(*facts.counted) if facts and facts.counted else None,
            facts=facts.rows() if facts else (),
        )
    except ValueError as error:
        raise WeighingError(f"{csv_file}: {error}.") from error
    if as_json:
        say(json.dumps(_for_machines(weighing, facts, page)))
    else:
        _show(weighing, page)
    return FAILED if weighing.failures else 0


def set_rate_ml_h(facts: Facts | None, csv_file: Path, how: str = "--rate") -> float:
    """The set rate in mL/h from the facts; WeighingError, with the option `how`, without."""
    if facts is None:
        raise WeighingError(f"There is no {beside(csv_file)}: say the rate that was set, {how}.")
    if not facts.is_rate_constant:
        raise WeighingError(f"The pump's rate changed meanwhile: say which one was set, {how}.")
    return facts.rate_ml_h


def _need_room(page: Path, csv_file: Path) -> None:
    """Raise WeighingError if the page is not .html, or would overwrite another recording."""
    if page.suffix not in (".html", ".htm"):
        raise WeighingError(f"{page} is no name of a report: call it .html.")
    copy = page.with_suffix(".csv")
    if copy.exists() and csv_file.exists() and copy.read_bytes() != csv_file.read_bytes():
        raise WeighingError(f"{copy} is another recording: give the report another name.")


def _show(weighing: "Weighing", page: Path) -> None:
    """Print a line for each figure with its verdict, and the path of the report."""
    for each in weighing.electrical() + weighing.fluidic():
        verdict = "pass" if each.is_within else "FAIL"
        say(f"{each.what:<24}{each.measured:>12}  limit {each.required:<10}{verdict}")
    for refused in weighing.curve.refused:
        say(f"Not judged, {refused}")
    say(f"Report: {page}")


def _for_machines(weighing: "Weighing", facts: Facts | None, page: Path) -> dict[str, object]:
    curve = weighing.curve
    return {
        "rate_ml_h": curve.rate_ml_h,
        "mean_ml_h": curve.mean_ml_h,
        "a_pct": curve.mean_error_pct,
        "b_pct": curve.last_error_pct,
        "evaporation_g_h": weighing.evaporation_g_h,
        "resolution_g": weighing.resolution_g,
        "windows": [vars(each) for each in curve.windows],
        "not_judged": [str(each) for each in curve.refused],
        "figures": [vars(each) for each in weighing.electrical() + weighing.fluidic()],
        "passed": not weighing.failures,
        "facts": dict(facts.rows()) if facts else None,
        "report": str(page),
    }
