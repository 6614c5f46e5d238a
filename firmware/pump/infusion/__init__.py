# SPDX-License-Identifier: MIT
"""What is being delivered now, and the orders that change it."""
