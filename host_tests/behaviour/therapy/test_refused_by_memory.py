# SPDX-License-Identifier: MIT
"""An order for which there is no memory changes nothing, wherever while it is judged that shows.

The n-th call of a function that an order makes fails for want of memory, for ever so many n. While
it is judged the answer is an error, and that is all. What fails later may be half done: it is
refused where that is certain not to be so, or the pump goes the way down.
"""

import json
import sys
from collections import Counter

import pytest

from host_tests.behaviour.therapy.test_refused_by_flash import shown
from host_tests.support.errors import NOT_RECORDED
from host_tests.support.run.forks import in_a_fork
from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.orders import ORDERS, ready
from pump.console.tree import Tree
from pumpbench.client.lines import PumpError
from pumpbench.images.image import FIRMWARE
from pumpbench.targets.sim import SimTarget

OUT_OF_MEMORY, SYSTEM_ERROR = -225, -310
TRIED, TRIED_FOR_LONG = 6, 100  # of the calls of an order, while it is judged and later
JUDGED, LATER = "while it is judged", "later"


class Heap:
    """What a command calls: counted, and the n-th fails."""

    def __init__(self, monkeypatch):
        self.calls, self.judged = 0, []  # and the numbers of those that judge
        self._nth = None
        self.when = ""
        prepare = Tree.prepare

        def prepared(tree, header, arguments):
            handler, values = prepare(tree, header, arguments)
            if self._nth is None or header.endswith("?"):
                return handler, values
            return (lambda *given: self._watched(handler, given)), values

        monkeypatch.setattr(Tree, "prepare", prepared)

    def fail(self, nth):
        """In the next command; 0: none is to fail, None: they are not counted either."""
        self.calls, self.judged, self._nth = 0, [], nth

    def _watched(self, handler, values):
        sys.settrace(self._trace)
        try:
            return handler(*values)
        finally:
            sys.settrace(None)

    def _trace(self, frame, event, _argument):
        if event == "call" and frame.f_code.co_filename.startswith(str(FIRMWARE)):
            self.calls += 1
            if is_judged(frame):
                self.judged.append(self.calls)
            if self.calls == self._nth:
                self.when = JUDGED if is_judged(frame) else LATER
                sys.settrace(None)
                raise MemoryError


def is_judged(frame):
    """Whether a frame is below one that finds room in memory first."""
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "with_room":
            return True
    return False


def outcome(bench, order, heap, nth):
    """When the n-th call failed, and what came of it."""
    before = shown(bench)
    heap.fail(nth)
    number = number_of(bench, order)
    heap.fail(None)
    if heap.when == JUDGED:
        assert number == OUT_OF_MEMORY
    if number in (OUT_OF_MEMORY, NOT_RECORDED):
        assert shown(bench) == before
        bench.tell(order)  # and now it can be given
    elif number:
        assert number == SYSTEM_ERROR
        assert bench.ask("SYST:STAT?;*TST?") == "FAULT;201"
        assert bench.target.pin("enable").level == 1
    return f"{heap.when} {number}"


def number_of(bench, order):
    """Of the error that an order ends with; 0: it was given."""
    try:
        bench.tell(order)
    except PumpError as error:
        return error.number
    return 0


def calls(bench, order, heap):
    """(numbers of the calls while it is judged, how many there are), as JSON."""
    shown(bench)
    heap.fail(0)
    bench.tell(order)
    return json.dumps([heap.judged, heap.calls])


@pytest.mark.hazard("heap-low")
@pytest.mark.parametrize("name", [name for name in ORDERS if name != "calibration"])
def test_an_order_without_memory_is_refused_while_it_is_judged(
    name, monkeypatch, days, record_property
):
    heap = Heap(monkeypatch)
    bench, order = ready(Bench(SimTarget()), name)
    judged, in_all = json.loads(in_a_fork(lambda: calls(bench, order, heap)))
    later = sorted({*range(1, in_all + 1)} - {*judged})
    tried = TRIED_FOR_LONG if days > 2 else TRIED
    found = Counter()
    for nth in [*spread(judged, tried), *spread(later, tried)]:
        text = in_a_fork(lambda nth=nth: outcome(bench, order, heap, nth))
        assert not text.startswith("failed"), (nth, text)
        found[text] += 1
    told = ", ".join(f"{count} x {text}" for text, count in sorted(found.items()))
    record_property("measured", f"{name}: {len(judged)} + {len(later)} calls, one fails: {told}")
    assert found[f"{JUDGED} {OUT_OF_MEMORY}"] == tried


def spread(numbers, count):
    """So many of them, evenly, with the first and the last."""
    return [numbers[(len(numbers) - 1) * turn // (count - 1)] for turn in range(count)]
