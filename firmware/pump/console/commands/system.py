# SPDX-License-Identifier: MIT
"""SYSTem: state, program, time, uptime, health, heartbeat and service of the whole pump."""

import binascii

from micropython import const

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import TEXT, TIME
from pump.therapy import wall_clock
from pump.units import fixed, seconds

_LEAST_SILENT_MS = const(5_000)
_MOST_SILENT_MS = const(86_400_000)


def rows(orders, supervisor, clock, boot, heartbeat, sums):
    """Rows for the tree.

    boot: (reset cause, instant of power-up in us, `Files` of all folders that are written).
    sums(): yields the file of the program's checksums in parts; OSError where there is none.
    """
    cause, start_us, folders = boot

    def uptime():
        return fixed((clock.now_us() - start_us) // 1000, 3)

    def time():
        clock_now = orders.infusion.forecast.wall
        if clock_now.epoch_us is None:
            return "NONE"
        shown = wall_clock.text(clock_now.seconds(clock.now_us()))
        return shown if clock_now.is_set else (shown, "UNCERTAIN")

    def health():
        free_bytes, longest_us, load_pct = supervisor.health()
        return free_bytes, fixed(longest_us, 3), load_pct, sum([files.writes for files in folders])

    def set_heartbeat(limit_ms):
        heartbeat.limit_ms = limit_ms

    yield ("SYSTem:STATe?", orders.state)
    yield ("SYSTem:PROGram?", lambda: _program(sums))
    yield ("SYSTem:TIME", orders.set_clock, _wall_s)
    yield ("SYSTem:TIME?", time)
    yield ("SYSTem:UPTime?", uptime)
    yield ("SYSTem:HEALth?", health)
    yield ("SYSTem:RESet?", lambda: cause)
    yield ("SYSTem:HEARtbeat", set_heartbeat, _limit)
    yield (
        "SYSTem:HEARtbeat?",
        lambda: seconds(heartbeat.limit_ms) if heartbeat.limit_ms else "OFF",
    )
    yield ("SYSTem:SERVice", orders.end)


def _program(sums):
    """CRC-32 of the file of checksums, in hex; NONE where there is no such file."""
    crc = 0
    try:
        for part in sums():
            crc = binascii.crc32(part, crc)
    except OSError:
        return "NONE"
    return "%08X" % crc


def _wall_s(text):
    """Parameter: date and time -> seconds since 2000; ScpiError -222."""
    try:
        return wall_clock.parse(TEXT(text))
    except ValueError as error:
        refusal = ScpiError(DATA_OUT_OF_RANGE, error.args[0])
    raise refusal


def _limit(text):
    """Parameter: OFF -> 0, or a time of 5 s to 1 day -> ms; ScpiError -222."""
    limit_ms = 0 if text.upper() == "OFF" else TIME(text)
    if limit_ms and not _LEAST_SILENT_MS <= limit_ms <= _MOST_SILENT_MS:
        raise ScpiError(DATA_OUT_OF_RANGE, "OFF, or 5 S to 1 D")
    return limit_ms
