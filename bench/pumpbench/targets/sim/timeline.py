# SPDX-License-Identifier: MIT
"""Virtual time of a booted board, and its events.

Time is integer nanoseconds since power-up and passes only while the firmware waits: in
`machine.idle`, sleeps, polls and blocking calls. The firmware runs in a greenlet of its own; when
a wait reaches the horizon that the test has set, control returns to the test. `World` completes it
with the chip; the devices on the chip need only this.
"""

import heapq
from collections.abc import Callable

from greenlet import getcurrent, greenlet

FOREVER_NS = 1 << 62
SPIN_BUDGET = 2_000_000  # calls of the hardware while no time passes


class SpinError(Exception):
    """The firmware called the hardware again and again while no time passed: a hang."""


class Event:
    """An action at t_ns, unless it is cancelled."""

    __slots__ = ("action", "t_ns")

    def __init__(self, t_ns: int, action: Callable[[], None]) -> None:
        self.t_ns = t_ns
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Timeline:
    """The part of a board's world that its devices use."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.horizon_ns = FOREVER_NS
        self.test: greenlet | None = None  # the greenlet to return to at the horizon
        self.failure: Exception | None = None  # an exception for the test
        self.interrupted = False  # an interrupt came since the last idle
        self.keyboard_interrupt = False  # 0x03 came and is to be raised
        self.keyboard_char = 3
        self.ending: BaseException | None = None  # ends the firmware, raised where it waits
        self.spins = 0
        self._queue: list[tuple[int, int, Event]] = []
        self._number = 0

    def sync(self) -> None:
        """Bring the hardware beside the processor up to the present."""
        raise NotImplementedError

    def hold(self, duration_ns: int) -> None:
        """Let time pass in which no interrupt is served."""
        raise NotImplementedError

    def hang(self, how: str) -> None:
        """The firmware never waits again: a watchdog, or the test, has to end it."""
        raise NotImplementedError

    def reset(self, reason: int) -> None:
        """Reset the chip: the firmware ends here."""
        raise NotImplementedError

    def spin(self) -> None:
        """Count a call of the hardware that takes no time: too many of them are a hang."""
        self.spins += 1
        if self.spins > SPIN_BUDGET:
            self.spins = 0
            self.hang(f"the firmware made {SPIN_BUDGET} calls while no time passed")

    def fail(self, failure: Exception) -> None:
        """Make the test's `run` raise."""
        if self.test is None or getcurrent() is self.test:
            raise failure
        self.failure = failure
        while True:
            self.test.switch()

    def at(self, t_ns: int, action: Callable[[], None]) -> Event:
        """Schedule the action at t_ns."""
        event = Event(t_ns, action)
        self._number += 1
        heapq.heappush(self._queue, (t_ns, self._number, event))
        return event

    def forget_events(self) -> None:
        """Cancel all events."""
        self._queue.clear()

    def next_ns(self) -> int:
        """The instant of the next event, without PIO."""
        queue = self._queue
        while queue and queue[0][2].action is None:
            heapq.heappop(queue)
        return queue[0][0] if queue else FOREVER_NS

    def step(self, until_ns: int) -> None:
        """Let time pass until `until_ns` or the next event, and carry that out."""
        if self.ending is not None:
            raise self.ending
        queue = self._queue
        while queue and queue[0][2].action is None:
            heapq.heappop(queue)
        t_ns = queue[0][0] if queue else FOREVER_NS
        if until_ns < t_ns:
            self.pass_to(until_ns)
            return
        self.pass_to(t_ns)
        if self.now_ns < t_ns or not queue or queue[0][0] > t_ns:
            return
        event = heapq.heappop(queue)[2]
        action, event.action = event.action, None
        if action is not None:
            action()

    def pass_to(self, t_ns: int) -> None:
        """Let time pass without events; the test may run meanwhile, and add some."""
        if t_ns > self.horizon_ns:
            self.move_to(self.horizon_ns)
            if self.test is None:
                raise RuntimeError("the firmware waits for ever and there is no test to return to")
            self.test.switch()
            return
        self.move_to(t_ns)

    def move_to(self, t_ns: int) -> None:
        if t_ns > self.now_ns:
            self.now_ns = t_ns
            self.spins = 0

    def interrupt(self) -> None:
        """An interrupt: ends the present idle, or the next one."""
        self.interrupted = True

    def check_keyboard(self) -> None:
        """Raise a pending KeyboardInterrupt."""
        if self.keyboard_interrupt:
            self.keyboard_interrupt = False
            raise KeyboardInterrupt

    def idle(self) -> None:
        """Wait for an interrupt."""
        self.spin()
        while not self.interrupted:
            self.step(FOREVER_NS)
        self.interrupted = False
        if self.keyboard_interrupt:
            self.check_keyboard()

    def sleep_ns(self, duration_ns: int) -> None:
        """Let time pass, with its events."""
        self.spin()
        self.wait_for(lambda: False, duration_ns)

    def wait_for(self, condition: Callable[[], bool], timeout_ns: int) -> bool:
        """Wait until the condition holds or the time is over. Returns whether it holds."""
        deadline_ns = self.now_ns + timeout_ns
        while not condition() and self.now_ns < deadline_ns:
            self.step(deadline_ns)
            if self.keyboard_interrupt:
                self.check_keyboard()
        return condition()
