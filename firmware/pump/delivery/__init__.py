# SPDX-License-Identifier: MIT
"""Delivery: turns a schedule into exact steps, and steps into an account of volume and drug."""
