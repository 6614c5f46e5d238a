# SPDX-License-Identifier: MIT
"""The commands that make images, pages and reports, or put the firmware onto a board.

Each imports its modules by itself: importing all of them takes longer than most commands run.
"""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from pumpbench.commands.command_line import MENDABLE, complain, say

Board = Annotated[str, Option(help="A folder in boards/.")]
BoardPort = Annotated[str, Option("--port", help="Serial port of the board.")]
MicroPython = Annotated[
    str, Option(help="Version, or path of a .uf2; default: the newest that is there.")
]
# As in `boards` and `serve`, which take a while to import.
PICO = "RPI_PICO"
LINK = Path("build/pump.tty")


def demo(
    output: Annotated[Path, Option(help="The report.")] = Path("build/demo/report.html"),
    micropython: MicroPython = "",
) -> int:
    """Deliver on the emulated board, and write a report."""
    from pumpbench.demo import demo
    from pumpbench.images import uf2

    missing_image = ""
    version = micropython or uf2.DEFAULT_VERSION
    try:
        _bring(version)
    except uf2.FetchError as error:
        missing_image = str(error)  # the demonstration also runs without the image
    return demo.run(output, micropython=version, missing_image=missing_image)


def images(micropython: MicroPython = "") -> None:
    """Download MicroPython for the emulated board."""
    from pumpbench.images import uf2

    say(f"{uf2.find_uf2(_bring(micropython))}")


def boards(
    pages: Annotated[bool, Option("--pages", help="Write their pages and drawings.")] = False,
) -> int:
    """List the boards, and the mistakes in their data."""
    from pumpbench.boards import catalog

    status = 0
    for name in catalog.board_names():
        try:
            catalog.checked(name)
        except catalog.BoardError as error:
            complain(error)
            status = MENDABLE
        else:
            say(f"{name}: {catalog.machine_name(name)}")
            if pages:
                _write_pages(name)
    return status


def image(
    board: Board = PICO,
    output: Annotated[
        Path | None, Option(help="Default: build/<board>/filesystem.img.", show_default=False)
    ] = None,
) -> None:
    """Write a board's filesystem image."""
    from pumpbench.images.image import write_image

    say(f"wrote {write_image(board, output)}")


def uf2(
    board: Board = PICO,
    micropython: MicroPython = "",
    output: Annotated[
        Path | None, Option(help="Default: build/<board>/pump.uf2.", show_default=False)
    ] = None,
) -> None:
    """Write MicroPython and the pump in one file to drag and drop."""
    from pumpbench.images import image, uf2

    _need_image_of(board, micropython)
    found = uf2.find_uf2(_bring(micropython))
    say(f"wrote {image.write_uf2(board, found, output)}, with {found.name}")


def flash(
    board: Board = PICO,
    micropython: MicroPython = "",
    drive: Annotated[
        Path | None, Option(help="The boot drive; default: the one there is.", show_default=False)
    ] = None,
) -> None:
    """Flash MicroPython and the pump onto a board in its boot loader."""
    from rich.console import Console
    from rich.progress import Progress

    from pumpbench.boards import catalog
    from pumpbench.images import image, uf2
    from pumpbench.install import drives, flash

    _need_image_of(board, micropython)
    boot = drives.the_one(catalog.chip_name(board), drive)
    found = uf2.find_uf2(_bring(micropython))
    content = image.build_uf2(board, found)
    flash.need_fit(content, boot)
    say(f"{board} with {found.name} goes onto {boot.path}; what was in its flash is gone then.")
    ports = flash.ports()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"{len(content)} bytes", total=len(content))
        flash.put(content, boot, lambda count: progress.advance(bar, count))
    say("The boot loader has taken it.")
    say(flash.who_comes_up(board, ports))


def mip(
    folder: Annotated[
        Path | None, Argument(help="Default: build/mip/<board>.", show_default=False)
    ] = None,
    board: Board = PICO,
) -> None:
    """Write the pump as a package of mpremote's mip."""
    from importlib.metadata import version

    from pumpbench.install import mip

    package = mip.write(board, version("pumpbench"), folder)
    say(f"wrote {package}; onto a board with nothing but MicroPython on it:")
    say(mip.COMMAND.format(port="/dev/ttyACM0", package=package))


def emulate(
    board: Board = PICO,
    link: Annotated[Path, Option(help="Path of its console.")] = LINK,
    micropython: MicroPython = "",
) -> None:
    """Serve an emulated board at a serial port, until Ctrl-C."""
    from pumpbench.boards import catalog
    from pumpbench.targets import serve

    catalog.checked(board)  # before anything is downloaded for it
    version = _bring(micropython)

    def announce(path: str) -> None:
        say(f"{board}, MicroPython {version}: {link} -> {path}")

    serve.serve(board, link, version, on_ready=announce)


def fault(
    words: Annotated[
        list[str],
        Argument(help="power, press BUTTON [S], stall, free, sensor unplugged|stuck|well"),
    ],
    link: Annotated[Path, Option(help="Path of its console.")] = LINK,
) -> int:
    """Act on the board that `emulate` serves: its power, a button, its rotor and sensor."""
    from pumpbench.targets import hand

    answer = hand.say_to(link, " ".join(words))
    if answer != "OK":
        complain(answer or "The board does not answer.")
        return MENDABLE
    return 0


def heap(micropython: MicroPython = "") -> None:
    """The memory that each module takes on a board."""
    from pumpbench.targets.emulator import heap

    say(heap.table(heap.measure(_bring(micropython))))


def sizes(
    page: Annotated[bool, Option("--page", help="Write them into boards/README.md.")] = False,
    with_heap: Annotated[
        bool, Option("--heap", help="And what an emulated board has free after boot.")
    ] = False,
    micropython: MicroPython = "",
) -> None:
    """The flash and the memory that the firmware takes on each board."""
    from pumpbench.boards import catalog
    from pumpbench.images import sizes, uf2

    rows = [sizes.measure(name) for name in catalog.board_names()]
    text = sizes.table(rows)
    say(text.rstrip())
    version = micropython or uf2.DEFAULT_VERSION
    if uf2.is_path(version) or version in uf2.present():
        found = uf2.find_uf2(version)
        (added,) = (row.uf2 for row in rows if row.board == PICO)
        say(f"{found.stat().st_size + (added or 0)} bytes: the UF2 of {PICO} with {found.name}.")
    path = catalog.BOARDS_DIR / sizes.PAGE
    if page and sizes.written(text, path):
        say(f"wrote {path}")
    if with_heap:
        from pumpbench.targets.emulator import heap

        left = heap.measure(_bring(version)).left
        say(f"{left} bytes: free memory of {PICO} after boot, with MicroPython {version}.")


def deploy(port: BoardPort, board: Board = PICO) -> None:
    """Put the firmware onto a board."""
    from rich.console import Console
    from rich.progress import track

    from pumpbench.install import deploy

    def shown(paths: Sequence[str]) -> Iterable[str]:
        return track(paths, f"{len(paths)} files", console=Console(stderr=True))

    say(f"Asking what is at {port}.")
    done = deploy.deploy(board, port, shown)
    identity = ",".join(done.identity)
    if done.written:
        say(f"{len(done.written)} files written. {identity} is up, and stopped.")
    else:
        say(f"{identity} has this firmware already, and goes on as it was.")


def repl(port: BoardPort) -> int:
    """End the firmware of a stopped pump, and open its REPL."""
    from pumpbench.install import deploy

    deploy.free_the_repl(port)
    say("A reset starts the pump again.")
    return subprocess.call([sys.executable, "-m", "mpremote", "connect", port, "repl"])


def _need_image_of(board: str, micropython: str) -> None:
    """Raise BoardError or MissingImage if no UF2 of this board can be made."""
    from pumpbench.boards import catalog
    from pumpbench.images import uf2

    catalog.checked(board)
    catalog.filesystem_of(board)
    if board != catalog.DEFAULT_BOARD and not (micropython and uf2.is_path(micropython)):
        raise uf2.MissingImage(f"Say which image, of {board}: MICROPYTHON=<path of a .uf2>.")


def _bring(micropython: str) -> str:
    """The version or path, downloaded if it is not there; FetchError if that fails."""
    from pumpbench.images import fetch, uf2

    version = micropython or uf2.DEFAULT_VERSION
    if not uf2.is_path(version):
        fetch.fetch(version)
    return version


def _write_pages(name: str) -> None:
    from pumpbench.boards import pages  # imports schemdraw: half a second

    for path in pages.write(name):
        say(f"wrote {path}")
