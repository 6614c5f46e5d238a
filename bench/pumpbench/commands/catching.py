# SPDX-License-Identifier: MIT
"""Catching: the volume of a measured run, entered by the user, or weighed.

A catch is in millilitres. The caller gives the function `turn`, which returns when the motor has
stopped.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import typer

from pumpbench.commands.command_line import say
from pumpbench.gravimetry.balance import Balance, BalanceError
from pumpbench.gravimetry.reading import Reading, Steepest

SETTLE_S = 30.0  # the longest time for a balance to settle
_ALIKE = 3  # it has settled after this number of readings in a row
_DIGITS = 5  # with at most so many units of the last digit between them
_EVERY_S = 0.4
_ANY = Steepest(step_g=float("inf"))  # a run makes a jump

Turn = Callable[[], None]


class ByHand:
    """The user is asked for mL; or, with ml_per_g, for grams."""

    def __init__(self, ml_per_g: Decimal | None = None) -> None:
        self._unit = "mL" if ml_per_g is None else "g"
        self._ml = Decimal(1) if ml_per_g is None else ml_per_g

    def caught_ml(self, turn: Turn) -> Decimal:
        """Wait for an empty vessel, turn, ask. typer.Abort without an answer."""
        ready = "Put an empty vessel under the outlet, then press Enter"
        typer.prompt(ready, default="", show_default=False)
        turn()
        while True:
            text = typer.prompt(f"What came out, {self._unit}", type=str)
            try:
                amount = Decimal(text.strip())
            except InvalidOperation:
                amount = Decimal("NaN")
            if amount.is_finite() and amount > 0:
                return amount * self._ml
            say(f"{text.strip()!r} is no amount: a number above 0, with a point.")


class ByBalance:
    """A balance weighs the vessel, which stays on it. options: those of `Balance.open`."""

    def __init__(self, port: str, kind: str, ml_per_g: Decimal, **options: Any) -> None:
        self._port = port
        self._kind = kind
        self._ml_per_g = ml_per_g
        self._options = options

    def caught_ml(self, turn: Turn) -> Decimal:
        """Weigh, turn, weigh. Raises BalanceError, also if the weight has not increased."""
        before_g = self._settled_g()
        turn()
        caught_g = self._settled_g() - before_g
        if caught_g <= 0:
            raise BalanceError(f"the balance shows {caught_g:f} g more after the run: none came")
        return caught_g * self._ml_per_g

    def _settled_g(self) -> Decimal:
        """The mean of settled readings in grams; the port is opened again, without old lines."""
        last: list[Reading] = []
        with Balance.open(self._port, self._kind, steepest=_ANY, **self._options) as balance:
            for reading in balance.readings(SETTLE_S, _EVERY_S):
                last = [*last[1 - _ALIKE :], reading]
                if _is_settled(last):
                    return sum((each.grams for each in last), Decimal(0)) / len(last)
        raise BalanceError(f"the balance did not settle within {SETTLE_S:g} s: look for a draught")


def _is_settled(last: list[Reading]) -> bool:
    grams = [each.grams for each in last]
    digit = Decimal(1).scaleb(min(int(each.as_tuple().exponent) for each in grams))
    is_moving = any(each.is_stable is False for each in last)
    return len(last) == _ALIKE and not is_moving and max(grams) - min(grams) <= _DIGITS * digit
