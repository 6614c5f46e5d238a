# SPDX-License-Identifier: MIT
"""SYSTem: state, time, uptime, health and service of the whole pump."""

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import TEXT
from pump.therapy import wall
from pump.units import fixed


def rows(control, supervisor, clock, boot):
    """Rows for the tree. boot: (reset cause, instant of power-up, files that are written to)."""
    cause, start_us, folders = boot

    def uptime():
        return fixed((clock.now_us() - start_us) // 1000, 3)

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
        if clock_now.zero_us is None:
            return "NONE"
        shown = wall.text(clock_now.seconds(clock.now_us()))
        return shown if clock_now.is_set else (shown, "UNCERTAIN")

    def health():
        free_bytes, longest_us, load_pct = supervisor.health()
        return free_bytes, fixed(longest_us, 3), load_pct, sum([files.writes for files in folders])

    def service():
        control.need_stopped()
        supervisor.end()

    return (
        ("SYSTem:STATe?", control.state),
        ("SYSTem:TIME", set_time, TEXT),
        ("SYSTem:TIME?", time),
        ("SYSTem:UPTime?", uptime),
        ("SYSTem:HEALth?", health),
        ("SYSTem:RESet?", lambda: cause),
        ("SYSTem:SERVice", service),
    )
