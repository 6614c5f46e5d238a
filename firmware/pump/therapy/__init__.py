# SPDX-License-Identifier: MIT
"""What is due, when, and the limits. Pure: it knows nothing of steps, pins or the console."""
