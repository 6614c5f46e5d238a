# SPDX-License-Identifier: MIT
"""The largest prescriptions there are, typed and committed: two full flex weeks."""

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
A_DAY = 25
A_LINE = 7  # steps that fit 255 characters
LEAST_FREE = 16_000  # bytes
WAIT_S = 30


def rate(day, nth, week):
    """Different ones on every day, and in every week."""
    return f"{400 + (7 * nth + 13 * day + 31 * week) % 97}.{nth + A_DAY * day:03d} UG/D"


def stage(bench, week):
    """A rate every 57 minutes; then the soft limits of the pump have nothing to say."""
    bench.tell("PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 400 UG/D")
    for day, name in enumerate(DAYS):
        for first in range(0, A_DAY, A_LINE):
            steps = [
                "STEP %s,%02d:%02d,%s" % (name, *divmod(57 * nth, 60), rate(day, nth, week))
                for nth in range(first, min(first + A_LINE, A_DAY))
            ]
            bench.target.ask(f"PRES:FLEX:{';'.join(steps)};*OPC?", WAIT_S)


def commit(bench):
    """Every query there is before a commit, and the commit."""
    verdict, token = bench.target.ask("PRES:VAL?", WAIT_S).split(",")
    assert verdict == "OK"
    assert bench.target.ask("PRES:COMP?", WAIT_S).count("MON, ug") == 1
    assert bench.target.ask(f"PRES:COMM {token};*OPC?", WAIT_S) == "1"


def free_bytes(bench):
    return int(bench.ask("SYST:HEAL?").split(",")[0])
