# SPDX-License-Identifier: MIT
"""The modes of an infusion, one class each: what is delivered, and how that ends.

Each has the name that `THERapy:STATe?` answers, or JOG, and the methods of `Stopped`. The
`Infusion` that a mode belongs to does what all deliveries have in common.
"""

from micropython import const

from pump import state
from pump.therapy import bolus_log

_SETTLE_US = const(20_000)  # after the end of a dose: its last step is booked by then


class Stopped:
    """Nothing is delivered. is_regular: the mode of the active prescription, or its bridge.

    is_dosing: drug is delivered to the patient: not stopped, jogging or priming.
    """

    name = state.STOPPED
    is_regular = is_dosing = False

    def __init__(self, infusion):
        self._infusion = infusion

    def is_giving(self):
        """True while a bolus, bridge, prime, trial or periodic dose is delivered."""
        return self._infusion.active_dose is not None

    def busy_until_us(self, within_us):
        """The end of a dose or observation under way, or None; see `Infusion`."""
        dose = self._infusion.active_dose
        return dose.end_us if dose is not None else None

    def in_force_us(self, at_us):
        """When a change of the regular therapy takes effect if the queue ends at `at_us`."""
        return at_us

    def poll(self):
        """End what is complete. Returns the next end, as an instant of the clock, or None."""
        return

    def stop(self):
        """Stop at once."""
        self._infusion.end(bolus_log.STOPPED)

    def abort(self):
        """End the dose under way at once; without one do nothing."""
        if self._infusion.active_dose is not None:
            self._infusion.end(bolus_log.ABORTED)

    def rests(self, at_us, carry):
        """The motor has stopped at `at_us`; carry: the fraction of a step that was due then."""


class Alone(Stopped):
    """A delivery of a fixed number of steps, alone: a dose, or a jog, which has no dose."""

    def __init__(self, infusion, name, is_dosing=True):
        super().__init__(infusion)
        self.name, self.is_dosing = name, is_dosing

    def poll(self):
        """As `Stopped.poll`. A motor at rest before all steps are made was stopped by a fault."""
        infusion = self._infusion
        if infusion.moves():
            return
        dose = infusion.active_dose
        if dose is not None and dose.steps() < dose.whole_steps():
            infusion.end(bolus_log.FAULT)
        else:
            infusion.complete(dose)
            self.follow(dose)

    def follow(self, dose):
        """Called once the delivery is complete, and the infusion is stopped."""


class Trial(Alone):
    """The dose of a trial; an observation of `observation_us` follows."""

    def __init__(self, infusion, observation_us):
        super().__init__(infusion, state.TRIAL)
        self._observation_us = observation_us

    def follow(self, dose):
        """As `Alone.follow`."""
        end_us = dose.end_us + self._observation_us
        self._infusion.mode = Observation(self._infusion, end_us)


class Prime(Alone):
    """The line is filled with `drug`, its name."""

    def __init__(self, infusion, drug):
        super().__init__(infusion, state.PRIME, is_dosing=False)
        self._drug = drug

    def follow(self, dose):
        """As `Alone.follow`."""
        self._infusion.line.primed(dose.dose.ng_ml, self._drug)


class Observation(Stopped):
    """Nothing is delivered, and nothing may start, until end_us."""

    name = state.OBSERVATION

    def __init__(self, infusion, end_us):
        super().__init__(infusion)
        self.end_us = end_us

    def busy_until_us(self, within_us):
        """As `Stopped.busy_until_us`."""
        return self.end_us

    def poll(self):
        """As `Stopped.poll`."""
        if not self._infusion.is_past(self.end_us):
            return self.end_us
        self._infusion.observed()
        return None

    def stop(self):
        """The observation goes on; the motor is stopped."""
        self._infusion.halt(bolus_log.STOPPED)

    def abort(self):
        """As `Stopped.abort`."""
        self._infusion.end(bolus_log.ABORTED)


class Scheduled(Stopped):
    """The regular therapy, with or without a dose over it."""

    name = state.RUNNING
    is_regular = is_dosing = True

    def is_giving(self):
        """As `Stopped.is_giving`."""
        infusion = self._infusion
        if infusion.active_dose is not None:
            return True
        return infusion.grid.is_laid() and infusion.grid.dose(infusion.now_us()) is not None

    def busy_until_us(self, within_us):
        """As `Stopped.busy_until_us`."""
        infusion = self._infusion
        if infusion.active_dose is not None:
            return infusion.active_dose.end_us
        grid = infusion.grid
        if not grid.is_laid():
            return None
        now_us, next_us = infusion.now_us(), infusion.next_us() + within_us
        dose = grid.dose(now_us) or grid.dose(next_us)
        return dose[1] if dose else None

    def poll(self):
        """As `Stopped.poll`."""
        infusion = self._infusion
        if not infusion.moves():
            infusion.end(bolus_log.FAULT)
        elif infusion.active_dose is not None:
            left_us = infusion.active_dose.end_us + _SETTLE_US - infusion.now_us()
            if left_us > 0:
                return infusion.in_us(left_us)
            infusion.finish(bolus_log.COMPLETED)
            self.given()
        return None

    def given(self):
        """Called once the dose under way is complete and recorded."""

    def abort(self):
        """As `Stopped.abort`; the regular therapy goes on."""
        if self.is_giving():
            self._infusion.restart(bolus_log.ABORTED)

    def rests(self, at_us, carry):
        """As `Stopped.rests`."""
        self._infusion.carry = carry
        self._infusion.grid.end(at_us)


class Bridge(Scheduled):
    """The old drug in the line is delivered; the regular therapy follows by itself."""

    name = state.BRIDGE
    is_giving = Stopped.is_giving
    busy_until_us = Stopped.busy_until_us
    abort = Stopped.abort

    def in_force_us(self, at_us):
        """As `Stopped.in_force_us`: after the bridge."""
        dose = self._infusion.active_dose
        return max(at_us, dose.end_us) if dose is not None else at_us

    def given(self):
        """As `Scheduled.given`: now the line holds the new drug."""
        infusion = self._infusion
        infusion.mode = Scheduled(infusion)
        prescription = infusion.prescription
        infusion.line.fill(prescription.concentration_ng_ml, prescription.drug)

    def rests(self, at_us, carry):
        """As `Stopped.rests`. A grid anchored at the end of the bridge is forgotten."""
        super().rests(at_us, carry)
        if self._infusion.grid.anchor_us > at_us:
            self._infusion.grid.forget()
