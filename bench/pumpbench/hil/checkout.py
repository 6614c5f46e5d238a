# SPDX-License-Identifier: MIT
"""The checkout that a measurement was made with: its commit, and whether files differ from it."""

import subprocess
from pathlib import Path
from typing import NamedTuple

_TIMEOUT_S = 20


class Checkout(NamedTuple):
    """is_dirty: a tracked file differs from the commit."""

    commit: str
    is_dirty: bool

    def __str__(self) -> str:
        return f"{self.commit}, with changes" if self.is_dirty else self.commit


def checkout_of(folder: Path) -> Checkout | None:
    """The checkout of a folder; None without git, repository or commit."""
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    if commit is None or changes is None:
        return None
    return Checkout(commit, bool(changes))


def _git(folder: Path, *words: str) -> str | None:
    try:
        ended = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None
