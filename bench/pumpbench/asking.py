# SPDX-License-Identifier: MIT
"""The commands of the bench that ask a pump: what it is, how it is, what has happened.

PORT is what `Pump.open` takes. `--json` is for machines; a refusal is one line on stderr.
"""

import argparse
import csv
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from serial.tools import list_ports

from pumpbench.client import PumpError
from pumpbench.pump import Event, Pump

REFUSED = 1  # exit status


def add(commands: Any) -> None:
    """The commands, to the parser of a command line."""
    command = commands.add_parser("ports", help="the serial ports of this machine")
    command.set_defaults(run=ports)
    command = commands.add_parser("status", help="who the pump is, and how it is")
    _add_port(command)
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=status)
    command = commands.add_parser("scpi", help="one line to the console, and its answer")
    _add_port(command)
    command.add_argument("line", help="as firmware/CONSOLE.md has it")
    command.set_defaults(run=scpi)
    command = commands.add_parser("log", help="the events on record")
    _add_port(command)
    command.add_argument("--first", type=int, default=1, help="number of the first event")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--csv", action="store_true")
    how.add_argument("--json", action="store_true", help="a line for each event")
    command.set_defaults(run=log)


def ports(_options: argparse.Namespace) -> None:
    """A line for each port."""
    found = sorted(list_ports.comports())
    for port in found:
        say(f"{port.device}  {port.description}")
    if not found:
        say("There is no serial port on this machine.")


def status(options: argparse.Namespace) -> None:
    """What one wants to know of a pump at first sight."""
    with Pump.open(options.port) as pump:
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
    if options.json:
        say(json.dumps(found, default=str))
        return
    for name, value in found.items():
        if name == "alarms":
            value = "; ".join(f"{a['code']} {a['name']} ({a['state']})" for a in value) or "none"
        elif name == "steps":
            value = ", ".join(f"{count} {what}" for what, count in value.items())
        say(f"{name:<14}{value}")


def scpi(options: argparse.Namespace) -> int:
    """Give a line; its answer, where it has one."""
    with Pump.open(options.port) as pump:
        try:
            if "?" in options.line:
                say(pump.ask(options.line))
            else:
                pump.tell(options.line)
        except PumpError as refused:
            print(refused, file=sys.stderr)  # noqa: T201
            return REFUSED
    return 0


def log(options: argparse.Namespace) -> None:
    """The events, oldest first."""
    with Pump.open(options.port) as pump:
        events = pump.log(options.first)
        if options.csv:
            writer = csv.writer(sys.stdout)
            writer.writerow(Event._fields)
            writer.writerows(events)
        elif options.json:
            for event in events:
                say(json.dumps(event._asdict(), default=str))
        else:
            table = Table(*Event._fields, box=None)
            for event in events:
                table.add_row(*(str(value) for value in event))
            Console().print(table)


def _add_port(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", required=True, help="serial port, socket://host:port, or sim")


def say(text: str) -> None:
    """A line for the user."""
    print(text, flush=True)  # noqa: T201
