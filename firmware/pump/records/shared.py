# SPDX-License-Identifier: MIT
"""A record that several owners share: each has a place, and alone knows what stands there."""


class Shared:
    """owners: in the order of the record; each has `to_record`, `from_record` and `lose`."""

    def __init__(self, *owners):
        self._owners = owners

    def to_record(self):
        """What each of them says, as a list."""
        return [owner.to_record() for owner in self._owners]

    def from_record(self, record):
        """Each takes its part. Where one cannot, all of it is to be lost: see `lose`."""
        for owner, part in zip(self._owners, record):
            owner.from_record(part)

    def lose(self):
        """None of them knows anything."""
        for owner in self._owners:
            owner.lose()
