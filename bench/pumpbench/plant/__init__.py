# SPDX-License-Identifier: MIT
"""The plant: simulated hardware at a board's pins, and recorders of its signals."""
