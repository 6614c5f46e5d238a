# SPDX-License-Identifier: MIT
"""A session of the demonstration: a board, the lines sent to it, and their display."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from pumpbench.analysis.judge import Steps
from pumpbench.analysis.programmed import Window
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.targets.target import Target

SLICES = 50  # parts of a delivery, with an update of the display after each


class Session:
    """One board and the lines sent to it; every line is shown and kept."""

    def __init__(self, target: Target, where: str, screen: Console) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self.target = target
        self.where = where
        self.screen = screen
        self.is_quiet = False
        self._pump = Pump(target)

    def ask(self, query: str, note: str = "", *, is_quiet: bool = False) -> str:
        """Send a query; returns its answer. is_quiet: do not show it."""
        with self._waiting():
            answer = self._pump.ask(query)
        self._show(query, answer, note, is_quiet)
        return answer

    def tell(self, command: str, note: str = "") -> None:
        """Send a command, which has no answer; PumpError if the pump refuses it."""
        with self._waiting():
            self._pump.tell(command)
        self._show(command, "", note)

    def refused(self, command: str, note: str = "") -> int:
        """Send a command that the pump is to refuse; returns its error number, 0 without one."""
        try:
            self._pump.tell(command)
        except PumpError as error:
            self._show(command, str(error), note)
            return error.number
        self._show(command, "", note)
        return 0

    def timed(self, command: str, note: str = "") -> tuple[Steps, Window]:
        """Send a command; returns the counts right after it, and the time in which it was read."""
        from_us = self.target.now_ns // 1000
        answer = self._answer_or_error(f"{command};:DEL:STEP?")
        self._show(f"{command};:DEL:STEP?", answer, note)
        return counts(answer), Window(from_us, -(-self.target.now_ns // 1000))

    def steps(self) -> Steps:
        """The counts since power-up; not shown."""
        return counts(self._pump.ask("DEL:STEP?"))

    def quiet(self, query: str) -> str:
        """The answer to a query that is neither shown nor kept."""
        return self._pump.ask(query)

    def run(self, seconds: float) -> None:
        """Run for `seconds`."""
        with self._waiting():
            self.target.run(seconds)

    def run_until(self, is_so: Callable[[], bool], most_s: float, slice_s: float) -> bool:
        """Run until `is_so()`, for most_s at most, in slices; returns whether it is so."""
        with self._waiting():
            for _ in range(round(most_s / slice_s)):
                if is_so():
                    return True
                self.target.run(slice_s)
        return is_so()

    def _answer_or_error(self, line: str) -> str:
        """The answer to a line; PumpError if there is none because of an error in the line."""
        answer = self._pump.ask(f"{line}\nSYST:ERR?")
        if '"' in answer:
            number, _, text = answer.partition(",")
            raise PumpError(int(number), text.strip('"'))
        self.target.read_line()
        return answer

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """A spinner while the board works, on a terminal."""
        if not self.screen.is_terminal:
            yield
            return
        with self.screen.status("[dim]waiting for the board ...[/]"):
            yield

    def _show(self, line: str, answer: str, note: str, is_quiet: bool = False) -> None:
        self.lines.append((line, answer, note))
        if self.is_quiet or is_quiet:
            return
        if note:
            self.screen.print(f"\n[dim]{note}[/]")
        self.screen.print(f"  [bold cyan]{escape(line)}[/]")
        if answer:
            for text in folded(answer, self.screen.width - 4):
                self.screen.print(f"    [green]{escape(text)}[/]")


def folded(answer: str, width: int) -> list[str]:
    """An answer in lines of at most `width` characters, broken at commas and spaces."""
    lines = [""]
    for piece in re.findall(r"[^, ]*[, ]?", answer):
        if len(lines[-1]) + len(piece) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece
    return lines


def counts(answer: str) -> Steps:
    """The answer to `DELivery:STEPs?`."""
    return Steps(*(int(count) for count in answer.split(",")))


@contextmanager
def progress(screen: Console, title: str):
    """Yield a function of (slices done, text) that moves a bar, or prints a line every fifth."""
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
