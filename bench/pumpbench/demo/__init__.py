# SPDX-License-Identifier: MIT
"""The demonstration: its deliveries and alarms, and the report about them."""
