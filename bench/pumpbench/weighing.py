# SPDX-License-Identifier: MIT
"""The commands of the bench about a balance: `record` what it shows, judge that as a `trumpet`.

What the balance, the recording and the pump's facts say is in `gravimetry`, imported when needed.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from pumpbench.command_line import Port, pump_at, say
from pumpbench.gravimetry.facts import WeighingError, beside


class Kind(StrEnum):
    """The dialects that a balance may speak."""

    SICS = "sics"
    SBI = "sbi"
    PLAIN = "plain"


KindOf = Annotated[
    Kind, Option(help="MT-SICS, Sartorius' SBI, or a number a line.", show_default=False)
]
Baudrate = Annotated[int, Option(min=1, help="As in the balance's menu.")]
Framing = Annotated[str, Option(help="Bits, parity, stop bits, as in its menu.")]


def record(
    balance_port: Annotated[str, Argument(help="Serial port of the balance.", show_default=False)],
    kind: KindOf,
    minutes: Annotated[float, Option(min=0.001, help="How long.", show_default=False)],
    output: Annotated[Path, Option(help="The CSV file.", show_default=False)],
    interval: Annotated[float, Option(min=0.05, help="Seconds between two readings.")] = 1.0,
    port: Port = "",
    baudrate: Baudrate = 9600,
    framing: Framing = "8N1",
) -> None:
    """Record a balance; with a pump, which is started before and stopped after."""
    _need_free(output)
    from rich.console import Console

    from pumpbench.gravimetry.delivery import weigh

    seconds = minutes * 60
    options = {
        "interval_s": interval,
        "baudrate": baudrate,
        "framing": framing,
        "screen": Console(stderr=True),
    }
    if not port:
        count = weigh(None, balance_port, kind, seconds, output, **options)
        say(f"{count} readings are in {output}.")
        return
    with pump_at(port) as pump:
        count = weigh(pump, balance_port, kind, seconds, output, **options)
    say(f"{count} readings are in {output}, its facts in {beside(output)}. The pump is stopped.")


def _need_free(output: Path) -> None:
    """Raise WeighingError where something would be overwritten but a recording with no reading."""
    if output.suffix == ".json":
        raise WeighingError(f"{output} is where the facts of a recording go: call it .csv.")
    is_empty = output.is_file() and output.read_bytes().count(b"\n") <= 1
    for path in (output, beside(output)):
        if path.exists() and not is_empty:
            raise WeighingError(f"{path} is there already: give another name, or move it away.")
