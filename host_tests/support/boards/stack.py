# SPDX-License-Identifier: MIT
"""How deep the firmware's calls go, in bytes of a board's stack.

MicroPython on an RP2040 runs Python on the C stack of 8 kB. A call that would leave less than 256
bytes raises RuntimeError, "maximum recursion depth exceeded": the pump stops. What a call takes
was measured on the emulated chip (MicroPython 1.22.0), see `_CALL`. Calls of C alone are not seen.
"""

import sys
import threading
from pathlib import Path

from pumpbench.images.image import FIRMWARE

_BASE, _CALL, _VALUE = 400, 194, 4  # main.py and what runs it; a call; a value
_FIRMWARE = str(FIRMWARE / "pump")  # on the board a file of it has another name


class Depth:
    """Looks at all calls while it is entered. deepest: bytes; calls: those of that moment."""

    def __init__(self):
        self.deepest = 0
        self.calls = ()
        self._threads = threading.local()

    def __enter__(self):
        threading.setprofile(self._look)
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)
        threading.setprofile(None)

    def _look(self, frame, event, _argument):
        code = frame.f_code
        if event not in ("call", "return") or not code.co_filename.startswith(_FIRMWARE):
            return
        levels = self._threads.__dict__.setdefault("levels", [_BASE])
        if event == "return":
            if len(levels) > 1:  # else it was called before anybody looked
                levels.pop()
            return
        levels.append(levels[-1] + _CALL + _VALUE * (code.co_nlocals + code.co_stacksize))
        if levels[-1] > self.deepest:
            self.deepest, self.calls = levels[-1], tuple(_names(frame))


def _names(frame):
    while frame is not None:
        if frame.f_code.co_filename.startswith(_FIRMWARE):
            yield f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"
        frame = frame.f_back
