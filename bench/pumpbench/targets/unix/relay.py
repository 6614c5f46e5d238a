# SPDX-License-Identifier: MIT
"""Carries out the interpreter's requests to its chip, with the fakes of `sim`, in their own world.

A line is a list of requests `[object, method, arguments, options]`. The last one waits for an
answer; in its place there may be a word with its arguments: "done", the handler of an interrupt;
"spun", a number of queries of the time; "ended", main.py. `["short", request]` gives the request a
number for later use, starting with 0; `[number, argument]` is that request with another argument,
named by the entry after the options if there is one. Objects are modules by name, or results of
earlier calls, by number: `{"@": 7}`. Bytes are `{"b": hex}`, a function of the firmware is `{"f":
number}`.
"""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from pumpbench.targets.sim import fake_machine, fake_rp2
from pumpbench.targets.sim.pio import asm
from pumpbench.targets.sim.pio.machine import FIFO_DEPTH
from pumpbench.targets.sim.world import World
from pumpbench.targets.unix import interpreter
from pumpbench.targets.unix.interpreter import Interpreter, Silent, State

_MODULES = ("io", "machine", "micropython", "os", "rp2", "select", "sys", "time")
_CAN_READ, _CAN_WRITE = 1, 2
_IDLE = ("machine", "idle")
_ANSWERED = object()  # result of a request that was answered already


class Relay:
    """Between one interpreter and one world; runs in the greenlet of the world's firmware."""

    def __init__(self, world: World, child: Interpreter) -> None:
        self._world = world
        self._child = child
        names = {
            name: importlib.import_module(f"pumpbench.targets.sim.fake_{name}")
            for name in _MODULES
        }
        console = names["sys"]
        self._objects: dict[str | int, Any] = {
            **names,
            "mem32": names["machine"].mem32,
            "pio": _Pio(),
            "stdin": console.stdin.buffer,
            "stdout": console.stdout.buffer,
        }
        self._machines: list[Any] = []  # state machines of the firmware
        self._shortened: list[Callable[..., Any]] = []
        self._called: list[int] | None = None  # functions of timers, called while the chip idles
        self._numbers: dict[int, str | int] = {
            id(console.stdin.buffer): "stdin",
            id(console.stdout.buffer): "stdout",
        }

    def run(self) -> list:
        """Serve until main.py has ended: [name of the exception or None, its text, traceback]."""
        return self._serve("ended")

    def _serve(self, last: str) -> list:
        """Carry out requests until the word `last` comes. Returns its arguments."""
        while True:
            line = self._receive()
            for at, request in enumerate(line):
                if isinstance(request, str):
                    if request == last:
                        return line[at + 1 :]
                    self._spun(line[at + 1])
                    break
                if at + 1 == len(line):
                    self._call(request)
                elif type(request) is int:
                    self._shortened[request]()
                elif type(request[1]) is int:
                    self._shortened[request[0]](request[1])
                elif request[0] == "short":
                    self._shortened.append(self._meant(*request[1]))
                else:
                    self._meant(*request)()

    def _spun(self, count: int) -> None:
        self._world.spins += count
        self._world.spin()

    def _receive(self) -> list:
        try:
            return self._child.receive()
        except Silent:
            self._world.hang(f"the firmware computed for {interpreter.PATIENCE_S:.0f} s")
            raise

    def _call(self, request: Any) -> None:
        try:
            known = type(request) is int
            result = (self._shortened[request] if known else self._meant(*request))()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
            self._fail(error)
        else:
            if result is not _ANSWERED:
                self._answer(result)

    def _idle(self) -> object:
        """Idle, then call back timers' functions; the last one needs no answer of its own."""
        self._called = []
        try:
            self._world.idle()
            called = self._called
        finally:
            self._called = None
        for number in called[:-1]:
            self._send(interpreter.HANDLER, number)
            self._serve("done")
        if called:
            self._send(interpreter.LAST_HANDLER, called[-1])
        else:
            self._send(interpreter.NOTHING)
        return _ANSWERED

    def _meant(
        self, target: str | int, method: str, arguments=(), options=None, last: str = ""
    ) -> Callable:
        """The function of a request; with another argument when `last` is its name."""
        is_idle = (target, method) == _IDLE
        function = self._idle if is_idle else getattr(self._objects[target], method)
        values = [self._value(argument) for argument in arguments]
        named = {name: self._value(options[name]) for name in options} if options else {}
        if last:
            return lambda value: function(*values, **named, **{last: value})
        return partial(function, *values, **named)

    def _value(self, sent: Any) -> Any:
        """The value of an argument of the firmware."""
        if type(sent) is int or type(sent) is str:
            return sent
        if isinstance(sent, dict):
            ((kind, content),) = sent.items()
            if kind == "@":
                return self._objects[content]
            if kind == "b":
                return bytes.fromhex(content)
            return self._handler(content)
        if isinstance(sent, list):
            return tuple(self._value(part) for part in sent)
        return sent

    def _handler(self, number: int):
        """A function of the firmware, which is called back with the object that it knows."""

        def call_back(*_arguments: object) -> None:
            is_timer = isinstance(self._objects[number], fake_machine.Timer)
            if self._called is not None and is_timer:
                self._called.append(number)
                return
            self._send(interpreter.HANDLER, number)
            self._serve("done")

        return call_back

    def _answer(self, result: Any) -> None:
        if result is None:
            self._send(interpreter.NOTHING)
        elif type(result) is int and -(1 << 63) <= result < 1 << 63:
            self._send(interpreter.NUMBER, result)
        else:
            self._send(interpreter.DATA, data=[self._sent(result)])

    def _fail(self, error: BaseException) -> None:
        if self._world.ending is not None:
            raise error
        name = "OSError" if isinstance(error, OSError) else type(error).__name__
        self._send(interpreter.ERROR, data=[name, *map(self._sent, error.args)])

    def _sent(self, result: Any) -> Any:
        if result is None or isinstance(result, int | float | str):
            return result
        if isinstance(result, bytes | bytearray):
            return {"b": bytes(result).hex()}
        if isinstance(result, list | tuple):
            return [self._sent(part) for part in result]
        if isinstance(result, dict):
            return {"d": {name: self._sent(result[name]) for name in result}}
        if id(result) not in self._numbers:
            number = len(self._objects)
            self._numbers[id(result)] = number
            self._objects[number] = result
            if isinstance(result, fake_rp2.StateMachine):
                self._machines.append(result._machine)
        return {"@": self._numbers[id(result)]}

    def _send(self, kind: int, value: int = 0, data: object = None) -> None:
        timer_us = self._world.timer_ns() // 1000
        self._child.send(timer_us, self._state(), kind, value, data)

    def _state(self) -> State:
        world = self._world
        world.sync()
        console = world.console
        flags = _CAN_READ * console.can_read() | _CAN_WRITE * console.can_write()
        received = counting = queued = 0
        words = [0] * 8
        for machine in self._machines:
            queued |= len(machine.tx) << 4 * machine.id
            if 0 < len(machine.rx) < FIFO_DEPTH:  # taking one from a full FIFO lets a push go on
                received |= 1 << machine.id
                words[machine.id] = machine.rx[0]
            elif not machine.rx and machine.spin_end_ns < 0:  # not amid a loop of its own
                counting |= 1 << machine.id
                words[machine.id] = machine.x
        return State(flags, received, counting, world.pins.levels, queued, words)


class _Pio:
    """Assembles programs whose lines the interpreter has recorded."""

    @staticmethod
    def names() -> tuple[list[str], list[str]]:
        """The verbs and the operands that a program may contain."""
        return asm.VERBS, list(asm.OPERANDS)

    @staticmethod
    def assemble(lines: tuple[str, ...], **settings: Any) -> asm.Program:
        text = "def program():\n " + "\n ".join(lines or ("pass",))
        names: dict[str, Any] = {}
        exec(text, names)
        return asm.asm_pio(**settings)(names["program"])
