# SPDX-License-Identifier: MIT
"""The SCPI console: text in, text out, and nothing that touches hardware.

bytes -> lines -> parser -> tree (with params) -> a command's handler -> response
                                 errors, status <- whatever went wrong
"""
