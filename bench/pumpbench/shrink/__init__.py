# SPDX-License-Identifier: MIT
"""Firmware made smaller for a board: pure, from sources to a source."""
