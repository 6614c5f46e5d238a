# SPDX-License-Identifier: MIT
"""What runs after every reset: outputs safe first, then the pump.

The stop button held at power-up leaves the board at the REPL with all outputs safe. So does an
error before the pump runs, after a cry of the buzzer.
"""

import micropython

micropython.kbd_intr(-1)  # importing takes seconds, and a byte 0x03 is no reason to stop

import gc
import sys

sys.path.insert(0, ".frozen")  # a pump in the image is not mixed with files of another one

import board

gc.threshold(65_536)  # what imports leave behind must not scatter what stays over the heap

hal = __import__("pump.hal." + board.PORT, None, None, ("make_safe",))
hal.make_safe(board)

try:
    hal.check(board)
    if not hal.is_held(board, "stop_button"):
        from pump.app import assembled

        assembled(board, hal).run()
except Exception:
    hal.cry(board)
    raise
finally:
    micropython.kbd_intr(3)
