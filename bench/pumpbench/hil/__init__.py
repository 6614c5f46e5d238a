# SPDX-License-Identifier: MIT
"""Acceptance of a pump on a bench: its results, their page, a power switch, wires to its pins."""
