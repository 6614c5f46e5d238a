# SPDX-License-Identifier: MIT
"""Weighing: recording a balance, and judging and reporting a recording."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pumpbench.gravimetry.balance import Balance, BalanceError
from pumpbench.gravimetry.doses import WeighedDose
from pumpbench.gravimetry.linearity import Linearity, linearity
from pumpbench.gravimetry.recording import RecordingFile, read_recording
from pumpbench.gravimetry.report import Limits, Steps, Weighing, write_report
from pumpbench.gravimetry.trumpet import METHODS, Method
from pumpbench.gravimetry.trumpet import trumpet as trumpet_of
from pumpbench.gravimetry.volumes import WATER, Liquid, evaporation_g_h


def record(
    balance_port: str,
    kind: str,
    seconds: float,
    path: Path,
    *,
    interval_s: float = 1.0,
    screen: Console | None = None,
    begin: Callable[[], None] = lambda: None,
    watch: Callable[[], None] = lambda: None,
    **options: Any,
) -> int:
    """Record the balance each `interval_s`, for `seconds`; returns the number of readings.

    kind: "sics", "sbi" or "plain". options: those of `Balance.open`. Each reading is in the file
    as soon as it is made. begin is called before the first one, with the balance's port open,
    watch after each; their exceptions end the recording. Raises BalanceError, with the number of
    readings made before it.
    """
    count = 0
    columns = (
        TextColumn("{task.description}"),
        BarColumn(20),
        TextColumn("{task.fields[text]}"),
        TimeRemainingColumn(),
    )
    with (
        Balance.open(balance_port, kind, **options) as balance,
        RecordingFile(path) as file,
        Progress(*columns, console=screen) as progress,
    ):
        task = progress.add_task("Weighing", total=seconds or 1, text="")
        begin()
        try:
            for reading in balance.readings(seconds, interval_s):
                file.add(reading)
                count += 1
                progress.update(task, completed=reading.time_s, text=f"{reading.grams:f} g")
                watch()
        except BalanceError as error:
            raise BalanceError(f"{error}. {count} readings are kept in {path}") from error
    return count


def trumpet(
    csv_path: Path,
    rate_ml_h: float,
    output: Path,
    *,
    method: str | Method = "0.5min",
    liquid: Liquid = WATER,
    evaporation: float | Path = 0.0,
    resolution_g: float | None = None,
    steps: Steps | None = None,
    doses: Sequence[WeighedDose] = (),
    rates: Sequence[tuple[float, Path]] = (),
    limits: Limits | None = None,
    facts: Sequence[tuple[str, str]] = (),
) -> Weighing:
    """Judge a recording of a delivery at the set rate, and write the report to `output`.

    method: a key of `METHODS`, or a Method. evaporation: in g/h, or the recording of a blank.
    resolution_g: of the balance; default: a unit of the last digit. rates: the other rates of a
    linearity, each with its recording. facts: rows for the report. Raises RecordingError or
    ValueError, a sentence, before anything is written.
    """
    if isinstance(evaporation, Path):
        evaporation = evaporation_g_h(read_recording(evaporation))
    settings = {"liquid": liquid, "evaporation_g_h": evaporation}
    chosen = _method(method)
    recording = read_recording(csv_path, resolution_g)
    curve = trumpet_of(recording, rate_ml_h, chosen, **settings)
    measured = [(rate_ml_h, curve.mean_ml_h)]
    for rate, path in rates:
        other = trumpet_of(read_recording(path, resolution_g), rate, chosen, **settings)
        measured.append((rate, other.mean_ml_h))
    line: Linearity | None = linearity(measured) if rates else None
    weighing = Weighing(
        curve,
        evaporation_g_h=evaporation,
        resolution_g=recording.resolution_g,
        steps=steps,
        doses=doses,
        rates=line,
        limits=limits or Limits(),
        facts=facts,
    )
    write_report(output, weighing, csv_path)
    return weighing


def _method(method: str | Method) -> Method:
    if isinstance(method, Method):
        return method
    if method not in METHODS:
        raise ValueError(f"{method!r} is no method: {', '.join(METHODS)}")
    return METHODS[method]
