# SPDX-License-Identifier: MIT
"""The plant: what hangs on a board's pins, and the recorders of what it does."""
