# SPDX-License-Identifier: MIT
"""Installing: the firmware onto a real board, by its serial port or its boot loader."""
