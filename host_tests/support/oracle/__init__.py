# SPDX-License-Identifier: MIT
"""What must come out, in plain fractions or by brute force, written apart from the firmware."""
