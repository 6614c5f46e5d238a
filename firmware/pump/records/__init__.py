# SPDX-License-Identifier: MIT
"""The records: what a pump must still know after a reset, and the log of what happened to it.

Nothing found in flash is trusted before its checksum fits, and no content of a file ever raises.
Who owns a fact says it (`to_record`), takes it (`from_record`) and loses it (`lose`).
"""
