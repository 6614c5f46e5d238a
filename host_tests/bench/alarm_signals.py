# SPDX-License-Identifier: MIT
"""Alarm signals made up for tests: pulses of bursts as IEC 60601-1-8 wants them, unless told."""

from dataclasses import dataclass, field

C5_NS, D4_NS, G4_NS, E4_NS, C4_NS = (us * 1000 for us in (1911, 3405, 2551, 3034, 3822))
RAMP_LEVELS = 4
MELODIES = {
    "HIGH": (C5_NS, D4_NS, G4_NS, C5_NS, D4_NS) * 2,
    "MEDIUM": (C5_NS, D4_NS, G4_NS),
    "LOW": (E4_NS, C4_NS),
}
DURATIONS_MS = {"HIGH": 150, "MEDIUM": 200, "LOW": 200}
GAPS_MS = {
    "HIGH": (100, 100, 350, 100, 500, 100, 100, 350, 100),
    "MEDIUM": (200, 200),
    "LOW": (200,),
}


@dataclass
class Signal:
    """A burst of `priority`: a value for each tone, and for each gap between them.

    The gaps are between the 90 % points; durations are made of whole cycles.
    """

    priority: str
    start_ns: int = 1_000_000_000
    periods_ns: list[int] = field(default_factory=list)
    durations_ms: list[float] = field(default_factory=list)
    gaps_ms: list[float] = field(default_factory=list)
    duties: list[float] = field(default_factory=list)
    ramp_parts: list[float] = field(default_factory=list)  # of the duration

    def __post_init__(self):
        self.periods_ns = self.periods_ns or list(MELODIES[self.priority])
        count = len(self.periods_ns)
        self.durations_ms = self.durations_ms or [DURATIONS_MS[self.priority]] * count
        self.gaps_ms = self.gaps_ms or list(GAPS_MS[self.priority])
        self.duties = self.duties or [0.125] * count
        self.ramp_parts = self.ramp_parts or [0.15] * count

    def pulses(self):
        made, full_ns = [], self.start_ns
        for i, period_ns in enumerate(self.periods_ns):
            lasts_ns = self.durations_ms[i] * 1_000_000
            each = round(self.ramp_parts[i] * lasts_ns / (RAMP_LEVELS * period_ns))
            whole = round(lasts_ns / period_ns)
            made += tone(full_ns, period_ns, self.duties[i], whole, each)
            if i < len(self.gaps_ms):
                full_ns += whole * period_ns + round(self.gaps_ms[i] * 1_000_000)
        return made


def tone(full_ns, period_ns, duty, whole, each):
    """Pulses with a ramp of `each` cycles a level before full_ns and after `whole` cycles."""
    levels = [n / (RAMP_LEVELS + 1) for n in range(1, RAMP_LEVELS + 1)]
    up = [level for level in levels for _ in range(each)]
    parts = [*up, *[1.0] * whole, *reversed(up)]
    first_ns = full_ns - len(up) * period_ns
    return [
        (first_ns + n * period_ns, round(part * duty * period_ns)) for n, part in enumerate(parts)
    ]
