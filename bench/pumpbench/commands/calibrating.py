# SPDX-License-Identifier: MIT
"""The command `calibrate`: measured runs, compared; calibration by the last one once confirmed.

The pump itself checks the volume. It is not calibrated without a confirmation, nor from runs that
differ.
"""

import contextlib
import json
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, NamedTuple, Protocol

import typer

from pumpbench.client.prescription import amount
from pumpbench.client.pump import Pump
from pumpbench.commands.command_line import REFUSED, Json, Port, asked, pump_at, say
from pumpbench.commands.turning import turn
from pumpbench.commands.weighing import Baudrate, Framing, Kind
from pumpbench.gravimetry.facts import WeighingError

MOST_APART_PCT = 3
_NL_PER_ML = 1_000_000


class Catch(Protocol):
    """The source of the volume of a run, in millilitres."""

    def caught_ml(self, turn) -> Decimal: ...


class Point(NamedTuple):
    revolutions: Decimal
    ml: Decimal

    @property
    def ml_per_revolution(self) -> Decimal:
        return self.ml / self.revolutions


class Calibration(NamedTuple):
    """The result of the runs: millilitres of a revolution before and now; is_done: calibrated."""

    points: list[Point]
    before_ml: Decimal
    now_ml: Decimal
    is_done: bool


def calibrate(
    port: Port,
    points: Annotated[str, typer.Option(help="Revolutions of each run.")] = "1,5,10",
    yes: Annotated[bool, typer.Option("--yes", help="Calibrate without asking.")] = False,
    grams: Annotated[bool, typer.Option("--grams", help="What came out is told in g.")] = False,
    density: Annotated[float, typer.Option(help="Of the liquid, g/mL, where it is weighed.")] = (
        0.998
    ),
    balance: Annotated[str, typer.Option(help="Serial port of a balance that weighs.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="What the balance speaks.")] = None,
    baudrate: Baudrate = 9600,
    framing: Framing = "8N1",
    as_json: Json = False,
) -> int:
    """Turn, measure, compare, ask, calibrate: what the head gives in a revolution."""
    revolutions = _revolutions(points)
    if bool(balance) != bool(kind):
        raise typer.BadParameter("--balance and --kind go together")
    from pumpbench.commands.catching import ByBalance, ByHand

    if balance and kind:
        catch = ByBalance(
            balance, kind.value, _ml_per_g(density), baudrate=baudrate, framing=framing
        )
    else:
        catch = ByHand(_ml_per_g(density) if grams else None)
    aside = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    with pump_at(port) as pump, aside:
        found = guided(pump, revolutions, catch, is_accepted=yes)
    if as_json:
        say(json.dumps(_for_machines(found)))
    return 0 if found.is_done else REFUSED


def guided(pump: Pump, runs: Sequence[Decimal], catch: Catch, *, is_accepted: bool) -> Calibration:
    """Make each run and compare; calibrate by the last one once confirmed."""
    done: list[Point] = []
    for revolutions in sorted(runs):
        ml = catch.caught_ml(lambda revolutions=revolutions: turn(pump, revolutions))
        done.append(Point(revolutions, ml))
        _show(done[-1])
        _need_alike(done)
    before = pump.ask("MOT:CAL?")
    say(f"They differ by {_apart_pct(done):.2f} %; a revolution is {before} mL now.")
    if not (is_accepted or asked("Calibrate the pump by the last run?")):
        say("Nothing was changed.")
        return Calibration(done, Decimal(before), Decimal(before), is_done=False)
    pump.tell(f"MOT:CAL:MEAS {amount(int(done[-1].ml * _NL_PER_ML), 'NL')}")
    now = pump.ask("MOT:CAL?")
    say(f"Calibrated: a revolution is {now} mL.")
    return Calibration(done, Decimal(before), Decimal(now), is_done=True)


def _for_machines(found: Calibration) -> dict[str, object]:
    runs = [
        {
            "revolutions": float(each.revolutions),
            "ml": float(each.ml),
            "ml_per_revolution": float(each.ml_per_revolution),
        }
        for each in found.points
    ]
    return {
        "runs": runs,
        "apart_pct": float(_apart_pct(found.points)),
        "before_ml_per_revolution": float(found.before_ml),
        "ml_per_revolution": float(found.now_ml),
        "calibrated": found.is_done,
    }


def _show(point: Point) -> None:
    per_revolution = f"{point.ml_per_revolution:.6f} mL a revolution"
    say(f"{point.revolutions:>8f} revolutions: {point.ml:.6f} mL, {per_revolution}")


def _need_alike(done: Sequence[Point]) -> None:
    if (apart_pct := _apart_pct(done)) > MOST_APART_PCT:
        raise WeighingError(
            f"The runs differ by {apart_pct:.1f} %, more than {MOST_APART_PCT} %: look for air and"
            " drops in the line, and begin again. Nothing was calibrated."
        )


def _apart_pct(done: Sequence[Point]) -> Decimal:
    each = [point.ml_per_revolution for point in done]
    return 100 * (max(each) / min(each) - 1)


def _revolutions(points: str) -> list[Decimal]:
    """The revolutions of each run; at least two runs, for a comparison."""
    try:
        found = [Decimal(text.strip()) for text in points.split(",")]
    except InvalidOperation:
        found = []
    if len(found) < 2 or not all(each.is_finite() and each > 0 for each in found):
        raise typer.BadParameter(f"{points!r} are not two or more numbers of revolutions")
    return found


def _ml_per_g(density: float) -> Decimal:
    from pumpbench.gravimetry.volumes import Liquid

    try:
        return Decimal(repr(float(Liquid(density).ml_per_g)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
