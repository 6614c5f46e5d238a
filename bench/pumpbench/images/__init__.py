# SPDX-License-Identifier: MIT
"""Images: the files of a board, the flash that holds them, and MicroPython itself."""
