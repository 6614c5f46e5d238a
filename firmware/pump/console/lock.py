# SPDX-License-Identifier: MIT
"""The rows of the lock commands, loaded on demand: they are seldom used, so they cost no heap."""


def rows(lock, settings, note):
    """As `commands.lock.rows`, whose module is loaded when a row is looked up."""
    from pump.console.commands.lock import rows as rows_of

    return rows_of(lock, settings, note)
