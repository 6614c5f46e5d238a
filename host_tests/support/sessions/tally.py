# SPDX-License-Identifier: MIT
"""What a campaign of random therapies met, in all its sessions: counted, and told at its end."""

from collections import Counter


class Tally:
    """counts: of what happened, by its name."""

    def __init__(self):
        self.counts = Counter()

    def add(self, what, count=1):
        self.counts[what] += count

    def text(self):
        """All counts, in the order of their names."""
        return ", ".join(f"{what}: {count}" for what, count in sorted(self.counts.items()))
