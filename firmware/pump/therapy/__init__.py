# SPDX-License-Identifier: MIT
"""Schedules of the amounts due, bolus records and LIMit:DAY. Pure: no steps, pins or console."""
