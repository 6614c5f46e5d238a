# SPDX-License-Identifier: MIT
"""The bench: everything on the host's side of the pump's console and pins.

`Pump` and `Prescription` are the interface for scripts and notebooks.
"""

from pumpbench.client.lines import LineCut, PumpError
from pumpbench.client.prescription import Dose, FlexStep, Limits, Patient, Periodic, Prescription
from pumpbench.client.pump import Invalid, NotAPump, Pump

__all__ = [
    "Dose",
    "FlexStep",
    "Invalid",
    "Limits",
    "LineCut",
    "NotAPump",
    "Patient",
    "Periodic",
    "Prescription",
    "Pump",
    "PumpError",
]
