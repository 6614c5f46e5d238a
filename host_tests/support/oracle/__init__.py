# SPDX-License-Identifier: MIT
"""What pure modules must answer, found by brute force or in plain fractions."""
