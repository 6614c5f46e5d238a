# SPDX-License-Identifier: MIT
"""From a fault to the last step, the driver released and the first sound, for every fault.

A pin of its own says when the pump has found the fault. Causes that a running pump can be given
are real; the other faults are found by a self-test (see test_self_test.py) or at power-up (see
test_hangs.py), and are raised by hand here: from there on the way down is the same.
"""

import pytest

from host_tests.support.sessions.alarm import filled, listen
from host_tests.support.sessions.bench import Bench, main_with_task
from pump import faults

RATE = "1000 ML/HR"
FOUND_PIN = 22  # nothing of the board is on it
MOST_STEPS, MOST_MS = 1, 500

TASK = """
is_done = [False]
found = machine.Pin(22, machine.Pin.OUT, value=0)
trip = app.supervisor.trip
put = app.engine.put


def trip_and_tell(code, cause=None):
    found(1)
    trip(code, cause)


app.supervisor.trip = trip_and_tell


def failing(*arguments):
    raise OSError(28)


def fail_flash():
    for folder in app.folders:
        folder.replace = folder.append = failing


def extra(now_us):
    if app.engine.emitted() > 2000 and not is_done[0]:
        is_done[0] = True
        {cause}
    return now_us + 20_000
"""

CAUSES = {  # code -> what is done to a pump that delivers
    faults.TASK_DIED: "raise ValueError",
    faults.UNDERRUN: "time.sleep_ms(3000)",
    faults.WITNESS_MISMATCH: "machine.Pin(2, machine.Pin.OUT, value=0)",
    faults.STEPS_MISSING: "app.engine.put = lambda count, us: put(max(count - 1, 0), us)",
    faults.STORE_FAILED: "fail_flash()",
}
CODES = [int(line.split()[0]) for line in faults.NAMES.split("\n") if "201" <= line[:3] <= "210"]


@pytest.mark.chip_in_soak
@pytest.mark.hazard("fault-goes-on")
@pytest.mark.parametrize("code", CODES)
def test_every_fault_stops_the_steps_releases_the_driver_and_is_heard(
    power_up, code, record_property
):
    cause = CAUSES.get(code, f"raise Fault({code})")
    bench = filled(Bench(power_up(main=main_with_task(TASK.format(cause=cause)))))
    record_property("measured", measured(bench, code))


@pytest.mark.hazard("fault-goes-on")
def test_a_fault_on_a_chip_stops_the_steps_releases_the_driver_and_is_heard(
    power_up, record_property
):
    """One of them with every run; the others in the test before."""
    cause = CAUSES[faults.WITNESS_MISMATCH]
    bench = filled(Bench(power_up(main=main_with_task(TASK.format(cause=cause)))))
    record_property("measured", measured(bench, faults.WITNESS_MISMATCH))


def measured(bench, code):
    bench.prescribe(RATE)
    listen(bench)
    if code == faults.STEPS_MISSING:  # found where a delivery has an end
        bench.tell("PRIM:STAR 1.2 ML,1000 ML/HR")
    else:
        bench.tell("THER:STAR")
    found = bench.target.pin(FOUND_PIN)
    bench.target.run_until(lambda: found.level == 1, 20.0, step_s=0.05)
    bench.run(1.0)
    assert bench.ask("SYST:STAT?;*TST?") == f"FAULT;{code}"
    assert not bench.plant.is_enabled
    found_ns = next(t_ns for t_ns, level in found.changes if level == 1)
    edges = bench.plant.edges
    later = edges.count - edges.count_until(found_ns)
    off_ms = (bench.plant.switched_ns - found_ns) / 1e6
    sound_ms = (next(iter(bench.plant.buzzer.pulses()))[0] - found_ns) / 1e6
    assert edges.count > 2000
    assert later <= MOST_STEPS
    assert 0 <= off_ms <= MOST_MS
    assert sound_ms <= MOST_MS
    heard = f"first sound after {sound_ms:.0f} ms" if sound_ms >= 0 else "sounding before it"
    driver = f"driver off after {off_ms:.1f} ms"
    return f"fault {code} on {bench.target.name}: {later} steps after it, {driver}, {heard}"
