# SPDX-License-Identifier: MIT
"""Facts: the pump, prescription and code that a recording was made with; JSON beside its CSV.

Volumes are in millilitres, rates in millilitres an hour. Unknown values are null.
"""

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from pumpbench.client.pump import Steps


class WeighingError(Exception):
    """A weighing that cannot begin or be judged, or that ended too soon; a sentence."""


@dataclass(frozen=True)
class Code:
    """The commit of the repository that the bench was run from; is_dirty: changed since."""

    commit: str
    is_dirty: bool


@dataclass
class Facts:
    """begun_at: ISO 8601, UTC. prescription: as the pump answers PRESCription:ACTive?.

    rate_ml_h: at the start; is_rate_constant: it was the same at every check. Steps are counted
    since power-up; None if the pump could not be reached. ended: why the recording ended.
    """

    begun_at: str
    identity: str
    firmware_version: str
    prescription: str
    ml_per_revolution: float
    rate_ml_h: float
    steps_before: Steps
    code: Code | None
    is_rate_constant: bool = True
    steps_after: Steps | None = None
    ended: str = ""

    @property
    def counted(self) -> tuple[int, int] | None:
        """(steps commanded, steps counted by the witness); None after a reset or a lost line."""
        if self.steps_after is None:
            return None
        commanded = self.steps_after.commanded - self.steps_before.commanded
        witness = self.steps_after.witness - self.steps_before.witness
        return (commanded, witness) if min(commanded, witness) >= 0 else None

    def rows(self) -> list[tuple[str, str]]:
        """The rows that a report shows: (name, text)."""
        commit = "not known: there was no repository"
        if self.code:
            is_dirty = "with changes that are in no commit" if self.code.is_dirty else "unchanged"
            commit = f"{self.code.commit}, {is_dirty}"
        return [
            ("Begun", self.begun_at),
            ("Pump", self.identity),
            ("Firmware", self.firmware_version),
            ("Code of the bench", commit),
            ("Prescription", self.prescription),
            ("Calibration", f"{self.ml_per_revolution:g} mL a revolution"),
            ("Ended", self.ended or "not told"),
        ]


def beside(csv_path: Path) -> Path:
    """The path of a recording's facts."""
    return csv_path.with_suffix(".json")


def write_facts(csv_path: Path, facts: Facts) -> None:
    """Write the facts as JSON, with the names of the counts of steps."""
    fields = asdict(facts)
    for name in ("steps_before", "steps_after"):
        steps = getattr(facts, name)
        fields[name] = steps and steps._asdict()
    beside(csv_path).write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def read_facts(csv_path: Path) -> Facts | None:
    """The facts of a recording, or None without a file; WeighingError for an invalid file."""
    path = beside(csv_path)
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        for name in ("steps_before", "steps_after"):
            fields[name] = fields[name] and Steps(**fields[name])
        fields["code"] = fields["code"] and Code(**fields["code"])
        return Facts(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise WeighingError(
            f"{path} has not the facts of a recording: {error}. Move it away, and say the rate."
        ) from error


def code_of(path: Path = Path(__file__)) -> Code | None:
    """The state of the repository that has the file `path` in it; None without one."""
    if _git(path, "ls-files", "--error-unmatch", path.name) is None:
        return None
    commit, status = _git(path, "rev-parse", "HEAD"), _git(path, "status", "--porcelain")
    if not commit or status is None:
        return None
    return Code(commit, status != "")


def _git(path: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(path.parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
