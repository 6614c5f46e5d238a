# SPDX-License-Identifier: MIT
"""The PIO of the fake chip: its instructions, its machines, and skips over repetitions."""
