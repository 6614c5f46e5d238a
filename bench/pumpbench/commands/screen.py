# SPDX-License-Identifier: MIT
"""The screen of `watch`: a snapshot and the flow, laid out for 80 columns and 24 rows or more."""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pumpbench.client.pump import Alarm, Event
from pumpbench.client.snapshot import Reservoir, Snapshot
from pumpbench.commands.flow import COLUMN_S, MEAN_S, Flow, chart, top_of

ROWS, COLUMNS = 24, 80
_STATES = {"RUNNING": "bold green", "FAULT": "bold white on red", "SERVICE": "bold magenta"}
PRIORITIES = {"HIGH": "bold white on red", "MEDIUM": "black on yellow", "LOW": "black on cyan"}
_GAUGE = 30
_AXIS = 9  # columns left of the chart


def screen(snapshot: Snapshot, flow: Flow, port: str, notice: str = "") -> Layout:
    """The whole screen; notice: an error of the line, shown at the bottom."""
    identity = snapshot.identity
    name = f"{identity.model} {identity.version}, {identity.board} {identity.unique_id}"
    rows = Layout()
    rows.split_column(
        Layout(Panel(_status(snapshot), title=f"{name} at {port}"), size=8),
        Layout(Panel(_Chart(flow), title=f"flow, mL/d, mean of {MEAN_S} s"), minimum_size=8),
        Layout(name="below", size=7),
        Layout(_foot(notice), size=1),
    )
    rows["below"].split_row(
        Layout(Panel(_alarms(snapshot.alarms), title="alarms"), ratio=2),
        Layout(Panel(_events(snapshot.events), title="last events"), ratio=3),
    )
    return rows


def _status(snapshot: Snapshot) -> Table:
    """State, rate, reservoir, and whether all step counts agree."""
    state, steps, dose, rate = snapshot.state, snapshot.steps, snapshot.dose, snapshot.rate
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    doing = (state, _STATES.get(state, "bold yellow"))
    up = f"   therapy {snapshot.therapy}   up {_clock(snapshot.uptime_s)}"
    table.add_row("state", Text.assemble(doing, up))
    table.add_row("rate", f"{rate.ug_d} ug/d   {rate.ml_d} mL/d")
    under_way = f"{dose.kind}, {dose.delivered_ug} of {dose.programmed_ug} ug"
    under_way += f", {dose.remaining_s} s left"
    table.add_row("dose", "none under way" if dose.kind == "NONE" else under_way)
    table.add_row("reservoir", gauge(snapshot.reservoir))
    table.add_row("delivered", f"{snapshot.delivered_ml} mL in its life")
    counts = f"{steps.commanded} commanded, {steps.emitted} emitted, {steps.witness} witness"
    counts += f", {steps.queued} queued"
    table.add_row("steps", Text(counts, no_wrap=True, overflow="ellipsis"))
    return table


def gauge(reservoir: Reservoir) -> Text:
    """A bar of the volume in the reservoir, with a mark at low."""
    volume, capacity, low = reservoir
    if volume is None:
        return Text("nobody has said what it holds", style="yellow")
    full = min(round(_GAUGE * volume / capacity), _GAUGE)
    mark = round(_GAUGE * low / capacity)
    bar = "█" * full + "░" * (_GAUGE - full)
    bar = bar[:mark] + "│" + bar[mark + 1 :]
    style = "green" if volume > low else "bold red"
    return Text.assemble((bar, style), f" {volume:.3f} of {capacity:.1f} mL, low {low:.1f}")


class _Chart:
    """The flow, as wide and high as its panel."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = (options.height or 6) - 1
        width = options.max_width - _AXIS
        flows = self._flow.columns(width)
        for index, row in enumerate(chart(flows, height)):
            label = f"{top_of(flows):g}" if index == 0 else "0" if index == height - 1 else ""
            yield Text.assemble(f"{label:>{_AXIS - 2}} ┤", (row, "cyan"))
        begin = f"{width * COLUMN_S / 60:.1f} min ago"
        yield Text(" " * _AXIS + begin + "now".rjust(width - len(begin)), style="dim")


def _alarms(alarms: list[Alarm]) -> Text:
    """The alarms, the most urgent first, in the colours of their priorities."""
    if not alarms:
        return Text("none", style="green")
    lines = [
        Text(f"{alarm.code} {alarm.name}, {alarm.state}", style=PRIORITIES.get(alarm.priority, ""))
        for alarm in alarms
    ]
    return _cut(lines)


def _events(events: list[Event]) -> Text:
    """The events, the latest last, with their time in s of the pump's life."""
    return _cut([Text(f"{e.at_s:>11} {e.name} {e.text}".rstrip()) for e in events])


def _cut(lines: list[Text]) -> Text:
    """A text of the lines, each cut at the end of the panel."""
    text = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _foot(notice: str) -> Text:
    if notice:
        return Text(notice, style=PRIORITIES["HIGH"], no_wrap=True, overflow="ellipsis")
    return Text("Ctrl-C ends this screen; the pump goes on.", style="dim")


def _clock(seconds: float) -> str:
    """A time as days, hours, minutes and seconds."""
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{h:02}:{m:02}:{s:02}"
