# SPDX-License-Identifier: MIT
"""SYSTem:LOCK and SYSTem:UNLock: the PIN that protects commands which change therapy."""

from pump.console.errors import DATA_OUT_OF_RANGE, SETTINGS_CONFLICT, ScpiError
from pump.console.params import STRING
from pump.faults import WRONG_PIN, Refused
from pump.records.event_codes import PIN_CHANGED, PIN_REFUSED, UNLOCKED


def rows(lock, settings, note):
    """Rows for the tree. settings: has `keep_setup`. note(code, text): logs an event."""
    keypad = _Keypad(lock, settings, note)
    yield ("SYSTem:LOCK:PIN", keypad.change, STRING)
    yield ("SYSTem:LOCK", keypad.close)
    yield ("SYSTem:LOCK?", keypad.state)
    yield ("SYSTem:UNLock", keypad.unlock, STRING)


class _Keypad:
    """One method for each command. No event and no error contains the PIN."""

    def __init__(self, lock, settings, note):
        self._lock, self._note = lock, note
        self._settings = settings

    def change(self, pin):
        """Set or remove the PIN. Refused NOT_RECORDED if flash fails: it stays unchanged then."""
        if pin and not _is_pin(pin):
            raise ScpiError(DATA_OUT_OF_RANGE)
        before = self._lock.to_record()
        self._lock.set_pin(pin)
        try:
            self._settings.keep_setup()
        except Refused:
            self._lock.from_record(before)
            raise
        self._note(PIN_CHANGED, "SET" if pin else "REMOVED")

    def close(self):
        self._require_pin()
        self._lock.close()

    def state(self):
        lock = self._lock
        if lock.is_locked():
            return "LOCKED", -(-lock.wait_us() // 1_000_000)
        return "UNLOCKED" if lock.is_set() else "OFF"

    def unlock(self, pin):
        """Try a PIN. The try is recorded before it is judged."""
        self._require_pin()
        count = self._lock.count_try()
        self._settings.keep_setup()
        if not self._lock.opens(pin):
            self._note(PIN_REFUSED, str(count))
            raise Refused(WRONG_PIN)
        self._note(UNLOCKED)

    def _require_pin(self):
        if not self._lock.is_set():
            raise ScpiError(SETTINGS_CONFLICT, "no PIN is set")


def _is_pin(text):
    return 4 <= len(text) <= 8 and all("0" <= character <= "9" for character in text)
