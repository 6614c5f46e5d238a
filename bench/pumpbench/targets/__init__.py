# SPDX-License-Identifier: MIT
"""Targets: what the bench can run the firmware on, and a hand at it, the serial port of one."""
