# SPDX-License-Identifier: MIT
"""The chips of the boards: data that are the same for every board with that chip.

Sources: RP2040 datasheet 1.4.3, RP2350 datasheet 1.2.3 (functions of pins, USB mass storage). The
RP2350 has more pins for a UART; those of the RP2040 are used. ESP32 datasheet 2.2, ESP32-S3
datasheet 2.3: their matrix connects any pin with any function, except the UART of the REPL, whose
pins MicroPython does not change.
"""

from typing import NamedTuple

from pumpbench.boards.pins import pin_number


class Boot(NamedTuple):
    """The boot loader's drive: its label is `id`, as is Board-ID in its INFO_UF2.TXT.

    family: of the UF2 files that it takes for MicroPython.
    """

    id: str
    model: str
    family: int


class Chip(NamedTuple):
    """name, port: MicroPython's. watchdog: the address of its registers.

    inputs_only: pins without an output. None: the chip has no such part.
    """

    name: str
    port: str
    watchdog: int | None
    boot: Boot | None
    inputs_only: range = range(0)


CHIPS = {
    "rp2040": Chip("RP2040", "rp2", 0x4005_8000, Boot("RPI-RP2", "Raspberry Pi RP2", 0xE48B_FF56)),
    "rp2350": Chip(
        "RP2350", "rp2", 0x400D_8000, Boot("RP2350", "Raspberry Pi RP2350", 0xE48B_FF59)
    ),
    "esp32s3": Chip("ESP32-S3", "esp32", None, None),
    "esp32": Chip("ESP32", "esp32", None, None, range(34, 40)),
}
PORTS = {chip.port for chip in CHIPS.values()}
BOOTS = {name: chip.boot for name, chip in CHIPS.items() if chip.boot is not None}


def is_i2c(chip: Chip, bus: int, sda: str, scl: str) -> bool:
    """True if an I2C bus can use these pins; on an ESP32 any two pins with an output."""
    if chip.port == "esp32":
        pins = {pin_number(sda), pin_number(scl)}
        return bus in (0, 1) and len(pins) == 2 and not pins & {*chip.inputs_only}
    return bus in (0, 1) and pin_number(sda) % 4 == 2 * bus and pin_number(scl) % 4 == 2 * bus + 1


def is_uart(chip: Chip, number: int, tx: str, rx: str) -> bool:
    """True if a UART on these pins can be the console; on an ESP32 only that of the REPL."""
    if chip.port == "esp32":
        repl = {"ESP32": (0, 1, 3), "ESP32-S3": (0, 43, 44)}
        return (number, pin_number(tx), pin_number(rx)) == repl[chip.name]

    def belongs(pin: int) -> bool:
        return (pin // 4 + 1) // 2 % 2 == number

    pins = pin_number(tx), pin_number(rx)
    return all(map(belongs, pins)) and [pin % 4 for pin in pins] == [0, 1]
