# SPDX-License-Identifier: MIT
"""Targets: boards that the bench runs the firmware on, and a hand at one, or its serial port."""
