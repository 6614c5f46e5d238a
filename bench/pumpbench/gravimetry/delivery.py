# SPDX-License-Identifier: MIT
"""A delivery on a balance: the pump is started before the recording and stopped after it.

If anything ends the recording early, the pump is stopped, if it can be reached, and the readings
are kept; a WeighingError tells both. A pump that alarms, or is not stopped, is never started.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pumpbench.client.interruption import interrupted_once
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.gravimetry.dialects import BalanceError
from pumpbench.gravimetry.facts import Facts, WeighingError, code_of, write_facts
from pumpbench.gravimetry.weighing import record


class Delivery:
    """The delivery of a pump that is weighed; its facts are written beside the recording."""

    def __init__(self, pump: Pump, csv_path: Path) -> None:
        self._pump = pump
        self._path = csv_path
        self._facts: Facts | None = None

    def need_ready(self) -> None:
        """Raise WeighingError unless the pump is stopped and shows no alarm."""
        with _reached():
            state, alarms = self._pump.state(), self._alarms()
        if state != "STOPPED":
            raise WeighingError(f"The pump is {state}: stop it first, and nothing is interrupted.")
        if alarms:
            raise WeighingError(f"The pump alarms, and is not started: {alarms}.")

    def start(self) -> None:
        """Start the prescribed delivery; PumpError if the pump refuses."""
        pump = self._pump
        with _reached():
            identity = pump.identity()
            self._facts = Facts(
                begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
                identity=",".join(identity),
                firmware_version=identity.version,
                prescription=pump.ask("PRES:ACT?"),
                ml_per_revolution=float(pump.ask("MOT:CAL?")),
                rate_ml_h=0.0,
                steps_before=pump.steps(),
                code=code_of(),
            )
            pump.start()
            self._facts.rate_ml_h = self._rate_ml_h()
        write_facts(self._path, self._facts)

    def look(self) -> None:
        """Raise WeighingError if the pump has stopped by itself, or cannot be reached."""
        assert self._facts
        with _reached():
            state = self._pump.state()
            if state != "RUNNING":
                why = self._alarms() or "no alarm"
                raise WeighingError(f"The pump does not deliver any more: {state}, {why}.")
            if self._rate_ml_h() != self._facts.rate_ml_h:
                self._facts.is_rate_constant = False

    def end(self, why: str) -> str:
        """Stop the pump if it was started; returns a sentence if that is not certain, else ""."""
        if self._facts is None:
            return ""
        failure = ""
        try:
            with _reached():
                self._pump.stop()
                self._facts.steps_after = self._pump.steps()
        except (WeighingError, PumpError) as error:
            failure = f"Stop the pump by hand, it may go on: {str(error).rstrip('.')}."
        self._facts.ended = why or "after its time"
        write_facts(self._path, self._facts)
        return failure

    def _rate_ml_h(self) -> float:
        return float(self._pump.rate().ml_d) / 24

    def _alarms(self) -> str:
        return ", ".join(f"{each.code} {each.name}" for each in self._pump.alarms())


def weigh(
    pump: Pump | None, balance_port: str, kind: str, seconds: float, path: Path, **options: Any
) -> int:
    """Record a balance while a pump delivers; returns the number of readings.

    options: those of `weighing.record`. Raises WeighingError if the recording ended early, or the
    pump is not certain to be stopped; PumpError if the pump refuses to start.
    """
    delivery = Delivery(pump, path) if pump else None
    why = failure = ""
    count = 0
    with interrupted_once() as no_more:
        if delivery:
            delivery.need_ready()
            options |= {"begin": delivery.start, "watch": delivery.look}
        try:
            count = record(balance_port, kind, seconds, path, **options)
        except (KeyboardInterrupt, BalanceError, WeighingError, OSError) as error:
            why = _reason(error, path)
        except PumpError as refused:
            why = f"The pump refused: {refused}"
            raise
        finally:
            no_more()
            if delivery:
                failure = delivery.end(why)
    if why or failure:
        raise WeighingError(" ".join(filter(None, (why, failure))))
    return count


def readings_in(path: Path) -> int:
    """The number of readings in a recording; 0 without a file."""
    return max(path.read_text(encoding="utf-8").count("\n") - 1, 0) if path.exists() else 0


def _reason(error: BaseException, path: Path) -> str:
    """A sentence: why a recording ended, and the number of readings kept."""
    if isinstance(error, BalanceError):
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    why = str(error).rstrip(".")
    if isinstance(error, KeyboardInterrupt):
        why = "The recording was interrupted"
    elif isinstance(error, OSError):
        why = f"The recording cannot be written: {error}"
    return f"{why}. {readings_in(path)} readings are kept in {path}."


@contextmanager
def _reached() -> Iterator[None]:
    """Turn errors of a pump that cannot be reached into a WeighingError."""
    try:
        yield
    except TimeoutError as error:
        raise WeighingError("The pump does not answer any more.") from error
    except OSError as error:
        raise WeighingError(f"The line to the pump is cut ({error}).") from error
