# SPDX-License-Identifier: MIT
"""The records: the state that must survive a reset, and the log of events.

Nothing found in flash is trusted before its checksum is verified, and no content of a file ever
raises. The owner of a state writes it (`to_record`), restores it (`from_record`), and replaces it
by safe values when its record is lost (`lose`).
"""
