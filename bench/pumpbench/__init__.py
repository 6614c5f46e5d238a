# SPDX-License-Identifier: MIT
"""The bench: everything on the host's side of the pump's console and pins."""
