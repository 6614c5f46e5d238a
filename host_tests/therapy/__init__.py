# SPDX-License-Identifier: MIT
"""The therapy as it must be, in plain fractions, written apart from the firmware; and its judge."""
