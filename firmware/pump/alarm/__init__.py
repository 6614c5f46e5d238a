# SPDX-License-Identifier: MIT
"""Alarm conditions, their priorities and how they sound. Pure: no hardware, no console."""
