# SPDX-License-Identifier: MIT
"""What `ALARm:ACTive?` answers, taken apart."""

NONE = '0,"None"'
FIELDS = 4  # code, name, priority, state


def shown(answer):
    """code -> state of everything that is shown."""
    fields = answer.split(",")
    if answer == NONE:
        return {}
    return {int(fields[at]): fields[at + 3] for at in range(0, len(fields), FIELDS)}


def codes(bench):
    """Codes of everything that is shown now."""
    return set(shown(bench.ask("ALAR:ACT?")))
