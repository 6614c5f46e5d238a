# SPDX-License-Identifier: MIT
"""The demonstration: prescriptions sent to the console, and the step edges counted and judged.

A real MicroPython image on the emulated Pico delivers for seconds and sounds its alarms, then
`sim` delivers a day, and a day of a flex prescription with boluses. Without the image the first
part runs on `unix`, a real interpreter on a simulated board; without that, on `sim`.
"""

import platform
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pumpbench.analysis import judge
from pumpbench.analysis.judge import Piece, Steps
from pumpbench.analysis.reservoir_log import ReservoirLog
from pumpbench.demo import alarms_demo, flexday, report
from pumpbench.demo.alarms_demo import AlarmsPart
from pumpbench.demo.flexday import FILLED_ML, FlexDay
from pumpbench.demo.session import SLICES, Session, duration, progress
from pumpbench.hil.checkout import checkout_of
from pumpbench.images import uf2
from pumpbench.images.image import ROOT
from pumpbench.targets.emulator import EmulatorTarget
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.target import Target
from pumpbench.targets.unix import UnixTarget, ask_version

OUTPUT = Path("build/demo/report.html")
MARGIN_S = 0.05  # added: the first step is due one interval after the start, which takes some ms


class Rate(NamedTuple):
    """A rate as text for the console, and in nanolitres a day."""

    text: str
    nl_d: int


class Lengths(NamedTuple):
    """The durations of the pieces."""

    slow_s: int = 20
    fast_s: int = 2
    day_s: int = 86_400
    flex_h: float = 24


LENGTHS = Lengths()
SLOW = Rate("12 ML/D", 12_000_000)
FAST = Rate("1000 ML/HR", 24_000_000_000)
FILL = f"RES:REF {FILLED_ML} ML"


def run(
    output: Path = OUTPUT,
    *,
    micropython: str = uf2.DEFAULT_VERSION,
    missing_image: str = "",
    lengths: Lengths = LENGTHS,
    screen: Console | None = None,
) -> int:
    """Run the whole demonstration. Returns 0 if all counts agree and all steps were on time.

    missing_image: why there is no image to emulate, or "".
    """
    screen = screen or Console(highlight=False)
    screen.print("[bold]A bench model. Never for use on a person.[/]\n")
    if missing_image:
        screen.print(f"[yellow]{escape(missing_image)}[/]", soft_wrap=True)
    board, interpreter = _power_up(screen, micropython, missing_image)
    where = board.name
    with board:
        session = Session(board, where, screen)
        firmware = session.ask("*IDN?", "Who is there?")
        session.tell(FILL, "The reservoir is full.")
        slow = deliver(session, SLOW, lengths.slow_s)
        fast = deliver(session, FAST, lengths.fast_s, is_brief=True)
        screen.print(f"\n[bold]Alarms, heard and seen[/], {where}")
        alarms = alarms_demo.run(session)
    screen.print("\n[bold]The same prescription for a day[/], on sim, in virtual time")
    with SimTarget() as target:
        session_of_day = Session(target, "sim", screen)
        session_of_day.is_quiet = True
        session_of_day.tell(FILL)
        reservoir = ReservoirLog(session_of_day.quiet, target.plant.beaker, FILLED_ML)
        day = deliver(session_of_day, SLOW, lengths.day_s, is_brief=True, reservoir=reservoir)
    pieces = [slow, fast, day]
    flex, typed = _flex_day(screen, lengths.flex_h)
    facts = report.Facts(
        board=board.board.NAME,
        interpreters=f"{interpreter} on {where}; CPython {platform.python_version()} on sim",
        firmware=firmware,
        date=datetime.now().astimezone(),
        checkout=checkout_of(ROOT),
        missing_image=missing_image,
        console=session.lines + typed,
    )
    status = _conclude(screen, pieces, flex, alarms)
    path = report.write_report(output, pieces, flex, alarms, facts)
    screen.print(f"Report: {path}", soft_wrap=True)
    return status


def deliver(
    session: Session,
    rate: Rate,
    seconds: int,
    *,
    is_brief: bool = False,
    reservoir: ReservoirLog | None = None,
) -> Piece:
    """Prescribe, start, run for `seconds`, stop; returns the judged piece.

    is_brief: show less. reservoir: asked for its level meanwhile.
    """
    session.is_quiet = is_brief
    plant = session.target.plant
    _prescribe(session, rate)
    before, before_ml = session.steps(), plant.beaker.volume_ml
    plant.edges.clear()
    session.tell("THER:STAR", "Start. The first step comes when its volume is due.")
    _let_pass(session, rate, seconds, reservoir)
    session.ask("DEL:STEP?", "Steps commanded, emitted, witnessed; still queued.")
    session.ask("DEL:TOT?", "Dose in ug, volume in mL.")
    session.tell("THER:STOP", "Stop. What was queued is dropped, and known.")
    session.target.run(MARGIN_S)
    session.ask("DEL:STEP?", "Now nothing is queued, and three counts should be one.")
    steps = Steps(*(b - a for a, b in zip(before, session.steps(), strict=True)))
    piece = _piece(session, rate, seconds, steps, plant.beaker.volume_ml - before_ml)
    return replace(piece, levels=reservoir.levels) if reservoir else piece


def _prescribe(session: Session, rate: Rate) -> None:
    note = "Stage an empty prescription and fill it. Units are always needed."
    session.tell("PRES:NEW", note)
    session.tell("PRES:CONC 500 UG/ML")
    session.tell("PRES:MODE SIMP")
    session.tell(f"PRES:RATE {rate.text}")
    session.ask("SYST:ERR?", "A command answers nothing. Was one refused?")
    verdict = session.ask("PRES:VAL?", "Can the pump give this? It answers with a token for it.")
    token = verdict.split(",")[1]
    session.tell(f"PRES:COMM {token}", "Commit what was validated, only that.")
    session.ask("PRES:ACT?", "Now in force: mode, ug/mL, ug a day, mL a day.")


def _let_pass(session: Session, rate: Rate, seconds: int, reservoir: ReservoirLog | None) -> None:
    """Run simulated time, and show the progress and the volume delivered."""
    target = session.target
    from_s = target.now_ns / 1e9
    if reservoir:
        reservoir.look(0)
    edges, step_ml = target.plant.edges, judge.step_volume_ml(target.board)
    with progress(session.screen, f"{rate.text}, {duration(seconds)}") as show:
        for n in range(1, SLICES + 1):
            until_s = seconds * n / SLICES + (MARGIN_S if n == SLICES else 0)
            target.run(max(0.0, from_s + until_s - target.now_ns / 1e9))
            if reservoir:
                reservoir.look(seconds * n / SLICES / 3600)
            volume = float(edges.count * step_ml)
            passed = seconds * n / SLICES
            passed = f"{passed:.1f} s" if seconds < 120 else duration(round(passed))
            show(n, f"{passed:>9}  {report.grouped(edges.count)} steps  {volume:.7f} mL")


def _piece(
    session: Session, rate: Rate, seconds: int, steps: Steps, delivered_ml: Fraction
) -> Piece:
    edges, step_ml = session.target.plant.edges, judge.step_volume_ml(session.target.board)
    judged = judge.judge(edges, judge.US_PER_DAY * step_ml * 1_000_000 / rate.nl_d)
    return Piece(
        title=f"{rate.text}, {duration(seconds)}",
        target=session.where,
        steps=steps,
        judgement=judged,
        delivered_ml=delivered_ml,
        step_ml=step_ml,
        curve=judge.curve(edges, judged),
        deviations=judge.deviations(edges, judged),
        trace=edges.copy(),
    )


def _flex_day(screen: Console, hours: float) -> tuple[FlexDay, list[tuple[str, str, str]]]:
    """Run the day of a flex prescription with boluses; returns it and its console lines."""
    screen.print("\n[bold]A flex day with boluses[/], on sim, in virtual time")
    with SimTarget() as target:
        session = Session(target, "sim", screen)
        return flexday.run(session, hours), session.lines


def _power_up(screen: Console, micropython: str, missing_image: str) -> tuple[Target, str]:
    """The board of the short pieces, and the name of the interpreter on it."""
    if not missing_image:
        screen.print(f"Booting MicroPython {micropython} with the firmware on an emulated Pico.")
        screen.print("That takes 10 to 30 s, and each second of its life a second or more here.")
        return EmulatorTarget(version=micropython), f"MicroPython {micropython}"
    try:
        interpreter = ask_version()
    except FileNotFoundError as missing:
        screen.print(f"[yellow]{escape(str(missing))}[/]", soft_wrap=True)
        screen.print("Firmware on CPython, on a fake chip in virtual time (sim). Its console:")
        return SimTarget(), f"CPython {platform.python_version()}"
    screen.print(
        f"{interpreter} runs the firmware instead, a real interpreter for this host, on a "
        "simulated board in virtual time (unix). Its console:"
    )
    return UnixTarget(), interpreter


def _conclude(screen: Console, pieces: list[Piece], flex: FlexDay, alarms: AlarmsPart) -> int:
    """Print the results and the verdict; returns the exit status."""
    titles = [f"{piece.title}\n{piece.target}" for piece in pieces]
    screen.print()
    screen.print(_table(titles, report.rows(pieces)))
    title = f"flex day with boluses, {duration(round(flex.hours * 3600))}\n{flex.target}"
    screen.print(_table([title], [(name, [text]) for name, text in report.flex_rows(flex)]))
    screen.print(_alarm_table(alarms))
    parts = (*pieces, flex, alarms)
    problems = [f"{part.title}: {text}" for part in parts for text in part.problems()]
    for text in problems:
        screen.print(f"[red]{escape(text)}[/]")
    if problems:
        screen.print("[bold red]Fail.[/] See above.")
        return 1
    screen.print("[bold green]Pass.[/] All counts agree, and every step was on time.")
    screen.print("Every alarm was heard and seen as it has to be.")
    return 0


def _alarm_table(alarms: AlarmsPart) -> Table:
    """The signals of each priority: the worst value of each row, beside its requirement."""
    table = Table(title_justify="left")
    table.add_column(f"alarms\n{alarms.target}")
    for title in ("measured", "required", "margin"):
        table.add_column(title, justify="right", no_wrap=True)
    for priority in alarms_demo.PRIORITIES:
        table.add_section()
        table.add_row(f"[bold]{priority}[/]")
        for line in alarms_demo.table(alarms):
            if line.priority == priority:
                style = None if line.is_within else "red"
                table.add_row(line.what, line.measured, line.required, line.margin, style=style)
    return table


def _table(titles: list[str], rows: list[tuple[str, list[str]]]) -> Table:
    table = Table(title_justify="left")
    table.add_column()
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    for name, texts in rows:
        table.add_row(name, *texts)
    return table
