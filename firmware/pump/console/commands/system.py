# SPDX-License-Identifier: MIT
"""SYSTem: state, time, uptime, health and service of the whole pump."""

from micropython import const

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import TEXT
from pump.therapy import wall
from pump.units import fixed

_FLASH_WRITES = const(0)  # nothing in this firmware writes to flash


def rows(control, supervisor, clock):
    """Rows for the tree."""

    def uptime():
        return fixed(clock.now_us() // 1000, 3)

    def set_time(text):
        try:
            wall_s = wall.parse(text)
        except ValueError as error:
            refusal = ScpiError(DATA_OUT_OF_RANGE, error.args[0])
        else:
            return control.set_clock(wall_s)
        raise refusal

    def time():
        clock_now = control.treatment.outlook.wall
        return wall.text(clock_now.seconds(clock.now_us())) if clock_now.is_set else "NONE"

    def health():
        free_bytes, longest_us, load_pct = supervisor.health()
        return free_bytes, fixed(longest_us, 3), load_pct, _FLASH_WRITES

    def service():
        control.need_stopped()
        supervisor.end()

    return (
        ("SYSTem:STATe?", control.state),
        ("SYSTem:TIME", set_time, TEXT),
        ("SYSTem:TIME?", time),
        ("SYSTem:UPTime?", uptime),
        ("SYSTem:HEALth?", health),
        ("SYSTem:SERVice", service),
    )
