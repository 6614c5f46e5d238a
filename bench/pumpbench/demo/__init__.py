# SPDX-License-Identifier: MIT
"""The demonstration: what it runs, and the report of that."""
