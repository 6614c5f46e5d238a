# SPDX-License-Identifier: MIT
"""The commands of `pumpbench`: their options and output; see `pumpbench.__main__`."""
