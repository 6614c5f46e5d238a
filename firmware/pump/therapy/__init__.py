# SPDX-License-Identifier: MIT
"""What should be delivered, and when. Pure: nothing here knows of steps, pins or the console."""
