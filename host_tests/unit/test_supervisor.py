# SPDX-License-Identifier: MIT
"""The supervisor: order of the tasks, their due times, and the one way down."""

import pytest

from pump import supervisor as supervising
from pump.faults import TASK_DIED, UNDERRUN, Fault
from pump.supervisor import REST_US, Supervisor


class Clock:
    def __init__(self):
        self.us = 0

    def now_us(self):
        return self.us


class Rest:
    """Rests by moving the clock; ends the run when the given time is over."""

    def __init__(self, clock):
        self.clock = clock
        self.supervisor = None
        self.end_us = 0

    def doze(self):
        self.until(self.clock.us + 20_000)

    def until(self, due_us):
        self.clock.us = max(self.clock.us, due_us)
        if self.clock.us >= self.end_us:
            self.supervisor.end()


def nothing():
    pass


def supervisor_with(tasks=(), ways_down=(), reports=None, feed=nothing):
    clock = Clock()
    rest = Rest(clock)
    supervisor = Supervisor(clock, rest)
    rest.supervisor = supervisor
    reports = [] if reports is None else reports
    report = (lambda code, detail: reports.append((code, detail)),)
    supervisor.install(tasks, ways_down, report, feed)
    return supervisor, clock, rest


def raiser(error):
    def poll(_now_us):
        raise error

    return poll


def test_each_task_runs_when_it_is_due_and_not_before():
    polled = []

    def every(name, period_us):
        def poll(now_us):
            polled.append((now_us, name))
            return now_us + period_us

        return name, poll

    supervisor, _, rest = supervisor_with((every("a", 300), every("b", 500)))
    rest.end_us = 1000
    supervisor.run()
    assert polled == [(0, "a"), (0, "b"), (300, "a"), (500, "b"), (600, "a"), (900, "a")]


def test_a_task_without_a_due_time_runs_at_every_wake():
    wakes = []
    tasks = (("wakeful", wakes.append), ("timed", lambda now_us: now_us + 400_000))
    supervisor, _, rest = supervisor_with(tasks)
    rest.end_us = 900_000
    supervisor.run()
    assert wakes == [0, 400_000, 800_000]


def test_the_rest_is_never_longer_than_a_second():
    supervisor, _, _ = supervisor_with((("idle", lambda _now_us: 10**12),))
    assert supervisor.cycle() == REST_US == 1_000_000


def test_a_woken_task_is_due_at_once():
    wakes = []

    def poll(now_us):
        wakes.append(now_us)
        return now_us + 10**9

    supervisor, clock, _ = supervisor_with((("sleeper", poll),))
    supervisor.cycle()
    clock.us = 5
    supervisor.wake("sleeper")
    supervisor.cycle()
    assert wakes == [0, 5]


def test_a_fault_in_a_task_takes_every_way_down_and_is_reported():
    went, reports = [], []
    supervisor, _, _ = supervisor_with(
        (("engine", raiser(Fault(UNDERRUN, "x"))),),
        (lambda: went.append("stop"), lambda: went.append("release")),
        reports,
    )
    supervisor.cycle()
    assert went == ["stop", "release"]
    assert supervisor.fault == UNDERRUN
    assert reports == [(UNDERRUN, "x")]


def test_a_bug_in_a_task_is_the_fault_task_died_with_its_name():
    reports = []
    supervisor, _, _ = supervisor_with((("engine", raiser(ZeroDivisionError())),), (), reports)
    supervisor.cycle()
    assert supervisor.fault == TASK_DIED
    assert reports == [(TASK_DIED, "engine: ZeroDivisionError()")]


def test_the_other_tasks_run_on_after_one_has_died():
    polled = []
    tasks = (("dead", raiser(ValueError())), ("alive", polled.append))
    supervisor, _, _ = supervisor_with(tasks)
    supervisor.cycle()
    supervisor.cycle()
    assert polled == [0, 0]


def test_the_first_fault_stays_and_every_later_one_stops_the_pump_again():
    went, reports = [], []
    supervisor, _, _ = supervisor_with((), (lambda: went.append(1),), reports)
    supervisor.trip(UNDERRUN)
    supervisor.trip(TASK_DIED)
    assert supervisor.fault == UNDERRUN
    assert len(went) == 2
    assert len(reports) == 1


def test_a_way_down_that_fails_does_not_keep_the_others_from_going():
    went, reports = [], []

    def broken():
        raise OSError("pin")

    supervisor, _, _ = supervisor_with((), (broken, lambda: went.append(1)), reports)
    supervisor.trip(UNDERRUN)
    assert went == [1]
    assert supervisor.fault == UNDERRUN
    assert reports == [(UNDERRUN, "OSError('pin')")]


class Unspeakable(Exception):
    """An exception whose text cannot be made, as when the heap is full."""

    def __repr__(self):
        raise MemoryError


def test_an_error_that_cannot_even_be_named_still_stops_the_pump():
    went, reports = [], []
    supervisor, _, _ = supervisor_with(
        (("engine", raiser(Unspeakable())),), (lambda: went.append(1),), reports
    )
    supervisor.cycle()
    assert went == [1]
    assert reports == [(TASK_DIED, "")]


def test_a_cycle_that_fails_outside_its_tasks_is_a_fault_and_the_run_goes_on():
    went = []
    supervisor, _, rest = supervisor_with((("odd", lambda _now_us: "no time"),), ())
    supervisor.install(
        (("odd", lambda _now_us: "no time"),), (lambda: went.append(1),), (), nothing
    )
    rest.end_us = 0
    supervisor.run()
    assert supervisor.fault == TASK_DIED
    assert went == [1]


def test_a_report_that_cannot_be_made_at_all_does_not_make_a_trip_raise():
    def refuse(_code, _detail):
        raise MemoryError

    went = []
    supervisor, _, _ = supervisor_with()
    supervisor.install((), (lambda: went.append(1),), (refuse,), nothing)
    supervisor.trip(UNDERRUN)
    assert went == [1]
    assert supervisor.fault == UNDERRUN


def failing(times, went):
    """Something that fails so many times for want of memory."""
    left = [times]

    def way(*_said):
        left[0] -= 1
        if left[0] >= 0:
            raise MemoryError
        went.append(_said)

    return way


def test_what_fails_on_the_way_down_is_done_again_with_the_next_cycles_and_once_only():
    went, stopped, told, logged = [], [], [], []
    supervisor, _, _ = supervisor_with()
    ways = (failing(2, stopped), lambda: went.append(1))
    reports = (lambda *said: told.append(said), failing(2 * 2, logged))
    supervisor.install((), ways, reports, nothing)
    supervisor.trip(UNDERRUN, "dry")
    assert (stopped, went, told, logged) == ([], [1], [(UNDERRUN, "dry")], [])
    dues_us = [supervisor.cycle() for _ in range(4)]
    assert (stopped, went, told) == ([()], [1], [(UNDERRUN, "dry")])
    assert logged == [(UNDERRUN, "dry")]
    assert dues_us == [20_000, 20_000, REST_US, REST_US]


def test_the_watchdog_is_fed_once_at_the_end_of_each_whole_cycle():
    went = []
    tasks = tuple((name, lambda _now_us, name=name: went.append(name)) for name in "ab")
    supervisor, _, rest = supervisor_with(tasks, feed=lambda: went.append("fed"))
    rest.end_us = 1_500_000
    supervisor.run()
    assert went == ["a", "b", "fed"] * 2


def test_the_watchdog_is_not_fed_when_a_cycle_does_not_come_to_its_end():
    fed = []
    supervisor, _, rest = supervisor_with(
        (("odd", lambda _now_us: "no time"),), feed=lambda: fed.append(1)
    )
    rest.end_us = 1_000_000
    supervisor.run()
    assert supervisor.fault == TASK_DIED
    assert fed == []


def test_a_pump_that_has_tripped_feeds_the_watchdog_and_stays_in_fault():
    fed = []
    supervisor, _, rest = supervisor_with(
        (("a", raiser(ValueError())),), feed=lambda: fed.append(1)
    )
    rest.end_us = 3_000_000
    supervisor.run()
    assert supervisor.fault == TASK_DIED
    assert len(fed) >= 3


SECOND_US, MINUTE_US = 1_000_000, 60_000_000


def watched(*tasks, deadlines_us=None):
    """A supervisor of (name, us that it takes, us to the next time) each, and what it tells."""
    told = []
    supervisor, clock, rest = supervisor_with()

    def task(name, takes_us, every_us):
        def poll(now_us):
            clock.us += takes_us.pop(0) if takes_us else 0
            return now_us + every_us

        return name, poll

    supervisor.install(tuple(task(*each) for each in tasks), (), (), nothing)
    supervisor.watch(deadlines_us or {}, lambda name, ms: told.append((clock.us, name, ms)))
    return supervisor, clock, rest, told


def run_to(supervisor, rest, at_us):
    rest.end_us, supervisor.is_ending = at_us, False
    supervisor.run()


@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize(
    ("name", "takes_us", "ms"),
    [
        ("slow", 500_000, None),
        ("slow", 500_001, 500),
        ("slow", 600_000, 600),
        ("console", 1_500_000, None),
        ("console", 1_500_001, 1500),
    ],
)
def test_a_task_that_takes_longer_than_its_deadline_is_told_with_its_milliseconds(
    name, takes_us, ms
):
    supervisor, _, rest, told = watched(
        (name, [takes_us], SECOND_US), deadlines_us={"console": 1_500_000}
    )
    run_to(supervisor, rest, SECOND_US)
    assert told == ([] if ms is None else [(takes_us, name, ms)])
    assert supervisor.is_late() == (ms is not None)
    assert supervisor.fault is None


def test_a_late_task_is_over_after_a_minute_and_then_told_anew():
    supervisor, clock, rest, told = watched(("slow", [600_000], SECOND_US))
    run_to(supervisor, rest, 600_000 + MINUTE_US - 1)
    clock.us = 600_000 + MINUTE_US - 1
    assert supervisor.is_late()
    clock.us += 1
    assert not supervisor.is_late()
    assert len(told) == 1


def test_only_the_first_late_task_of_a_minute_is_told_and_each_prolongs_it():
    supervisor, clock, rest, told = watched(("slow", [600_000] * 10, 30 * SECOND_US))
    run_to(supervisor, rest, 300 * SECOND_US)
    assert len(told) == 1
    assert supervisor.is_late()
    clock.us += 2 * MINUTE_US
    assert not supervisor.is_late()


@pytest.mark.parametrize(("late_us", "ms"), [(1_000_000, None), (1_000_001, 1000)])
def test_a_task_that_begins_over_a_second_after_it_was_due_is_told(late_us, ms):
    supervisor, clock, _, told = watched(("early", [], 10 * SECOND_US))
    supervisor.cycle()
    clock.us = 10 * SECOND_US + late_us
    supervisor.cycle()
    assert [(name, late_ms) for _, name, late_ms in told] == (
        [] if ms is None else [("early", ms)]
    )


@pytest.mark.parametrize("takes_us", [1_100_000, 1_499_000])
def test_who_waits_for_a_task_that_may_take_so_long_is_not_late(takes_us):
    supervisor, _, rest, told = watched(
        ("console", [takes_us], SECOND_US),
        ("prompt", [], 10_000),
        deadlines_us={"console": 1_500_000},
    )
    run_to(supervisor, rest, 5 * SECOND_US)
    assert told == []


def test_who_waits_longer_than_that_is_late():
    supervisor, clock, _, told = watched(
        ("console", [700_000], SECOND_US),
        ("prompt", [], 10_000),
        deadlines_us={"console": 1_500_000},
    )
    supervisor.cycle()
    clock.us += 1_010_001
    supervisor.cycle()
    assert told == [(1_710_001, "prompt", 1_700)]


def test_a_task_that_was_woken_or_is_due_at_every_wake_is_never_too_late():
    supervisor, clock, _, told = watched(("sleeper", [], 10**9))
    supervisor.cycle()
    clock.us = 5 * SECOND_US
    supervisor.wake("sleeper")
    supervisor.cycle()
    supervisor.install((("wakeful", lambda _now_us: None),), (), (), nothing)
    supervisor.cycle()
    clock.us = 50 * SECOND_US
    supervisor.cycle()
    assert told == []


@pytest.mark.parametrize(
    ("takes_us", "is_loaded"),
    [(70_000, False), (79_000, False), (80_700, False), (81_500, True), (95_000, True)],
)
def test_over_80_per_cent_of_a_minute_is_a_high_load(takes_us, is_loaded):
    """In whole per cent, rounded down, as the load is told."""
    supervisor, _, rest, _ = watched(("busy", [takes_us] * 1000, 100_000))
    run_to(supervisor, rest, 59 * SECOND_US)
    assert not supervisor.is_loaded
    supervisor, _, rest, _ = watched(("busy", [takes_us] * 1000, 100_000))
    run_to(supervisor, rest, 61 * SECOND_US)
    assert supervisor.is_loaded == is_loaded


def test_a_high_load_is_over_after_a_minute_below():
    supervisor, _, rest, _ = watched(("busy", [90_000] * 610, 100_000))
    changes = []
    until = rest.until

    def see(due_us):
        if supervisor.is_loaded != bool(len(changes) % 2):
            changes.append(rest.clock.us)
        until(due_us)

    rest.until = see
    run_to(supervisor, rest, 200 * SECOND_US)
    assert len(changes) == 2
    assert MINUTE_US <= changes[0] <= MINUTE_US + SECOND_US
    assert 2 * MINUTE_US <= changes[1] <= 2 * MINUTE_US + 2 * SECOND_US


def test_health_is_the_longest_cycle_and_the_load_since_it_runs():
    clock = Clock()
    supervisor = Supervisor(clock, Rest(clock))

    def poll(now_us):
        clock.us += 30_000 if now_us < 500_000 else 10_000
        return now_us + 100_000

    supervisor.install((("busy", poll),), (), (), nothing)
    for _ in range(10):
        due_us = supervisor.cycle()
        clock.us = due_us
    assert supervisor.health()[1:] == (30_000, 20)


@pytest.mark.parametrize(("took_us", "collections"), [(0, 2), (49_999, 2), (50_000, 0)])
def test_garbage_is_collected_ahead_of_a_rest_but_not_behind_a_long_cycle(
    took_us, collections, monkeypatch
):
    """A host may have waited for its end, and would wait for the collection, too."""
    collected = []
    monkeypatch.setattr(supervising.gc, "collect", lambda: collected.append(clock.us))

    def work(now_us):
        clock.us += took_us
        return now_us + 200_000

    supervisor, clock, _ = supervisor_with((("worker", work),))
    for cycle in range(12):
        clock.us = cycle * 200_000
        supervisor.cycle()
    assert len(collected) == collections


class Talk:
    """A board with a first task that a host keeps busy, one at every wake, and one with a time."""

    def __init__(self, due_us=10**9):
        self.polled = {"host": [], "wakeful": [], "timed": []}
        self.due_us = due_us
        tasks = ("host", self.host), ("wakeful", self.wakeful), ("timed", self.timed)
        self.supervisor, self.clock, _ = supervisor_with(tasks)

    def host(self, now_us):
        self.polled["host"].append(now_us)

    def wakeful(self, now_us):
        self.polled["wakeful"].append(now_us)

    def timed(self, now_us):
        self.polled["timed"].append(now_us)
        return self.due_us

    def cycles(self, *instants_us):
        """What each cycle said of the next."""
        found = []
        for at_us in instants_us:
            self.clock.us = at_us
            found.append(self.supervisor.cycle())
        return found


def test_while_a_host_talks_the_others_have_a_round_each_25_ms():
    talk = Talk()
    dues_us = talk.cycles(0, 5_000, 24_999, 25_000, 30_000, 400_000)
    assert talk.polled["host"] == [0, 5_000, 24_999, 25_000, 30_000, 400_000]
    assert talk.polled["wakeful"] == [0, 25_000, 400_000]
    assert dues_us[1:3] == [25_000, 25_000]
    assert dues_us[4] == 50_000


def test_a_task_that_is_due_has_its_round_though_a_host_talks():
    talk = Talk(due_us=8_000)
    assert talk.cycles(0, 7_000) == [8_000, 8_000]
    talk.due_us = 10**9
    talk.cycles(8_000, 9_000)
    assert talk.polled["timed"] == [0, 8_000]
    assert talk.polled["wakeful"] == [0, 8_000]


@pytest.mark.parametrize(
    "change",
    [
        lambda talk: talk.supervisor.go_round(),
        lambda talk: talk.supervisor.wake("timed"),
        lambda talk: talk.supervisor.trip(UNDERRUN),
    ],
    ids=["order", "wake", "trip"],
)
@pytest.mark.parametrize("is_within", [True, False])
def test_what_a_host_changes_has_a_round_at_once(change, is_within):
    talk = Talk()
    talk.cycles(0)
    if is_within:
        polled = talk.host

        def host(now_us):
            change(talk)
            return polled(now_us)

        talk.supervisor.install(
            (("host", host), ("wakeful", talk.wakeful), ("timed", talk.timed)), (), (), nothing
        )
    else:
        talk.cycles(1_000)
        change(talk)
    talk.cycles(2_000)
    assert talk.polled["wakeful"] == [0, 2_000]
