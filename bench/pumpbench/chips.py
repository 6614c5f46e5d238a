# SPDX-License-Identifier: MIT
"""The chips of the boards: what is the same for every board that has one.

Sources: RP2040 datasheet 1.4.3, RP2350 datasheet 1.2.3 (functions of pins, USB mass storage). The
second has more places for a UART; those of the first are enough.
"""

from typing import NamedTuple

from pumpbench.pins import pin_number


class Boot(NamedTuple):
    """The boot loader's drive: its label is `id`, as is Board-ID in its INFO_UF2.TXT.

    family: of the UF2 files that it takes for MicroPython.
    """

    id: str
    model: str
    family: int


class Chip(NamedTuple):
    """port: of MicroPython. watchdog: the address of its registers."""

    port: str
    watchdog: int
    boot: Boot


CHIPS = {
    "rp2040": Chip("rp2", 0x4005_8000, Boot("RPI-RP2", "Raspberry Pi RP2", 0xE48B_FF56)),
    "rp2350": Chip("rp2", 0x400D_8000, Boot("RP2350", "Raspberry Pi RP2350", 0xE48B_FF59)),
}


def is_i2c(bus: int, sda: str, scl: str) -> bool:
    """Whether an I2C bus can have its wires on these pins."""
    return bus in (0, 1) and pin_number(sda) % 4 == 2 * bus and pin_number(scl) % 4 == 2 * bus + 1


def is_uart(number: int, tx: str, rx: str) -> bool:
    """Whether a UART can have its wires on these pins."""

    def belongs(pin: int) -> bool:
        return (pin // 4 + 1) // 2 % 2 == number

    pins = pin_number(tx), pin_number(rx)
    return all(map(belongs, pins)) and [pin % 4 for pin in pins] == [0, 1]
