# SPDX-License-Identifier: MIT
"""Flash of which the n-th write fails, once or from then on, while one order is given."""

from contextlib import contextmanager

from pump.hal.files import Files

NO_SPACE = 28


class Flash:
    """has_failed: whether a write did while the last order was given."""

    def __init__(self):
        self.has_failed = False
        self._plan = None

    def fail(self, nth, *, for_good):
        """While the next order is given: its n-th write, and all behind it if for good."""
        self._plan = nth, for_good

    def mend(self):
        """Nothing fails, whatever is given next."""
        self._plan = None

    def is_failing(self):
        """Whether a write is to fail while the next order is given."""
        return self._plan is not None

    @contextmanager
    def order(self):
        """An order is given in this time."""
        self.has_failed = False
        plan, self._plan = self._plan, None
        if plan is None:
            yield
            return
        replace, (nth, for_good), writes = Files.replace, plan, 0

        def counted(files, name, parts):
            nonlocal writes
            writes += 1
            if writes == nth or (for_good and writes > nth):
                self.has_failed = True
                raise OSError(NO_SPACE)
            return replace(files, name, parts)

        Files.replace = counted
        try:
            yield
        finally:
            Files.replace = replace
