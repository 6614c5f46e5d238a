# SPDX-License-Identifier: MIT
"""The demonstration: a prescription from the console to edges on the pin, counted and judged.

A real MicroPython image on the emulated Pico delivers for seconds, then `sim` delivers a day.
Without the image everything runs on `sim`.
"""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from pumpbench import judge, report, uf2
from pumpbench.client import Pump
from pumpbench.emulator import EmulatorTarget
from pumpbench.judge import Piece, Steps
from pumpbench.sim import SimTarget
from pumpbench.target import Target

OUTPUT = Path("build/demo/report.html")
SLICES = 50  # looks at a delivery while it runs
MARGIN_S = 0.05  # the first step is due one interval after the start, which takes milliseconds


class Rate(NamedTuple):
    """A rate as it is typed, and in nanolitres a day."""

    text: str
    nl_d: int


class Lengths(NamedTuple):
    """How long the pieces are."""

    slow_s: int = 20
    fast_s: int = 2
    day_s: int = 86_400


LENGTHS = Lengths()
SLOW = Rate("12 ML/D", 12_000_000)
FAST = Rate("1000 ML/HR", 24_000_000_000)


def run(
    output: Path = OUTPUT,
    *,
    uf2_folder: Path = uf2.FOLDER,
    lengths: Lengths = LENGTHS,
    screen: Console | None = None,
) -> int:
    """The whole demonstration. Returns 0 when every count agrees and every step was on time."""
    screen = screen or Console(highlight=False)
    screen.print("[bold]A bench model. Never for use on a person.[/]\n")
    missing_image = _why_not_emulated(uf2_folder)
    if missing_image:
        screen.print(f"[yellow]{escape(missing_image)}[/]", soft_wrap=True)
        screen.print("Without it all of this runs on sim.\n")
    board, where = _power_up(screen, missing_image)
    with board:
        session = Session(board, where, screen)
        firmware = session.ask("*IDN?", "Who is there?")
        slow = session.deliver(SLOW, lengths.slow_s)
        fast = session.deliver(FAST, lengths.fast_s, is_brief=True)
    screen.print("\n[bold]The same prescription for a day[/], on sim, in virtual time")
    with SimTarget() as target:
        day = Session(target, "sim", screen).deliver(SLOW, lengths.day_s, is_brief=True)
    pieces = [slow, fast, day]
    facts = report.Facts(
        board=board.board.NAME,
        micropython=_interpreters(missing_image),
        firmware=firmware,
        date=datetime.now().astimezone(),
        missing_image=missing_image,
        console=session.lines,
    )
    status = _conclude(screen, pieces)
    screen.print(f"Report: {report.write_report(output, pieces, facts)}", soft_wrap=True)
    return status


class Session:
    """One board and what is typed to it; every line is shown and kept."""

    def __init__(self, target: Target, where: str, screen: Console) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self._target = target
        self._where = where
        self._screen = screen
        self._pump = Pump(target)
        self._is_quiet = False

    def ask(self, query: str, note: str = "") -> str:
        """Send a query; its answer."""
        with self._waiting():
            answer = self._pump.ask(query)
        self._show(query, answer, note)
        return answer

    def tell(self, command: str, note: str = "") -> None:
        """Send a command, which answers nothing; PumpError when the pump refuses it."""
        with self._waiting():
            self._pump.tell(command)
        self._show(command, "", note)

    def deliver(self, rate: Rate, seconds: int, is_brief: bool = False) -> Piece:
        """Prescribe, start, let the time pass, stop; the piece, judged. `is_brief` shows less."""
        self._is_quiet = is_brief
        plant = self._target.plant
        self._prescribe(rate)
        before, before_ml = self._steps(), plant.beaker.volume_ml
        plant.edges.clear()
        self.tell("THER:STAR", "Start. The first step comes when its volume is due.")
        self._let_pass(rate, seconds)
        self.ask("DEL:STEP?", "Steps commanded, emitted, witnessed; still queued.")
        self.ask("DEL:TOT?", "Dose in ug, volume in mL.")
        self.tell("THER:STOP", "Stop. What was queued is dropped, and known.")
        self._target.run(MARGIN_S)
        self.ask("DEL:STEP?", "Now nothing is queued, and three counts should be one.")
        steps = Steps(*(b - a for a, b in zip(before, self._steps(), strict=True)))
        return self._piece(rate, seconds, steps, plant.beaker.volume_ml - before_ml)

    def _prescribe(self, rate: Rate) -> None:
        self.tell("PRES:NEW", "Stage an empty prescription and fill it. Units are always needed.")
        self.tell("PRES:CONC 500 UG/ML")
        self.tell("PRES:MODE SIMP")
        self.tell(f"PRES:RATE {rate.text}")
        self.ask("SYST:ERR?", "A command answers nothing. Was one refused?")
        verdict = self.ask("PRES:VAL?", "Can the pump give this? It answers with a token for it.")
        self.tell(
            f"PRES:COMM {verdict.partition(',')[2]}", "Commit what was validated, only that."
        )
        self.ask("PRES:ACT?", "Now in force: mode, ug/mL, ug a day, mL a day.")

    def _let_pass(self, rate: Rate, seconds: int) -> None:
        """Simulated time passes, and the screen says how much of it and what came out."""
        edges, step_ml = self._target.plant.edges, judge.step_volume_ml(self._target.board)
        with progress(self._screen, f"{rate.text}, {duration(seconds)}") as show:
            for n in range(1, SLICES + 1):
                self._target.run(seconds / SLICES + (MARGIN_S if n == SLICES else 0))
                volume = float(edges.count * step_ml)
                passed = seconds * n / SLICES
                passed = f"{passed:.1f} s" if seconds < 120 else duration(round(passed))
                show(n, f"{passed:>9}  {report.grouped(edges.count)} steps  {volume:.7f} mL")

    def _steps(self) -> Steps:
        return Steps(*(int(count) for count in self._pump.ask("DEL:STEP?").split(",")))

    def _piece(self, rate: Rate, seconds: int, steps: Steps, delivered_ml: Fraction) -> Piece:
        edges, step_ml = self._target.plant.edges, judge.step_volume_ml(self._target.board)
        judged = judge.judge(edges, judge.US_PER_DAY * step_ml * 1_000_000 / rate.nl_d)
        return Piece(
            title=f"{rate.text}, {duration(seconds)}",
            target=self._where,
            steps=steps,
            judgement=judged,
            delivered_ml=delivered_ml,
            step_ml=step_ml,
            curve=judge.curve(edges, judged),
            deviations=judge.deviations(edges, judged),
        )

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """A spinner while the board works, on a terminal."""
        if not self._screen.is_terminal:
            yield
            return
        with self._screen.status("[dim]waiting for the board ...[/]"):
            yield

    def _show(self, line: str, answer: str, note: str) -> None:
        self.lines.append((line, answer, note))
        if self._is_quiet:
            return
        if note:
            self._screen.print(f"\n[dim]{note}[/]")
        self._screen.print(f"  [bold cyan]{escape(line)}[/]")
        if answer:
            self._screen.print(f"    [green]{escape(answer)}[/]", soft_wrap=True)


@contextmanager
def progress(screen: Console, title: str):
    """Yields a function to call with slices done and what to say: a bar, or every fifth a line."""
    if not screen.is_terminal:
        screen.print(f"\n{title}")

        def show_line(done: int, text: str) -> None:
            if done % (SLICES // 5) == 0:
                screen.print(f"  {done * 100 // SLICES:3} %  {text}")

        yield show_line
        return
    columns = (TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[text]}"))
    screen.print()
    with Progress(*columns, console=screen) as bar:
        task = bar.add_task(title, total=SLICES, text="")
        yield lambda done, text: bar.update(task, completed=done, text=text)


def duration(seconds: int) -> str:
    """`12 s`, `20 min`, `24 h`: the largest unit that is whole, or hours and minutes."""
    if seconds < 120:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _why_not_emulated(folder: Path) -> str:
    try:
        uf2.find_uf2(uf2.DEFAULT_VERSION, folder)
    except uf2.MissingImage as missing:
        return str(missing)
    return ""


def _power_up(screen: Console, missing_image: str) -> tuple[Target, str]:
    """The board of the short pieces, and how to call it."""
    if missing_image:
        screen.print("Firmware on a fake chip in virtual time (sim). Its console:")
        return SimTarget(), "sim"
    version = uf2.DEFAULT_VERSION
    screen.print(f"Booting MicroPython {version} with the firmware on an emulated Pico.")
    screen.print("That takes 10 to 30 s, and each second of its life a second or more here.")
    return EmulatorTarget(version=version), "emulator"


def _interpreters(missing_image: str) -> str:
    sim = f"CPython {platform.python_version()} in its place on sim"
    return sim if missing_image else f"{uf2.DEFAULT_VERSION} on the emulator; {sim}"


def _conclude(screen: Console, pieces: list[Piece]) -> int:
    """Print the results and the verdict; the exit status."""
    table = Table(title_justify="left")
    table.add_column()
    for piece in pieces:
        table.add_column(f"{piece.title}\n{piece.target}", justify="right", no_wrap=True)
    for name, texts in report.rows(pieces):
        table.add_row(name, *texts)
    screen.print()
    screen.print(table)
    problems = [f"{piece.title}: {text}" for piece in pieces for text in piece.problems()]
    for text in problems:
        screen.print(f"[red]{escape(text)}[/]")
    if problems:
        screen.print("[bold red]Fail.[/] See above.")
        return 1
    screen.print("[bold green]Pass.[/] All counts agree, and every step was on time.")
    return 0
