# SPDX-License-Identifier: MIT
"""SYSTem: state, uptime, health and service of the whole pump."""

from pump.units import fixed

_FLASH_WRITES = 0  # nothing in this firmware writes to flash


def rows(control, supervisor, clock):
    """Rows for the tree."""

    def uptime():
        return fixed(clock.now_us() // 1000, 3)

    def health():
        free_bytes, longest_us, load_pct = supervisor.health()
        return free_bytes, fixed(longest_us, 3), load_pct, _FLASH_WRITES

    def service():
        control.need_stopped()
        supervisor.end()

    return (
        ("SYSTem:STATe?", control.state),
        ("SYSTem:UPTime?", uptime),
        ("SYSTem:HEALth?", health),
        ("SYSTem:SERVice", service),
    )
