# SPDX-License-Identifier: MIT
"""Boards: the folders of `boards/`, their chips and pins, and the pages made from them."""
