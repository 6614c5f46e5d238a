# SPDX-License-Identifier: MIT
"""Every row of the command tree, with nothing behind the handlers."""

from pump.console import ieee488
from pump.console.commands import (
    alarm,
    bolus,
    delivery,
    lock,
    log,
    motor,
    prescription,
    reservoir,
    system,
    therapy,
)


class Anything:
    """Has whatever a row asks of it when the table is built."""

    def __getattr__(self, name):
        return Anything()


def all_rows():
    some = Anything()
    return (
        *ieee488.rows(some, some, some, some, some),
        *ieee488.required_rows(some, some),
        *system.rows(some, some, some, (some, some, some), some, some),
        *lock.rows(some, some, some),
        *prescription.rows(some, some, some),
        *therapy.rows(some),
        *bolus.rows(some, some, some),
        *delivery.rows(some, some, some),
        *motor.rows(some, some),
        *reservoir.rows(some, some),
        *alarm.rows(some, some, some, some, some),
        *log.rows(some),
    )
