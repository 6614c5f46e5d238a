# SPDX-License-Identifier: MIT
"""The rows of the lock's commands: few pumps have a PIN, and none has it tried often."""


def rows(lock, settings, note):
    """As `commands.lock.rows`, which is loaded when one of them is looked for."""
    from pump.console.commands.lock import rows as rows_of

    return rows_of(lock, settings, note)
