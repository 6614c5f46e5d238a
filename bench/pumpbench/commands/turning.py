# SPDX-License-Identifier: MIT
"""Turning: a measured run of the motor, from start to end, with its progress shown.

An interrupted run is stopped. The volume is told afterwards, see `calibrating`.
"""

import contextlib
from collections.abc import Callable, Iterator
from decimal import Decimal

from pumpbench.client.interruption import interrupted_once
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.commands.command_line import say
from pumpbench.gravimetry.facts import WeighingError

_SLOWEST_S = 10  # seconds for a revolution of the slowest motor


def turn(pump: Pump, revolutions: Decimal) -> None:
    """Make a run, to its end. An interrupted run is stopped, and raises WeighingError."""
    if (state := pump.state()) != "STOPPED":
        raise WeighingError(f"The pump is {state}: stop it first.")
    with _shown(pump, revolutions) as look, interrupted_once() as no_more:
        is_refused = True
        try:
            pump.tell(f"MOT:CAL:RUN {revolutions:f}")
            is_refused = False
            say(f"Turning {revolutions:f} revolutions ...")
            pump.wait_stopped(float(_SLOWEST_S * (1 + revolutions)), look)
        except BaseException as error:
            if is_refused and isinstance(error, PumpError):  # the motor does not turn
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


@contextlib.contextmanager
def _shown(pump: Pump, revolutions: Decimal) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; yields a function that asks for the progress and updates it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    per_revolution = _steps_per_revolution(pump)
    before = pump.steps().emitted
    columns = (TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[text]}"))
    screen = Console(stderr=True)
    is_hidden = not screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=is_hidden) as progress:
        total = float(revolutions) if per_revolution else None
        task = progress.add_task("Turning", total=total, text="")

        def look() -> None:
            steps = pump.steps().emitted - before
            if per_revolution:
                done = steps / per_revolution
                text = f"{done:.1f} of {revolutions:f} revolutions"
                progress.update(task, completed=done, text=text)
            else:
                progress.update(task, text=f"{steps} steps")

        yield look


def _steps_per_revolution(pump: Pump) -> int | None:
    """The steps of a revolution from the board's file; None for a board without a file."""
    from pumpbench.boards.catalog import BoardError, load_board

    try:
        motor = load_board(pump.identity().board).PUMP
    except (FileNotFoundError, BoardError):
        return None
    return motor["full_steps"] * motor["microsteps"]
