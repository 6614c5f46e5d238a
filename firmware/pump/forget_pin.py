# SPDX-License-Identifier: MIT
"""Removes a forgotten PIN from the records, by a human at the REPL; all else stays as it is.

Hold the stop button at power-up, then `from pump.forget_pin import forget_pin; forget_pin()`.
"""

from pump.hal.files import Files
from pump.records.event_codes import PIN_CHANGED
from pump.records.event_log import FOLDER, EventLog
from pump.records.mirrored_records import FOLDERS, MirroredRecords
from pump.records.schemas import LOCK_PLACE, NO_LOCK, SCHEMAS, fits, upgraded


def forget_pin():
    """Write the setup without a PIN, and log an event. OSError if flash does not take it."""
    import board

    twins, log = (
        MirroredRecords(tuple(map(Files, FOLDERS)), board.NAME),
        EventLog(Files(FOLDER), 0),
    )
    setup = upgraded("setup", twins.load("setup"))
    # A setup that is lost has no PIN.
    if setup is not None and fits(setup, SCHEMAS["setup"]):
        setup[LOCK_PLACE] = NO_LOCK
        twins.save("setup", setup)
        log.add(PIN_CHANGED, 0, 0, "FORGOTTEN")
        log.flush()
