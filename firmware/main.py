# SPDX-License-Identifier: MIT
"""What runs after every reset: outputs safe first, then the pump.

The stop button held at power-up leaves the board at the REPL with all outputs safe.
"""

import gc

import board

gc.threshold(
    32_768
)  # imports leave garbage; uncollected, it scatters what stays all over the heap

hal = __import__("pump.hal." + board.PORT, None, None, ("make_safe",))
hal.make_safe(board)

if not hal.is_held(board, "stop_button"):
    from pump.app import App

    App(board, hal).run()
