# SPDX-License-Identifier: MIT
"""The therapy as it must be, in plain fractions and apart from the firmware; and its judge."""
