# SPDX-License-Identifier: MIT
"""The commands of `pumpbench`: what each asks, shows and says; see `pumpbench.__main__`."""
