# SPDX-License-Identifier: MIT
"""The window: how much drug falls into 24 h, that end now or within the next 24 h.

A limit on the drug of a day holds for every 24 h, not only for those that are over: a bolus that
the past has room for may still be too much together with the regular therapy to come (the flaw
published in the Open PCA Pump requirements). So `peak_ng` looks at all windows that end in
[now, now + 24 h]: the regular therapy as it was and as it is planned, at every instant; a bolus
counts whole, from when it is asked for until 24 h after its end. A bolus fits when peak_ng plus
its dose is within the limit.

Instants are on the monotonic clock and never go back. Drug is added up in units times ng_ml
(see `schedule`) and rounded up to whole nanograms at the end. Pure; knows of no limit.

What is older than 24 h is forgotten. Memory is bounded: of too many stretches of regular therapy
the smallest counts whole, like a bolus; of too many boluses the two that lie closest together
count until the later one is forgotten. Either way more is counted than was given, never less.
"""

from micropython import const

from pump.therapy.schedule import DAY_US
from pump.therapy.sweep import FOREVER_US, drug, highest

_FINE_PER_NG = DAY_US * 1_000_000  # units * ng_ml in a nanogram
_MOST_STRETCHES = const(18)  # 16 that are over, the present one, and one to come
_MOST_EXTRAS = const(64)
_HOUR_US = 3_600_000_000
_HOURS = const(24)
_ALL_NG = 1_000_000_000_000  # more than any limit: 1 kg


class Window:
    """Keeps the regular therapy as stretches, see `sweep`, and the boluses."""

    def __init__(self):
        self._stretches = []
        self._extras = []  # [start_us, end_us, dose_ng]
        self._last = None  # the extra that was added last
        self._seen_us = 0  # an instant that has passed

    def open(self, at_us, schedule, ng_ml):
        """Regular therapy along `schedule` from at_us on, instead of what was to be from then on.

        at_us may lie ahead, not before now.
        """
        self._stretches = _opened(self._stretches, at_us, schedule, ng_ml)
        if len(self._stretches) > _MOST_STRETCHES:
            self._drop_smallest()

    def close(self, at_us):
        """No regular therapy from at_us on."""
        self._stretches = _closed(self._stretches, at_us)

    def add(self, at_us, duration_us, dose_ng):
        """A bolus begins at at_us; it counts whole, from now on until 24 h after its end."""
        self._last = [at_us, at_us + duration_us, dose_ng]
        self._extras.append(self._last)
        self._merge_extras()

    def cut(self, at_us, given_ng):
        """The bolus added last was over at at_us, with `given_ng` given."""
        if self._last is not None:
            self._last[1:] = [at_us, given_ng]

    def now_ng(self, now_us):
        """Drug in the 24 h that end now, rounded up."""
        self._forget(now_us)
        return _ng(drug(self._stretches, now_us - DAY_US, now_us)) + self._extra_ng()

    def peak_ng(self, now_us, instead=None, *, more_us=0):
        """The most drug in any 24 h that end from now on until in 24 h, rounded up.

        more_us: look so much further: at what changes only then, or counts for longer.
        instead: rows (at_us, schedule, ng_ml), in order, as if they had been opened one by one.
        Boluses that count now count in all of these windows.
        """
        self._forget(now_us)
        stretches = self._stretches
        for at_us, schedule, ng_ml in instead or ():
            stretches = _opened(stretches, at_us, schedule, ng_ml)
        at_us, most = now_us, highest(stretches, now_us)
        while at_us < now_us + more_us:
            at_us = min(at_us + DAY_US, now_us + more_us)
            most = max(most, highest(stretches, at_us))
        return _ng(most) + self._extra_ng()

    def state(self, now_us):
        """The last 24 h as a list of extras; regular therapy as one for every hour."""
        self._forget(now_us)
        hours = []
        for hour in range(_HOURS):
            to_us = now_us - hour * _HOUR_US
            dose_ng = _ng(drug(self._stretches, to_us - _HOUR_US, to_us))
            if dose_ng:
                hours.append([to_us - _HOUR_US, to_us, dose_ng])
        return hours + self._extras

    def restore(self, extras):
        """Go on from what `state` answered."""
        self._extras = extras
        while len(self._extras) > _MOST_EXTRAS:
            self._merge_extras()

    def fill(self, now_us):
        """What was given is not known: as if it were all that any limit allows, just now."""
        self._extras = [[now_us, now_us, _ALL_NG]]

    def _extra_ng(self):
        return sum([extra[2] for extra in self._extras])

    def _forget(self, now_us):
        """Drop what ended 24 h ago or earlier."""
        self._seen_us = now_us
        since_us = now_us - DAY_US
        self._stretches = [stretch for stretch in self._stretches if stretch[1] > since_us]
        self._extras = [extra for extra in self._extras if extra[1] > since_us]
        if self._last is not None and self._last[1] <= since_us:
            self._last = None

    def _drop_smallest(self):
        """Count that stretch whole, like a bolus, that has the least drug; not the last two."""
        since_us = self._seen_us - DAY_US
        sizes = [drug((stretch,), since_us, stretch[1]) for stretch in self._stretches[:-2]]
        smallest = min(sizes)
        from_us, to_us, _, _ = self._stretches.pop(sizes.index(smallest))
        self._extras.append([max(from_us, since_us), to_us, _ng(smallest)])
        self._merge_extras()

    def _merge_extras(self):
        """Make one of those two neighbours that begin and end closest, if there are too many."""
        if len(self._extras) <= _MOST_EXTRAS:
            return
        extras = [extra for extra in self._extras if extra is not self._last]
        extras.sort(key=lambda extra: extra[1])
        pairs = [_pair(extras[index], extras[index + 1]) for index in range(len(extras) - 1)]
        spans_us = [end_us - start_us for start_us, end_us, _ in pairs]
        index = spans_us.index(min(spans_us))
        extras[index : index + 2] = [pairs[index]]
        self._extras = extras if self._last is None else extras + [self._last]


def _pair(first, second):
    """One extra for two, of which the second ends later."""
    return [min(first[0], second[0]), second[1], first[2] + second[2]]


def _ng(fine):
    return -(-fine // _FINE_PER_NG)


def _closed(stretches, at_us):
    return [
        (from_us, min(to_us, at_us), schedule, ng_ml)
        for from_us, to_us, schedule, ng_ml in stretches
        if from_us < at_us
    ]


def _opened(stretches, at_us, schedule, ng_ml):
    return _closed(stretches, at_us) + [(at_us, FOREVER_US, schedule, ng_ml)]
