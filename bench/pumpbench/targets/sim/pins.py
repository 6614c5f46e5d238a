# SPDX-License-Identifier: MIT
"""The pins of the fake chip: one net each, with its drivers, its level and its history.

A level is 0 or 1, electrical: `!` in a board file is not interpreted here. The drivers of a net,
strongest first: the test (`drive`), the function selected by the firmware (plain output, or one of
the two PIO blocks) if its output is enabled, the pulls; otherwise it reads 0.
"""

from collections.abc import Callable

PIN_COUNT = 30
SIO = 2  # the function of plain inputs and outputs; 0 and 1 are the PIO blocks


class Net:
    """One pin."""

    def __init__(self, number: int, pins: "Pins") -> None:
        self.number = number
        self.level = 0
        self.changes: list[tuple[int, int]] = []  # (t_ns, level); not kept for a hooked net
        self._function = SIO
        self.pull: int | None = None  # of the chip
        self.board_pull: int | None = None  # a resistor on the board, which is stronger
        self.outputs = [0, 0, 0]  # levels of PIO 0, PIO 1 and the plain output
        self.output_enables = [0, 0, 0]
        self.hook: Callable[[int, int, int, int], None] | None = None
        self.room: Callable[[], int] | None = None  # rising edges before the hook changes a pin
        self.on_edge: Callable[[int], None] | None = None  # the chip's interrupt, gets the level
        self._pins = pins
        self._driven: int | None = None

    @property
    def function(self) -> int:
        """The function that may drive it: PIO 0, PIO 1, or SIO."""
        return self._function

    @function.setter
    def function(self, function: int) -> None:
        if function != self._function:
            self._function = function
            self._pins.rerouted()

    def drive(self, level: int) -> None:
        """The test forces the pin to a level, as a button or a short does."""
        self._driven = int(level)
        self._pins.rerouted()
        self._pins.settle(self)

    def release(self) -> None:
        """The test lets go of the pin."""
        self._driven = None
        self._pins.rerouted()
        self._pins.settle(self)

    def repeats(self, changes: list[tuple[int, int]]) -> int:
        """The number of times that such changes may be repeated; see `room`."""
        rising = sum(1 for change in changes if change[1])
        return self.room() // rising if self.room is not None and rising else 1 << 62

    def resolve(self) -> int:
        """The level that results from the drivers."""
        if self._driven is not None:
            return self._driven
        if self.output_enables[self._function]:
            return self.outputs[self._function]
        if self.board_pull is not None:
            return self.board_pull
        return self.pull or 0

    def repeat(
        self, changes: list[tuple[int, int]], start_ns: int, period_ns: int, count: int
    ) -> None:
        """Repeat changes (time after the start, level) `count` times, `period_ns` apart.

        They end at the level at which they began.
        """
        hook = self.hook
        if hook is not None and len(changes) == 2:
            for after_ns, level in changes:
                hook(level, start_ns + after_ns, period_ns, count)
            return
        for n in range(count):
            for after_ns, level in changes:
                t_ns = start_ns + n * period_ns + after_ns
                if hook is None:
                    self.changes.append((t_ns, level))
                else:
                    hook(level, t_ns, 0, 1)


class Pins:
    """All nets, and their levels as one word for PIO to read.

    now, prepare: of the world: its time, and a call that readies PIO for a change from outside.
    on_change: set by PIO, called at every change it could wait for or record. on_route: set by
    PIO, called when other drivers may reach a net.
    """

    def __init__(
        self, now: Callable[[], int], prepare: Callable[[], None], count: int = PIN_COUNT
    ) -> None:
        self.nets = [Net(number, self) for number in range(count)]
        self.levels = 0
        self.on_change: Callable[[Net, int, int], None] | None = None
        self.on_route: Callable[[], None] | None = None
        self._now = now
        self._prepare = prepare

    def rerouted(self) -> None:
        """To be called when another driver may reach a net."""
        if self.on_route is not None:
            self.on_route()

    def settle(self, net: Net) -> None:
        """To be called when a driver of the net other than PIO has changed."""
        self._prepare()
        self.update(net, self._now())

    def update(self, net: Net, t_ns: int) -> None:
        """Bring the net to the level of its drivers."""
        level = net.resolve()
        if level == net.level:
            return
        net.level = level
        self.levels ^= 1 << net.number
        if net.hook is None:
            net.changes.append((t_ns, level))
        else:
            net.hook(level, t_ns, 0, 1)
        if net.on_edge is not None:
            net.on_edge(level)
        if self.on_change is not None:
            self.on_change(net, level, t_ns)

    def reset(self) -> None:
        """The chip was reset: it drives no pin, and no pull of its own is on."""
        self._prepare()
        for net in self.nets:
            net.function, net.pull, net.on_edge = SIO, None, None
            net.outputs, net.output_enables = [0, 0, 0], [0, 0, 0]
            self.update(net, self._now())

    def write_pio(
        self, block: int, base: int, count: int, value: int, t_ns: int, are_enables: bool = False
    ) -> None:
        """A PIO block sets `count` outputs, or their enables, round the 32 positions there are."""
        for i in range(count):
            number = (base + i) & 31
            if number < PIN_COUNT:
                net = self.nets[number]
                levels = net.output_enables if are_enables else net.outputs
                levels[block] = value >> i & 1
                self.update(net, t_ns)
