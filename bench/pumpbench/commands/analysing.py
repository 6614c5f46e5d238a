# SPDX-License-Identifier: MIT
"""The commands for a logic analyser: `capture` the step pin, judge its `edges`."""

import json
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Option

from pumpbench.analysis.levels import CaptureMistake
from pumpbench.commands.command_line import FAILED, Json, say

if TYPE_CHECKING:
    from pumpbench.analysis.due_steps import Comparison

CHANNEL = "STEP"
PICO = "RPI_PICO"  # as `boards` has it
_GET = "apt install sigrok-cli, brew install sigrok-cli, or https://sigrok.org/wiki/Downloads"

File = Annotated[Path, Argument(help="A .csv or .vcd.", show_default=False)]
Channel = Annotated[str, Option(help="What the file calls the step pin.")]


def edges(
    file: File,
    rate: Annotated[str, Option(help='What was programmed, "24 mL/d".', show_default=False)],
    channel: Channel = CHANNEL,
    board: Annotated[str, Option(help="A folder in boards/.")] = PICO,
    per_rev: Annotated[
        str, Option(help='Calibration, "0.2 mL" a revolution; default: of the board.')
    ] = "",
    as_json: Json = False,
) -> int:
    """Compare the steps of a capture with the programmed ones. Status 1: they differ."""
    from pumpbench.analysis import captures, due_steps

    ideal_us, pulse_ns = _due(board, rate, per_rev)
    capture = captures.read(file, channel, pulse_ns)
    found = due_steps.compare(capture, ideal_us)
    passed = all(each.is_within for each in found.figures())
    if as_json:
        say(json.dumps(_for_machines(found, passed)))
    else:
        _show(found, passed)
    return 0 if passed else FAILED


def capture(
    file: File,
    seconds: Annotated[float, Option(min=0.001, help="How long.", show_default=False)],
    driver: Annotated[str, Option(help="As sigrok-cli calls the analyser.")] = "fx2lafw",
    samplerate: Annotated[str, Option(help="As sigrok-cli writes it.")] = "1M",
    wire: Annotated[str, Option(help="The analyser's input at the step pin.")] = "D0",
) -> None:
    """Capture the step pin with sigrok-cli."""
    kinds = {".csv": "csv:time=true", ".vcd": "vcd"}
    if file.suffix not in kinds:
        raise CaptureMistake(f"{file} is no name of a capture: call it .csv, or .vcd.")
    if file.exists():
        raise CaptureMistake(f"{file} is there already: give another name, or move it away.")
    program = shutil.which("sigrok-cli")
    if program is None:
        raise CaptureMistake(f"There is no sigrok-cli on this machine: {_GET}.")
    options = ["-d", driver, "--config", f"samplerate={samplerate}"]
    options += ["--channels", f"{wire}={CHANNEL}", "--time", f"{round(seconds * 1000)}ms"]
    options += ["-O", kinds[file.suffix], "-o", str(file)]
    done = subprocess.run([program, *options], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode or not file.exists() or not file.stat().st_size:
        said = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        raise CaptureMistake(f"sigrok-cli has captured nothing: {said.rstrip('.')}.")
    say(f"{seconds:g} s of {wire} are in {file}.")


def _due(board_name: str, rate: str, per_rev: str) -> tuple[Fraction, int]:
    """(step interval in microseconds, duration of the step pulse in nanoseconds)."""
    from pumpbench.analysis.judge import US_PER_DAY, step_volume_ml
    from pumpbench.boards.catalog import load_board
    from pumpbench.client.prescription_file import volume_ml, volume_rate_ml_d

    board = load_board(board_name)
    ml_d = _amount(volume_rate_ml_d, rate, "--rate")
    if per_rev:
        board.PUMP["pl_per_rev"] = _amount(volume_ml, per_rev, "--per-rev") * 10**9
    if not board.PUMP["pl_per_rev"]:
        raise BadParameter(f"{board_name} is not calibrated: say --per-rev")
    ideal_us = US_PER_DAY * step_volume_ml(board) / ml_d
    most = board.DRIVER["max_steps_s"]
    if ideal_us * most < 1_000_000:
        text = f"{rate} is {float(1_000_000 / ideal_us):.0f} steps a second"
        raise BadParameter(f"{text}; {board_name} makes no more than {most}")
    return ideal_us, board.DRIVER["step_high_us"] * 1000


def _amount(read: Callable[[str], Decimal], text: str, option: str) -> Fraction:
    try:
        value = Fraction(read(text))
    except ValueError as error:
        raise BadParameter(f"{option}: {error}") from error
    if not value:
        raise BadParameter(f"{option}: {text} is nothing")
    return value


def _show(found: "Comparison", passed: bool) -> None:
    """Print a line for each figure, with a verdict if it has a limit, and the verdict on all."""
    for each in found.figures():
        verdict = ("pass" if each.is_within else "FAIL") if each.limit else ""
        limit = f"  limit {each.limit:<24}" if each.limit else ""
        value = f"{each.value:.9g} {each.unit}"
        say(f"{each.what:<34}{value:<18}{limit}{verdict}".rstrip())
    for remark in found.remarks():
        say(remark)
    say("pass" if passed else "fail")


def _for_machines(found: "Comparison", passed: bool) -> dict[str, object]:
    return {
        "ideal_us": float(found.judgement.ideal_us),
        "sample_ns": float(found.capture.sample_ns),
        "due": found.due,
        "seen": len(found.capture.edges_ns),
        "missing": found.missing,
        "extra": len(found.numbered.extra_ns),
        "glitches": len(found.capture.glitches_ns),
        "worst_interval_us": float(found.judgement.worst_error_us),
        "drift_ppm": found.drift_ppm,
        "figures": [vars(each) | {"is_within": each.is_within} for each in found.figures()],
        "remarks": found.remarks(),
        "passed": passed,
    }
