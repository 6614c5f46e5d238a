# SPDX-License-Identifier: MIT
"""The command line of the bench: `python -m pumpbench <command>`, behind the Makefile's targets.

Exit status 0: done; 1: the pump has refused; 2: an error that the user can correct, told in one
sentence on stderr. A command imports slow modules by itself.
"""

import sys

import typer

from pumpbench.client.lines import PumpError
from pumpbench.commands import (
    accepting,
    analysing,
    asking,
    calibrating,
    comparing,
    making,
    programming,
    terminal,
    watching,
    weighing,
)
from pumpbench.commands.command_line import MENDABLE, REFUSED, Cut, NoPort, complain

_COMMANDS = {
    "ports": asking.ports,
    "status": asking.status,
    "scpi": asking.scpi,
    "watch": watching.watch,
    "log": asking.log,
    "console": terminal.console,
    "program": programming.program,
    "calibrate": calibrating.calibrate,
    "record": weighing.record,
    "trumpet": weighing.trumpet,
    "doses": comparing.doses,
    "linearity": comparing.linearity,
    "capture": analysing.capture,
    "edges": analysing.edges,
    "hil": accepting.hil,
    "report": accepting.report,
    "deploy": making.deploy,
    "repl": making.repl,
    "demo": making.demo,
    "emulate": making.emulate,
    "fault": making.fault,
    "images": making.images,
    "boards": making.boards,
    "image": making.image,
    "uf2": making.uf2,
    "flash": making.flash,
    "mip": making.mip,
    "heap": making.heap,
    "sizes": making.sizes,
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        return _app()(arguments, prog_name="pumpbench", standalone_mode=False) or 0
    except PumpError as refused:
        complain(refused)
        return REFUSED
    except typer.Abort:
        return MENDABLE
    except typer.TyperException as mistake:  # in the command line
        complain(mistake.format_message())
        return MENDABLE
    except _mendable() as error:
        complain(error)
        return MENDABLE


def _app() -> typer.Typer:
    """The application, with plain help: importing markup takes longer than all the rest."""
    app = typer.Typer(
        help="The pump's bench.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for name, command in _COMMANDS.items():
        app.command(name)(command)
    return app


def _mendable() -> tuple[type[Exception], ...]:
    """Exceptions that are shown as a sentence; imported only after an error."""
    from serial import SerialException

    from pumpbench.analysis.levels import CaptureMistake
    from pumpbench.boards.catalog import BoardError
    from pumpbench.client.prescription_file import FileMistake
    from pumpbench.client.pump import NotAPump
    from pumpbench.gravimetry.dialects import BalanceError
    from pumpbench.gravimetry.facts import WeighingError
    from pumpbench.hil.saved import SavedError
    from pumpbench.install.deploy import DeployError
    from pumpbench.install.drives import FlashError
    from pumpbench.targets.hand import HandError

    return (
        FileNotFoundError,
        FileExistsError,
        SyntaxError,
        TimeoutError,
        SerialException,
        BoardError,
        DeployError,
        FlashError,
        NotAPump,
        NoPort,
        Cut,
        FileMistake,
        BalanceError,
        WeighingError,
        HandError,
        SavedError,
        CaptureMistake,
    )


if __name__ == "__main__":
    sys.exit(main())
