# SPDX-License-Identifier: MIT
"""The wiring diagram of a board, drawn from the pins in its board file."""

from collections.abc import Callable
from types import ModuleType

import schemdraw
from schemdraw import elements as elm

from pumpbench.boards.pins import is_active_low, pin_number

_PITCH = 2.4  # between two pins, in the drawing's units
_OUT = 3.0  # from a pin to the part connected to it
_DRIVER = ("step", "dir", "enable")
_ON_BOARD = "LED on the board"


def svg(board: ModuleType, product: str, places: dict[str, str]) -> bytes:
    """The diagram as an SVG. places: pin -> its place on the board."""
    schemdraw.use("svg")
    names = [name for name in board.PINS if name not in _DRIVER]
    with schemdraw.Drawing(show=False) as drawing:
        drawing.config(fontsize=11, unit=2.4, margin=0.4)
        chip = elm.Ic(
            pins=[
                elm.IcPin(name=_label(board, name, places), side="right", anchorname=name)
                for name in reversed([*_DRIVER, *names, "3V3", "GND"])
            ],
            pinspacing=_PITCH,
            edgepadW=4.4,
            edgepadH=0.6,
        ).label(product, "top", fontsize=14)
        drawing += chip
        _driver(drawing, chip)
        for name in names:
            drawing.here = getattr(chip, name)
            if places.get(f"GP{pin_number(board.PINS[name])}") != _ON_BOARD:
                _DRAWN[name](drawing, board, name)
        drawing += elm.Line().right(_OUT / 2).at(chip.absanchors["3V3"])
        drawing += elm.Vdd().label("3V3")
        drawing += elm.Line().right(_OUT / 2).at(chip.absanchors["GND"])
        drawing += elm.Ground()
        return drawing.get_imagedata("svg")


def _label(board: ModuleType, name: str, places: dict[str, str]) -> str:
    if name not in board.PINS:
        return name
    pin = f"GP{pin_number(board.PINS[name])}"
    return f"{name}  {pin} ({places[pin]})"


def _driver(drawing: schemdraw.Drawing, chip: elm.Ic) -> None:
    """Draw the stepper driver, opposite its three pins, and the motor."""
    driver = elm.Ic(
        pins=[
            elm.IcPin(name="EN", side="left", anchorname="enable"),
            elm.IcPin(name="DIR", side="left", anchorname="dir"),
            elm.IcPin(name="STEP", side="left", anchorname="step"),
            elm.IcPin(name="1A 1B", side="right", anchorname="first"),
            elm.IcPin(name="2A 2B", side="right", anchorname="second"),
        ],
        pinspacing=_PITCH,
        edgepadW=1.2,
        edgepadH=0.6,
    ).label("STEP/DIR driver", "top")
    at = chip.absanchors["step"]
    drawing += driver.anchor("step").at((at[0] + 3 * _OUT, at[1]))
    for name in _DRIVER:
        drawing += elm.Line().at(chip.absanchors[name]).to(driver.absanchors[name])
    middle = chip.absanchors["enable"]
    drawing += elm.Dot().at((middle[0] + _OUT, middle[1]))
    drawing += elm.Resistor().up(_PITCH * 0.6).label("10k", "bottom")
    drawing += elm.Vdd().label("3V3")
    motor = elm.Motor().at(driver.absanchors["second"]).down().to(driver.absanchors["first"])
    drawing += motor.label("motor", "bottom")


def _button(drawing: schemdraw.Drawing, _board: ModuleType, name: str) -> None:
    drawing += elm.Line().right(_OUT / 2)
    drawing += elm.Button().right().label(name.replace("_", " "))
    drawing += elm.Ground()


def _lamp(drawing: schemdraw.Drawing, board: ModuleType, name: str) -> None:
    drawing += elm.Line().right(_OUT / 2)
    drawing += elm.Resistor().right().label("330")
    led = elm.LED().right().label(name.replace("_", " "))
    drawing += led.reverse() if is_active_low(board.PINS[name]) else led
    drawing += elm.Vdd().label("3V3") if is_active_low(board.PINS[name]) else elm.Ground()


def _buzzer(drawing: schemdraw.Drawing, board: ModuleType, _name: str) -> None:
    drawing += elm.Line().right(_OUT / 2)
    drawing += elm.Resistor().right().label("1k")
    drawing += elm.Dot()
    drawing.push()
    drawing += elm.Resistor().down(_PITCH * 0.5).label("10k")
    drawing += elm.Ground()
    drawing.pop()
    drawing += elm.Line().right(1.2)
    npn = elm.BjtNpn(circle=True).anchor("base")
    drawing += npn
    drawing += elm.Ground().at(npn.absanchors["emitter"])
    drawing += elm.Line().right(1.2).at(npn.absanchors["collector"])
    speaker = elm.Speaker().anchor("in2").right().label(f"{board.BUZZER} buzzer", "right")
    drawing += speaker
    drawing += elm.Line().left(0.4).at(speaker.absanchors["in1"])
    drawing += elm.Vdd().label("3V3")


def _rotor(drawing: schemdraw.Drawing, _board: ModuleType, _name: str) -> None:
    drawing += elm.Line().right(_OUT)
    drawing += elm.Label().label("output of the rotor's sensor", "right")


_DRAWN: dict[str, Callable[[schemdraw.Drawing, ModuleType, str], None]] = {
    "buzzer": _buzzer,
    "lamp": _lamp,
    "lamp_red": _lamp,
    "lamp_yellow": _lamp,
    "stop_button": _button,
    "silence_button": _button,
    "bolus_button": _button,
    "rotor": _rotor,
}
