# SPDX-License-Identifier: MIT
"""The page of each board: its pins as a table and as a drawing, made from the board's data."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from pumpbench.boards.catalog import BOARDS_DIR, header_pins, load_board, machine_name
from pumpbench.boards.diagram import svg
from pumpbench.boards.pins import is_active_low, pin_number

# function -> the part connected to its pin
_TO = {
    "step": "STEP of the driver, rising edge",
    "dir": "DIR of the driver; high is forward, and with `!` before the pin low is",
    "enable": "EN of the driver; 10 k to 3V3 keep the motor off while the board resets",
    "stop_button": "push button to GND: held for a second it stops the pump; held at power-up it "
    "leaves the board at the REPL",
    "silence_button": "push button to GND: pauses the sound of the alarms for 120 s",
    "bolus_button": "push button to GND: the patient asks for a bolus",
    "buzzer": "buzzer through an NPN transistor, 1 k to its base and 10 k from there to GND: "
    "silent while the board resets and the pin floats",
    "lamp": "a LED",
    "lamp_red": "a LED for the alarms of high priority",
    "lamp_yellow": "a LED for the other alarms",
    "rotor": "output of the rotor's sensor, 3.3 V at most; every rising edge counts",
}


def pages(name: str) -> dict[Path, bytes]:
    """The page of a board and its drawing: path -> content."""
    board, folder = load_board(name), BOARDS_DIR / name
    places = header_pins(folder)
    pins = [(f"GP{pin_number(pin)}", what, pin) for what, pin in board.PINS.items()]
    used = {pin for pin, _, _ in pins}
    if board.CONSOLE != "usb":
        used |= {f"GP{pin_number(pin)}" for pin in board.CONSOLE[2:4]}
    product, _, chip = machine_name(name).rpartition(" with ")
    templates = Environment(
        loader=PackageLoader("pumpbench.boards"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown
    )
    text = templates.get_template("board.md").render(
        name=name,
        product=product,
        chip=chip,
        port=board.PORT,
        console="USB" if board.CONSOLE == "usb" else f"UART{board.CONSOLE[1]}",
        rows=[
            (pin, places[pin], what, _TO[what], is_active_low(written))
            for pin, what, written in pins
        ],
        free=[f"{pin} ({place})" for pin, place in places.items() if pin not in used],
        driver=board.DRIVER,
        pump=board.PUMP,
    )
    drawing = svg(board, product, places)
    return {folder / "README.md": text.encode(), folder / "wiring.svg": drawing}


def write(name: str) -> list[Path]:
    """Write the page and the drawing of a board; returns the paths of changed files."""
    made = pages(name)
    changed = [p for p, content in made.items() if not p.is_file() or p.read_bytes() != content]
    for path in changed:
        path.write_bytes(made[path])
    return changed
