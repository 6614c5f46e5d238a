# SPDX-License-Identifier: MIT
"""The state of a pump at one instant, by queries alone: for a screen."""

import csv
from decimal import Decimal
from typing import NamedTuple

from pumpbench.client.lines import Identity
from pumpbench.client.pump import Alarm, Event, Pump, Rate, Steps

EVENTS = 5  # the last ones


class Dose(NamedTuple):
    """The bolus, bridge, prime or trial under way; kind NONE: there is none."""

    kind: str
    programmed_ug: Decimal
    delivered_ug: Decimal
    remaining_s: Decimal


class Reservoir(NamedTuple):
    """volume_ml: None while it is unknown."""

    volume_ml: Decimal | None
    capacity_ml: Decimal
    low_ml: Decimal


class Snapshot(NamedTuple):
    """uptime_s: since power-up. delivered_ml: in the life of the pump."""

    identity: Identity
    uptime_s: float
    state: str
    therapy: str
    rate: Rate
    dose: Dose
    reservoir: Reservoir
    delivered_ml: Decimal
    steps: Steps
    alarms: list[Alarm]
    events: list[Event]


def take(pump: Pump) -> Snapshot:
    """Query all of it; PumpError if the pump refuses a query."""
    return Snapshot(
        identity=pump.identity(),
        uptime_s=float(pump.ask("SYST:UPT?")),
        state=pump.state(),
        therapy=pump.ask("THER:STAT?"),
        rate=pump.rate(),
        dose=_dose(pump),
        reservoir=Reservoir(
            pump.reservoir_ml(), Decimal(pump.ask("RES:CAP?")), Decimal(pump.ask("RES:LOW?"))
        ),
        delivered_ml=sum(pump.ledger_ml().values(), Decimal(0)),
        steps=pump.steps(),
        alarms=pump.alarms(),
        events=_last_events(pump),
    )


def _dose(pump: Pump) -> Dose:
    kind, *amounts = next(csv.reader([pump.ask("BOL:STAT?")]))
    return Dose(kind, *map(Decimal, amounts))


def _last_events(pump: Pump) -> list[Event]:
    held, oldest = map(int, pump.ask("LOG:COUN?").split(","))
    return list(pump.log(max(oldest, oldest + held - EVENTS)))[-EVENTS:]
