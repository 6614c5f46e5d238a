# SPDX-License-Identifier: MIT
"""The oracle of schedules: every answer in fractions, by walking through every piece.

It reads plain descriptions, never a real schedule:

    ("constant", rate)                        ("cycle", pieces, phase_us)
    ("dose", kind, amount, duration_us)       ("over", dose, basal, elapsed_us)
    ("then", first, duration_us, after, elapsed_us)

A part is (exact amount by t, exact amount before 0): what is due is the sum of all parts.
"""

from fractions import Fraction
from math import ceil, floor

from pump.kinds import PERIODIC


def walk(pieces, at_us):
    """(start, (duration, amount, dose)) of every piece that begins before `at_us`, and of one."""
    start_us = 0
    while True:
        for piece in pieces:
            yield start_us, piece
            start_us += piece[0]
            if start_us > at_us:
                return


def along(amount, duration_us, t_us):
    return Fraction(amount * min(max(t_us, 0), duration_us), duration_us)


def parts(what, t_us):
    """[(exact amount by t, exact amount before 0)] of everything that is summed."""
    if what[0] == "constant":
        return [(Fraction(what[1] * t_us), Fraction(0))]
    if what[0] == "dose":
        return [(along(what[2], what[3], t_us), Fraction(0))]
    if what[0] == "cycle":
        ends = [
            sum(along(piece[1], piece[0], at_us - start) for start, piece in walk(what[1], at_us))
            for at_us in (what[2] + t_us, what[2])
        ]
        return [tuple(ends)]
    if what[0] == "then":
        _, first, duration_us, after, elapsed_us = what
        (by, _), (before, _) = (
            parts(first, elapsed_us + part_us)[0] for part_us in (min(t_us, duration_us), 0)
        )
        rest = parts(after, t_us - duration_us) if t_us > duration_us else []
        return [(by, before), *rest]
    _, dose, basal, elapsed_us = what
    return [
        (parts(dose, elapsed_us + t_us)[0][0], parts(dose, elapsed_us)[0][0]),
        *parts(basal, t_us),
    ]


def due_of(what, t_us):
    return sum(floor(by) - floor(before) for by, before in parts(what, t_us))


def exact_of(what, t_us):
    return sum(by - before for by, before in parts(what, t_us))


def changes_of(what, t_us):
    """Every instant up to well past `t_us` at which a piece ends."""
    if what[0] == "constant":
        return set()
    if what[0] == "dose":
        return {what[3]}
    if what[0] == "cycle":
        length_us = sum(piece[0] for piece in what[1])
        until_us = what[2] + t_us + length_us
        return {start_us + piece[0] - what[2] for start_us, piece in walk(what[1], until_us)}
    if what[0] == "then":
        _, first, duration_us, after, elapsed_us = what
        early = {at_us - elapsed_us for at_us in changes_of(first, elapsed_us + t_us)}
        late = {at_us + duration_us for at_us in changes_of(after, max(t_us - duration_us, 0))}
        early = {at_us for at_us in early if at_us < duration_us}
        return early | {duration_us} | {at_us for at_us in late if at_us > duration_us}
    _, dose, basal, elapsed_us = what
    return {dose[3] - elapsed_us} | changes_of(basal, t_us)


def steps_of(due, whole, step):
    of_one = Fraction(*step)
    return min(ceil(due / of_one), floor(whole / of_one))


def counts_of(what, t_us, step):
    """[(kind, steps)] of the boluses, each one counted by itself."""
    if what[0] == "constant":
        return []
    if what[0] == "dose":
        return [(what[1], steps_of(floor(along(what[2], what[3], t_us)), what[2], step))]
    if what[0] == "cycle":
        at_us, steps = what[2] + t_us, 0
        for start_us, (duration_us, _, dose) in walk(what[1], at_us):
            before = floor(along(dose, duration_us, what[2] - start_us))
            due = floor(along(dose, duration_us, at_us - start_us)) - before
            steps += steps_of(due, dose - before, step)
        return [(PERIODIC, steps)] if any(piece[2] for piece in what[1]) else []
    if what[0] == "then":
        _, first, duration_us, after, elapsed_us = what
        counts = counts_of(first, elapsed_us + min(t_us, duration_us), step)
        is_over = t_us >= duration_us
        return counts + (counts_of(after, t_us - duration_us, step) if is_over else [])
    _, dose, basal, elapsed_us = what
    return counts_of(dose, elapsed_us + t_us, step) + counts_of(basal, t_us, step)


def is_quick(what, t_us):
    """Whether the oracle, which walks, gets there in reasonable time."""
    if what[0] == "cycle":
        return t_us // sum(piece[0] for piece in what[1]) < 300
    return all(is_quick(part, t_us) for part in what if isinstance(part, tuple) and part[0])


def bounded(what, t_us):
    """`t_us`, brought down to where the oracle is quick."""
    while not is_quick(what, t_us):
        t_us //= 7
    return t_us
