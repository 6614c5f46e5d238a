# SPDX-License-Identifier: MIT
"""Prescriptions: their content, limits and validation. Pure; `therapy` has the schedules."""
