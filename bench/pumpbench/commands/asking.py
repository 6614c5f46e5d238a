# SPDX-License-Identifier: MIT
"""The commands that query a pump: its identity, status and event log.

PORT is an argument of `Pump.open`. `--json` is for machines; `main` handles a refusal.
"""

import csv
import json
import re
import sys
from collections.abc import Iterable
from typing import Annotated

from serial.tools import list_ports
from typer import Argument, BadParameter, Option

from pumpbench.client.pump import Event, Pump
from pumpbench.commands.command_line import Json, Port, pump_at, say

# The command after which no pump answers, but a REPL.
_ENDS = re.compile(r":?SYST(EM)?:SERV(ICE)?", re.IGNORECASE)


def ports(as_json: Json = False) -> None:
    """The serial ports of this machine."""
    found = sorted(list_ports.comports())
    if as_json:
        names = ("device", "description", "hwid", "vid", "pid", "serial_number")
        say(json.dumps([{name: getattr(port, name) for name in names} for port in found]))
        return
    for port in found:
        say(f"{port.device}  {port.description}")
    if not found:
        say("There is no serial port on this machine.")


def status(port: Port, as_json: Json = False) -> None:
    """The identity and the state of a pump."""
    with pump_at(port) as pump:
        identity, rate = pump.identity(), pump.rate()
        found = {
            "pump": ",".join(identity),
            "state": pump.state(),
            "therapy": pump.ask("THER:STAT?"),
            "ug_d": rate.ug_d,
            "ml_d": rate.ml_d,
            "reservoir_ml": pump.reservoir_ml(),
            "delivered_ml": sum(pump.ledger_ml().values()),
            "steps": pump.steps()._asdict(),
            "alarms": [alarm._asdict() for alarm in pump.alarms()],
            "self_test": int(pump.ask("*TST?")),
        }
    if as_json:
        say(json.dumps(found, default=str))
        return
    for name, value in found.items():
        if name == "alarms":
            value = "; ".join(f"{a['code']} {a['name']} ({a['state']})" for a in value) or "none"
        elif name == "steps":
            value = ", ".join(f"{count} {what}" for what, count in value.items())
        say(f"{name:<14}{value}")


def scpi(
    port: Port, line: Annotated[str, Argument(help="As firmware/CONSOLE.md has it.")]
) -> None:
    """Send one line to the console, and print its answer."""
    with pump_at(port) as pump:
        answer = exchange(pump, line)
    if answer is not None:
        say(answer)


def exchange(pump: Pump, line: str) -> str | None:
    """The answer to a line; None for a command without an answer. PumpError if it is refused."""
    if _ENDS.fullmatch(line.strip()):
        pump.end()
        return None
    if "?" in re.sub(r'"[^"]*"', "", line):
        return pump.ask(line)
    pump.tell(line)
    return None


def log(
    port: Port,
    first: Annotated[int, Option(help="Number of the first event.")] = 1,
    as_csv: Annotated[bool, Option("--csv")] = False,
    as_json: Annotated[bool, Option("--json", help="A line for each event.")] = False,
) -> None:
    """The events of the log, oldest first."""
    if as_csv and as_json:
        raise BadParameter("the log is --csv or --json, not both")
    with pump_at(port) as pump:
        events = pump.log(first)
        if as_csv:
            writer = csv.writer(sys.stdout)
            writer.writerow(Event._fields)
            writer.writerows(events)
        elif as_json:
            for event in events:
                say(json.dumps(event._asdict(), default=str))
        else:
            _print_table(events)


def _print_table(events: Iterable[Event]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*Event._fields, box=None)
    for event in events:
        table.add_row(*(str(value) for value in event))
    Console().print(table)
