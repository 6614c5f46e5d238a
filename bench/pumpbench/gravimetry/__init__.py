# SPDX-License-Identifier: MIT
"""Gravimetry: the delivery of a pump, weighed on a balance and judged as a trumpet curve.

The method is that of IEC 60601-2-24, used as a measurement; no conformity is claimed.
"""
