# SPDX-License-Identifier: MIT
"""The commands of the pump, one module per subsystem, each a function that returns its rows."""
