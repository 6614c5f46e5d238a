# SPDX-License-Identifier: MIT
"""The kinds of delivery: every step that goes out belongs to exactly one of them."""

from micropython import const

BASAL = const(0)
JOG = const(1)
CLINICIAN = const(2)
PATIENT = const(3)
PERIODIC = const(4)
PRIME = const(5)
BRIDGE = const(6)
TRIAL = const(7)
RECOVERED = const(8)  # delivered before a reset; which other kind it was is unknown

REGULAR = (BASAL, PERIODIC)  # the programmed therapy, without doses on request

NAMES = {
    BASAL: "BASAL",
    JOG: "JOG",
    CLINICIAN: "CLINICIAN",
    PATIENT: "PATIENT",
    PERIODIC: "PERIODIC",
    PRIME: "PRIME",
    BRIDGE: "BRIDGE",
    TRIAL: "TRIAL",
    RECOVERED: "RECOVERED",
}
