# SPDX-License-Identifier: MIT
"""What is wrong, and how urgent that is. Pure: no sounds, no lamps, no console."""
