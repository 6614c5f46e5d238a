# SPDX-License-Identifier: MIT
"""Installing: puts the firmware onto a real board, by its serial port or its boot loader."""
