# SPDX-License-Identifier: MIT
"""The SCPI console: text in, text out; it touches no hardware.

bytes -> lines -> parser -> tree (with params) -> a command's handler -> response
                                 errors, status <- errors of any of these
"""
