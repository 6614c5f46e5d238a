# SPDX-License-Identifier: MIT
"""The data model of a board file: types, ranges and consistency.

The models are of pydantic; field names are those of `boards/<BOARD>/board.py`. The functions of a
chip's pins are in `chips`.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from pumpbench.boards.chips import CHIPS, is_i2c, is_uart
from pumpbench.boards.pins import pin_number

OUTPUTS = ("step", "dir", "enable", "buzzer", "lamp", "lamp_red", "lamp_yellow")
REPL_BAUD = 115_200  # of an ESP32, as MicroPython is built


def _pin(text: str, info: ValidationInfo) -> str:
    """Check that a text is a pin in the notation of board files, and on the board."""
    name = f"GP{pin_number(text)}"
    known = (info.context or {}).get("pins")
    if known is not None and name not in known:
        raise ValueError(f"the board has no pin {name}")
    return text


Pin = Annotated[str, AfterValidator(_pin)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Pins(_Data):
    """Function -> pin."""

    step: Pin
    dir: Pin
    enable: Pin
    buzzer: Pin | None = None
    lamp: Pin | None = None
    lamp_red: Pin | None = None
    lamp_yellow: Pin | None = None
    stop_button: Pin | None = None
    silence_button: Pin | None = None
    bolus_button: Pin | None = None
    rotor: Pin | None = None

    @model_validator(mode="after")
    def _lamps(self) -> Self:
        if (self.lamp_red is None) != (self.lamp_yellow is None):
            raise ValueError("lamp_red and lamp_yellow go together")
        if self.lamp and self.lamp_red:
            raise ValueError("there is lamp, or lamp_red and lamp_yellow, not all of them")
        return self

    def used(self) -> Iterator[tuple[str, str]]:
        """Yield (function, pin) of each pin that is set."""
        for name in type(self).model_fields:
            pin = getattr(self, name)
            if pin is not None:
                yield name, pin


class Driver(_Data):
    """The STEP/DIR driver."""

    step_high_us: Annotated[int, Field(ge=1, le=100)]
    setup_us: Annotated[int, Field(ge=0, le=50_000)]
    max_steps_s: Annotated[int, Field(ge=1, le=50_000)]

    @model_validator(mode="after")
    def _has_time(self) -> Self:
        if 2 * self.step_high_us * self.max_steps_s > 1_000_000:
            period_us = 1_000_000 // self.max_steps_s
            raise ValueError(
                f"a step pulse of {self.step_high_us} us is more than half of the {period_us} us "
                f"between two at {self.max_steps_s} steps a second"
            )
        return self


class Pump(_Data):
    """The pump head and its motor."""

    pl_per_rev: Annotated[int, Field(ge=0, le=10_000_000_000)]
    full_steps: Annotated[int, Field(ge=4, le=1000)]
    microsteps: Literal[1, 2, 4, 8, 16, 32, 64, 128, 256]
    min_rate_nl_d: Annotated[int, Field(ge=1)]
    max_rate_nl_d: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    reservoir_nl: Annotated[int, Field(ge=1, le=1_000_000_000)]
    dead_nl: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.min_rate_nl_d >= self.max_rate_nl_d:
            raise ValueError("min_rate_nl_d is not below max_rate_nl_d")
        if self.dead_nl >= self.reservoir_nl:
            raise ValueError("dead_nl, what stays in the reservoir, is all that it takes, or more")
        return self


class Rotor(_Data):
    """The rotor's sensor."""

    steps_per_pulse: Annotated[int, Field(ge=2, le=100_000)]


class Board(_Data):
    """A whole board file. Validate it with a context of `pins`, those of the board, and `mcu`."""

    NAME: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=32)]
    PORT: str
    PINS: Pins
    BUZZER: Literal["passive", "active"] = "passive"
    CONSOLE: Literal["usb"] | tuple[Literal["uart"], int, Pin, Pin, int]
    HAS: tuple[Literal["ds3231", "rotor"], ...]
    I2C: tuple[int, Pin, Pin] | None = None
    ROTOR: Rotor | None = None
    DRIVER: Driver
    PUMP: Pump

    @model_validator(mode="after")
    def _fits_the_chip(self, info: ValidationInfo) -> Self:
        chip = CHIPS[(info.context or {}).get("mcu", "rp2040")]
        if chip.port != self.PORT:
            raise ValueError(f"PORT is {self.PORT!r}; the chip of this board has {chip.port!r}")
        if self.I2C is not None and "ds3231" in self.HAS and not is_i2c(chip, *self.I2C):
            number, sda, scl = self.I2C
            raise ValueError(f"I2C{number} cannot have SDA on {sda}, SCL on {scl}")
        if self.CONSOLE != "usb" and not is_uart(chip, *self.CONSOLE[1:4]):
            _, number, tx, rx, _ = self.CONSOLE
            raise ValueError(f"UART{number} cannot have TX on {tx}, RX on {rx}")
        if chip.port == "esp32" and self.CONSOLE != "usb" and self.CONSOLE[4] != REPL_BAUD:
            raise ValueError(f"the UART of the REPL has {REPL_BAUD} baud")
        for name, pin in self.PINS.used():
            if name in OUTPUTS and pin_number(pin) in chip.inputs_only:
                raise ValueError(f"{name} is an output, and GP{pin_number(pin)} can only be read")
        return self

    @model_validator(mode="after")
    def _has_what_it_names(self) -> Self:
        for name in self.HAS:
            if self.HAS.count(name) > 1:
                raise ValueError(f"HAS names {name!r} twice")
        if "ds3231" in self.HAS and self.I2C is None:
            raise ValueError("HAS names 'ds3231', and there is no I2C")
        parts = self.PINS.rotor is not None, self.ROTOR is not None, "rotor" in self.HAS
        if any(parts) and not all(parts):
            raise ValueError("a rotor's sensor is in HAS, PINS and ROTOR, or in none of them")
        return self

    @model_validator(mode="after")
    def _uses_pins_once(self) -> Self:
        seen: dict[str, str] = {}
        for what, written in self._uses():
            pin = f"GP{pin_number(written)}"
            if pin in seen:
                raise ValueError(f"{pin} is both {seen[pin]} and {what}")
            seen[pin] = what
        return self

    def _uses(self) -> Iterator[tuple[str, str]]:
        """Yield (use, pin) of all pins in use."""
        yield from self.PINS.used()
        if self.CONSOLE != "usb":
            yield "the console's TX", self.CONSOLE[2]
            yield "the console's RX", self.CONSOLE[3]
        if self.I2C is not None and "ds3231" in self.HAS:
            yield "the clock's SDA", self.I2C[1]
            yield "the clock's SCL", self.I2C[2]
