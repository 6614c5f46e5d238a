# SPDX-License-Identifier: MIT
"""The command line of the bench: `python -m pumpbench <command>`, behind the Makefile's targets.

What the user can put right is one sentence on stderr and exit status 2.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from serial import SerialException

from pumpbench import asking, boards, deploy, image, pump, serve, uf2
from pumpbench.asking import say

_MENDABLE = (
    FileNotFoundError,
    FileExistsError,
    SyntaxError,
    boards.BoardError,
    deploy.DeployError,
    pump.NotAPump,
    SerialException,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except _MENDABLE as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pumpbench", description="The pump's bench.")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser("demo", help="a delivery on the emulated board, and a report")
    command.add_argument("--output", type=Path, default=Path("build/demo/report.html"))
    _add_micropython(command)
    command.set_defaults(run=_demo)
    command = commands.add_parser("images", help="bring MicroPython for the emulated board")
    _add_micropython(command)
    command.set_defaults(run=_images)
    command = commands.add_parser("boards", help="the boards there are; mistakes in their data")
    command.add_argument("--pages", action="store_true", help="write their pages and drawings")
    command.set_defaults(run=_boards)
    command = commands.add_parser("image", help="write a board's filesystem image")
    _add_board(command)
    command.add_argument("--output", type=Path, help="default: build/<board>/filesystem.img")
    command.set_defaults(run=_image)
    command = commands.add_parser(
        "uf2", help="MicroPython and the pump, one file to drag and drop"
    )
    _add_board(command)
    _add_micropython(command)
    command.add_argument("--output", type=Path, help="default: build/<board>/pump.uf2")
    command.set_defaults(run=_uf2)
    command = commands.add_parser("emulate", help="an emulated board behind a serial port")
    _add_board(command)
    command.add_argument("--link", type=Path, default=serve.LINK, help="path of its console")
    _add_micropython(command)
    command.set_defaults(run=_emulate)
    command = commands.add_parser("heap", help="what each module takes of a board's memory")
    _add_micropython(command)
    command.set_defaults(run=_heap)
    command = commands.add_parser("deploy", help="put the firmware onto a board")
    _add_board(command)
    _add_port(command)
    command.set_defaults(run=_deploy)
    asking.add(commands)
    command = commands.add_parser("repl", help="end the firmware of a stopped pump; its REPL")
    _add_port(command)
    command.set_defaults(run=_repl)
    return parser


def _add_board(command: argparse.ArgumentParser) -> None:
    command.add_argument("--board", default=boards.DEFAULT_BOARD, help="a folder in boards/")


def _add_port(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", required=True, help="serial port of the board")


def _add_micropython(command: argparse.ArgumentParser) -> None:
    default = uf2.DEFAULT_VERSION
    command.add_argument("--micropython", default=default, help="version, or path of a .uf2")


def _bring(micropython: str) -> None:
    """Download the image of a version that is not there; FetchError where it cannot be had."""
    from pumpbench import fetch  # as demo, and plots: a second that no other command needs

    if not uf2.is_path(micropython):
        fetch.fetch(micropython)


def _demo(options: argparse.Namespace) -> int:
    from pumpbench import demo

    missing_image = ""
    try:
        _bring(options.micropython)
    except uf2.FetchError as error:
        missing_image = str(error)  # all of it runs without the image, too
    return demo.run(options.output, micropython=options.micropython, missing_image=missing_image)


def _images(options: argparse.Namespace) -> None:
    _bring(options.micropython)
    say(f"{uf2.find_uf2(options.micropython)}")


def _boards(options: argparse.Namespace) -> int:
    status = 0
    for name in boards.board_names():
        try:
            boards.checked(name)
        except boards.BoardError as error:
            print(error, file=sys.stderr)  # noqa: T201
            status = 2
        else:
            say(f"{name}: {boards.machine_name(name)}")
            if options.pages:
                _write_pages(name)
    return status


def _write_pages(name: str) -> None:
    from pumpbench import pages  # and schemdraw: half a second that no other command needs

    for path in pages.write(name):
        say(f"wrote {path}")


def _image(options: argparse.Namespace) -> None:
    say(f"wrote {image.write_image(options.board, options.output)}")


def _uf2(options: argparse.Namespace) -> None:
    boards.checked(options.board)
    boards.filesystem_of(options.board)
    if options.board != boards.DEFAULT_BOARD and not uf2.is_path(options.micropython):
        raise uf2.MissingImage(
            f"Say which image, of {options.board}: MICROPYTHON=<path of a .uf2>."
        )
    _bring(options.micropython)
    found = uf2.find_uf2(options.micropython)
    say(f"wrote {image.write_uf2(options.board, found, options.output)}, with {found.name}")


def _emulate(options: argparse.Namespace) -> None:
    def announce(path: str) -> None:
        say(f"{options.board}, MicroPython {options.micropython}: {options.link} -> {path}")

    _bring(options.micropython)
    serve.serve(options.board, options.link, options.micropython, on_ready=announce)


def _heap(options: argparse.Namespace) -> None:
    from pumpbench import heap

    _bring(options.micropython)
    say(heap.table(heap.measure(options.micropython)))


def _deploy(options: argparse.Namespace) -> None:
    from rich.progress import track

    def shown(paths: Sequence[str]) -> Iterable[str]:
        return track(paths, f"{len(paths)} files", console=Console(stderr=True))

    say(f"Asking what is at {options.port}.")
    done = deploy.deploy(options.board, options.port, shown)
    say(f"{len(done.written)} files written. {','.join(done.identity)} is up, and stopped.")


def _repl(options: argparse.Namespace) -> int:
    deploy.free_the_repl(options.port)
    say("A reset starts the pump again.")
    arguments = [sys.executable, "-m", "mpremote", "connect", options.port, "repl"]
    return subprocess.call(arguments)


if __name__ == "__main__":
    sys.exit(main())
