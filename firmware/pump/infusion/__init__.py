# SPDX-License-Identifier: MIT
"""The delivery under way, and the orders that change it."""
