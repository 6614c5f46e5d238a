# SPDX-License-Identifier: MIT
"""The command `calibrate`: measured runs, shown beside each other; the last one after a yes.

The pump itself judges the volume. Nothing is calibrated without a yes, nor from runs that differ.
"""

import contextlib
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, NamedTuple, Protocol

import typer

from pumpbench.client import PumpError
from pumpbench.command_line import REFUSED, Port, asked, pump_at, say
from pumpbench.gravimetry.facts import WeighingError
from pumpbench.interruption import interrupted_once
from pumpbench.prescription import amount
from pumpbench.pump import Pump
from pumpbench.weighing import Baudrate, Framing, Kind

MOST_APART_PCT = 3
_SLOWEST_S = 10  # a revolution, of the slowest motor
_NL_PER_ML = 1_000_000


class Catch(Protocol):
    """Whoever tells the millilitres of a run."""

    def caught_ml(self, turn) -> Decimal: ...


class Point(NamedTuple):
    revolutions: Decimal
    ml: Decimal

    @property
    def ml_per_revolution(self) -> Decimal:
        return self.ml / self.revolutions


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
) -> int:
    """Turn, measure, compare, ask, calibrate: what the head gives in a revolution."""
    revolutions = _revolutions(points)
    if bool(balance) != bool(kind):
        raise typer.BadParameter("--balance and --kind go together")
    from pumpbench.gravimetry.catching import ByBalance, ByHand

    if balance and kind:
        catch = ByBalance(
            balance, kind.value, _ml_per_g(density), baudrate=baudrate, framing=framing
        )
    else:
        catch = ByHand(_ml_per_g(density) if grams else None)
    with pump_at(port) as pump:
        return guided(pump, revolutions, catch, is_accepted=yes)


def guided(pump: Pump, runs: Sequence[Decimal], catch: Catch, *, is_accepted: bool) -> int:
    """Make each run and compare; calibrate by the last one after a yes. The exit status."""
    done: list[Point] = []
    for revolutions in sorted(runs):
        ml = catch.caught_ml(lambda revolutions=revolutions: turn(pump, revolutions))
        done.append(Point(revolutions, ml))
        _show(done[-1])
        _need_alike(done)
    say(f"They differ by {_apart_pct(done):.2f} %; a revolution is {pump.ask('MOT:CAL?')} mL now.")
    if not (is_accepted or asked("Calibrate the pump by the last run?")):
        say("Nothing was changed.")
        return REFUSED
    pump.tell(f"MOT:CAL:MEAS {amount(int(done[-1].ml * _NL_PER_ML), 'NL')}")
    say(f"Calibrated: a revolution is {pump.ask('MOT:CAL?')} mL.")
    return 0


def turn(pump: Pump, revolutions: Decimal) -> None:
    """Make a run, to its end; one that is interrupted is stopped, and a WeighingError."""
    if (state := pump.state()) != "STOPPED":
        raise WeighingError(f"The pump is {state}: stop it first.")
    with interrupted_once() as no_more:
        is_refused = True
        try:
            pump.tell(f"MOT:CAL:RUN {revolutions:f}")
            is_refused = False
            say(f"Turning {revolutions:f} revolutions ...")
            pump.wait_stopped(float(_SLOWEST_S * (1 + revolutions)))
        except BaseException as error:
            if is_refused and isinstance(error, PumpError):  # nothing turns
                raise
            no_more()
            with contextlib.suppress(PumpError, OSError):
                pump.stop()
            if isinstance(error, KeyboardInterrupt):
                raise WeighingError("The run was interrupted: nothing was calibrated.") from error
            raise
    if (state := pump.state()) != "STOPPED":
        alarms = ", ".join(f"{each.code} {each.name}" for each in pump.alarms())
        raise WeighingError(f"The run did not end well, nothing was calibrated: {state}, {alarms}")


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
    """The runs; two at least, or nothing would be compared."""
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
