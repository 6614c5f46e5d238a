# SPDX-License-Identifier: MIT
"""A record shared by several owners: each has a place in it, whose content only it knows."""


class Shared:
    """owners: in the order of the record; each has `to_record`, `from_record` and `lose`."""

    def __init__(self, *owners):
        self._owners = owners

    def to_record(self):
        """The list of the records of all owners."""
        return [owner.to_record() for owner in self._owners]

    def from_record(self, record):
        """Restore each owner from its part. If one raises, call `lose` for all of them."""
        for owner, part in zip(self._owners, record):
            owner.from_record(part)

    def lose(self):
        """The record is lost: so is the part of each owner."""
        for owner in self._owners:
            owner.lose()
