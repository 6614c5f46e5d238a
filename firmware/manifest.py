# SPDX-License-Identifier: MIT
"""Freezes the pump into a MicroPython build; a board's manifest includes this and its board.py."""

include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821 - MicroPython's manifest language
package("pump", base_path=".", opt=0)  # noqa: F821
module("main.py", base_path=".")  # noqa: F821
