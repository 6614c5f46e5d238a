# SPDX-License-Identifier: MIT
"""One of every order that moves something or changes what moves, and what comes before it."""

from host_tests.support.sessions.therapy import prescribe, stage
from pumpbench.client.pump import review_of

PATIENT = ("PAT:DOSE 5 UG,5 MIN", "PAT:LOCK 6 HR", "PAT:MAX 2")
PERIODIC = ("MODE PER;RATE 24 ML/D", "PER:DOSE 25 UG,10 MIN,1 HR")
FLEX = ("MODE FLEX;RATE 24 ML/D", "FLEX:STEP ALL,12:00,36 ML/D,13:00")
MIDNIGHT = "SYST:TIME 2026-03-02T00:00:00"
SIMPLE = ("MODE SIMP;RATE 24 ML/D",)

# name: (prescription, what is done before, what is staged, the order)
ORDERS = {
    "start": (SIMPLE, (), (), "THER:STAR"),
    "start periodic": (PERIODIC, (), (), "THER:STAR"),
    "commit": (SIMPLE, ("THER:STAR",), ("MODE SIMP;RATE 18 ML/D",), "PRES:COMM {}"),
    "commit stopped": (SIMPLE, (), ("MODE SIMP;RATE 18 ML/D",), "PRES:COMM {}"),
    "commit periodic": (SIMPLE, ("THER:STAR",), PERIODIC, "PRES:COMM {}"),
    "clock": (FLEX, (MIDNIGHT, "THER:STAR"), (), "SYST:TIME 2026-03-02T11:59:00"),
    "bolus": (SIMPLE, ("THER:STAR",), (), "BOL:STAR 10 UG,5 MIN"),
    "bolus alone": (SIMPLE, (), (), "BOL:STAR 10 UG,5 MIN"),
    "patient": ((*SIMPLE, *PATIENT), ("THER:STAR",), (), "BOL:PAT"),
    "trial": (SIMPLE, (), (), "BOL:TRI 20 UG,5 MIN,4 HR"),
    "prime": (SIMPLE, (), (), "PRIM:STAR 0.2 ML,10 ML/HR"),
    "bridge": (PERIODIC, (), (), "BRID:STAR 500 UG/ML,0.4 ML"),
    "calibration": (SIMPLE, (), (), "MOT:CAL:PERR 0.19 ML"),
}  # fmt: skip


def ready(bench, name):
    """(bench, order) where the order can be given, and all that was to be written is."""
    prescription, before, staged, order = ORDERS[name]
    prescribe(bench, *prescription)
    for line in before:
        bench.tell(line)
    bench.run(20)
    if staged:
        token, names, _ = review_of(stage(bench, *staged))
        order = order.format(",".join([token, *names]))
    bench.run(3)
    return bench, order
