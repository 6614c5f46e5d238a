# SPDX-License-Identifier: MIT
"""Firmware made smaller for a board: pure functions from sources to sources."""
