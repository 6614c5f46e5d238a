# SPDX-License-Identifier: MIT
"""The store: what a pump must still know after a reset, and the log of what happened to it.

Nothing found in flash is trusted before its checksum fits, and no content of a file ever raises.
"""
