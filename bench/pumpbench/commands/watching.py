# SPDX-License-Identifier: MIT
"""The command `watch`: a live screen of a pump, which sends queries only.

A lost line is shown, and opened again until the pump answers.
"""

import contextlib
import time
from datetime import datetime
from typing import Annotated

from rich.console import Console
from rich.layout import Layout
from rich.live import Live
from typer import Option

from pumpbench.client.lines import PumpError
from pumpbench.client.pump import NotAPump, Pump
from pumpbench.client.snapshot import Snapshot, take
from pumpbench.commands.command_line import Cut, NoPort, Port, pump_at
from pumpbench.commands.flow import Flow
from pumpbench.commands.screen import COLUMNS, ROWS, screen

AGAIN_S = 1.0  # time between attempts to reconnect
_LOST = (Cut, NoPort, NotAPump, TimeoutError)


def watch(
    port: Port,
    once: Annotated[bool, Option("--once", help="Print one screen, and end.")] = False,
    every_s: Annotated[float, Option("--every", min=0.2, help="Seconds between two looks.")] = 1.0,
) -> None:
    """A live screen of a pump, which goes on as it does; Ctrl-C ends."""
    with pump_at(port) as pump:  # a pump that is not there at first is an error
        view = _View(port, take(pump))
    if once:
        console = Console()
        wide = console.width if console.is_terminal else COLUMNS
        console.print(view.screen(), width=wide, height=ROWS)
        return
    with contextlib.suppress(KeyboardInterrupt), Live(screen=True, auto_refresh=False) as live:
        while True:
            why = _follow(view, live, every_s)
            notice = f"Nothing since {view.heard_at:%H:%M:%S}, trying again: {why}"
            live.update(view.screen(notice), refresh=True)
            time.sleep(AGAIN_S)


class _View:
    """The last snapshot of the pump, and its flow."""

    def __init__(self, port: str, snapshot: Snapshot) -> None:
        self.port = port
        self._flow = Flow()
        self.note(snapshot)

    def note(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.heard_at = datetime.now()
        self._flow.add(snapshot.uptime_s, float(snapshot.delivered_ml))

    def screen(self, notice: str = "") -> Layout:
        return screen(self._snapshot, self._flow, self.port, notice)


def _follow(view: _View, live: Live, every_s: float) -> str:
    """Show the pump until its line is lost; returns the reason."""
    try:
        with pump_at(view.port) as pump:
            while True:
                begin_s = time.monotonic()
                live.update(view.screen(_look(pump, view)), refresh=True)
                pump.wait(every_s)
                time.sleep(
                    max(every_s - (time.monotonic() - begin_s), 0)
                )  # the rest of the interval
    except _LOST as error:
        return str(error)


def _look(pump: Pump, view: _View) -> str:
    """Take a snapshot; returns a sentence if the pump refuses one of its queries, else ""."""
    try:
        view.note(take(pump))
    except PumpError as refused:
        return f"The pump refuses a question: {refused}"
    return ""
