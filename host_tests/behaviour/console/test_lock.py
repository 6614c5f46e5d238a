# SPDX-License-Identifier: MIT
"""The lock at the console: what it refuses, how it opens, and what resets and cuts leave of it."""

import json
import zlib

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import LOCKED, NO_ALARM, NOT_RECORDED, UNCONFIRMED, WAIT, WRONG_PIN
from host_tests.support.flash.copies import older_setup
from host_tests.support.sessions.bench import hold
from host_tests.support.sessions.therapy import prescribe, refusal
from pump.hal.files import Files
from pump.records.schemas import LOCK_PLACE, NO_LOCK
from pumpbench.client.pump import Pump
from pumpbench.images.flashfiles import read_files, with_files
from pumpbench.images.image import FIRMWARE
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.battery_clock import BatteryClock
from pumpbench.targets.sim.flash import AFTER, BEFORE, INSIDE, images

PIN, OTHER, WRONG = "24680", "1357", "97531"
CONFLICT = -221
LONGEST_MS = 1200  # so long the queue is sure
RECORDS_LOST = 308
COMMAND, UNLOCKED, PIN_REFUSED, PIN_CHANGED = 420, 431, 432, 433
MAIN = (FIRMWARE / "main.py").read_text()
SETUP = ("/data/setup.0", "/copy/setup.1")


def with_pin(pump):
    pump.tell(f'SYST:LOCK:PIN "{PIN}"')
    pump.tell("SYST:LOCK")
    return pump


def unlock(pump, pin=PIN):
    return refusal(pump, f'SYST:UNL "{pin}"')


def setup_of(flash):
    return json.loads(read_files(flash)[SETUP[0]][8:])


def with_setup(flash, value):
    """The flash with another value in both copies of the setup."""
    rest = b" " + json.dumps([*setup_of(flash)[:3], value]).encode() + b"\n"
    content = b"%08x" % zlib.crc32(rest) + rest
    return with_files(flash, dict.fromkeys(SETUP, content))


@pytest.mark.hazard("changed-by-a-passer-by")
def test_without_a_pin_nothing_is_locked_and_with_one_only_what_changes_therapy(pump):
    assert pump.ask("SYST:LOCK?") == "OFF"
    assert refusal(pump, "SYST:LOCK") == refusal(pump, 'SYST:UNL "1234"') == CONFLICT
    pump.tell("RES:REF 20 ML")
    prescribe(pump, "MODE SIMP;RATE 24 ML/D", "PAT:DOSE 5 UG,10 S;LOCK 6 HR;MAX 3")
    pump.tell(f'SYST:LOCK:PIN "{PIN}"')
    assert pump.ask("SYST:LOCK?") == "UNLOCKED"
    pump.tell("THER:STAR;:SYST:LOCK")
    pump.run(2)
    assert pump.ask("SYST:LOCK?;:SYST:STAT?") == "LOCKED,0;RUNNING"
    for order in ("PRES:NEW", "BOL:STAR 1 UG,5 S", "RES:REF 20 ML", "ALAR:REM 0 S", "*RST"):
        assert refusal(pump, order) == LOCKED
    assert refusal(pump, "SYST:LOCK:PIN ''") == refusal(pump, "SYST:SERV") == LOCKED
    assert refusal(pump, "SYST:TIME 2026-11-23T10:00:00") == LOCKED
    pump.tell("BOL:PAT")
    assert refusal(pump, "ALAR:PAUS") == refusal(pump, "ALAR:ACKN 301") == NO_ALARM
    pump.tell("ALAR:TEST LOW;*CLS;:STAT:PRES;:BOL:ABOR;:THER:STOP")
    assert pump.ask("SYST:STAT?") == "STOPPED"
    assert refusal(pump, "THER:STAR") == LOCKED
    pump.tell(f'SYST:UNL "{PIN}";:THER:STAR')
    assert pump.ask("SYST:LOCK?;:SYST:STAT?") == "UNLOCKED;RUNNING"


@pytest.mark.hazard("changed-by-a-passer-by")
def test_a_board_that_delivers_is_locked_and_opened_and_counts_wrong_pins(bench, record_property):
    """On a chip the hash of a PIN takes a while: not so long that anything is late."""
    bench.tell("RES:REF 20 ML")
    bench.prescribe("24 ML/D")
    bench.mark()
    bench.tell("THER:STAR")
    bench.tell(f'SYST:LOCK:PIN "{PIN}"')
    bench.tell("SYST:LOCK")
    assert refusal(bench, "BOL:STAR 5 UG,10 S") == LOCKED
    for _ in range(3):
        assert unlock(bench, WRONG) == WRONG_PIN
    assert bench.ask("SYST:LOCK?").startswith("LOCKED,")
    assert unlock(bench) in (WAIT, 0)
    bench.run(3)
    bench.tell(f'SYST:UNL "{PIN}"')
    bench.tell("BOL:STAR 5 UG,10 S")
    bench.run(2)
    bench.tell("SYST:LOCK")
    bench.tell("BOL:ABOR")
    bench.tell("THER:STOP")  # neither needs a PIN
    assert bench.ask("SYST:STAT?;*TST?;:ALAR:ACT?") == 'STOPPED;0;0,"None"'
    steps = bench.steps()
    assert steps.commanded == steps.emitted == steps.witness
    longest_ms = float(bench.ask("SYST:HEAL?").split(",")[1])
    assert longest_ms < LONGEST_MS
    name = bench.target.name
    record_property(
        "measured", f"a lock that is tried on {name}: longest cycle {longest_ms:.0f} ms"
    )


def test_the_stop_button_needs_no_pin(pump):
    pump.tell("RES:REF 20 ML")
    prescribe(pump, "MODE SIMP;RATE 24 ML/D", "PAT:DOSE 5 UG,10 S;LOCK 6 HR;MAX 3")
    pump.tell("THER:STAR")
    with_pin(pump)
    hold(pump, "bolus_button", 0.2)
    assert pump.ask("BOL:PAT?").startswith("1,0,")
    hold(pump, "stop_button", 1.1)
    assert pump.ask("SYST:STAT?;LOCK?") == "STOPPED;LOCKED,0"


def test_it_locks_by_itself_ten_minutes_after_the_last_command_that_needed_it(pump):
    pump.tell(f'SYST:LOCK:PIN "{PIN}"')
    pump.run(590)
    pump.tell("ALAR:REM 1 HR")
    pump.run(590)
    assert pump.ask("SYST:LOCK?") == "UNLOCKED"
    pump.run(15)
    assert pump.ask("SYST:LOCK?") == "LOCKED,0"


@pytest.mark.parametrize("pin", ["123", "123456789", "12a4", "12 4", "-123"])
def test_a_pin_is_four_to_eight_digits(pump, pin):
    assert refusal(pump, f'SYST:LOCK:PIN "{pin}"') == -222
    assert pump.ask("SYST:LOCK?") == "OFF"


def test_who_has_unlocked_it_can_change_the_pin_and_take_it_away(pump):
    pump.tell(f'SYST:LOCK:PIN "{PIN}"')
    pump.tell('SYST:LOCK:PIN "11112222";:SYST:LOCK')
    assert unlock(pump) == WRONG_PIN
    pump.tell('SYST:UNL "11112222";LOCK:PIN ""')
    assert pump.ask("SYST:LOCK?") == "OFF"
    pump.tell("ALAR:REM 0 S")


@pytest.mark.parametrize("end", ["reset", "cut", "bite"])
def test_after_any_reset_it_is_locked(end):
    pump = Lives()
    pump.tell(f'SYST:LOCK:PIN "{PIN}"')
    assert pump.ask("SYST:LOCK?") == "UNLOCKED"
    getattr(pump, end)()
    assert pump.ask("SYST:LOCK?") == "LOCKED,0"
    pump.tell(f'SYST:UNL "{PIN}"')


@pytest.mark.slow
@pytest.mark.hazard("changed-by-a-passer-by")
def test_ten_wrong_pins_with_resets_and_power_cuts_in_between_wait_longer_and_longer():
    pump = with_pin(Lives())
    for count in range(1, 11):
        assert unlock(pump, WRONG) == WRONG_PIN
        assert setup_of(pump.target.flash)[3][LOCK_PLACE][1] == count
        pump.run(1.5)  # until the event is written
        (pump.cut, pump.reset)[count % 2]()
        wait_s = 2 << (count - 3) if count >= 3 else 0
        left_s = int(pump.ask("SYST:LOCK?").removeprefix("LOCKED,"))
        assert max(wait_s - 2, 0) <= left_s <= wait_s
        if wait_s > 2:
            assert unlock(pump) == WAIT
            pump.run(wait_s - 4)
            assert unlock(pump) == WAIT
        pump.run(4)
    assert pump.events(PIN_REFUSED) == [f"PIN_REFUSED {count}" for count in range(1, 11)]
    pump.tell(f'SYST:UNL "{PIN}"')
    assert setup_of(pump.target.flash)[3][LOCK_PLACE][1] == 0
    assert pump.events(UNLOCKED) == ["UNLOCKED"]


@pytest.mark.hazard("changed-by-a-passer-by")
def test_a_try_counts_though_the_power_is_cut_as_soon_as_anything_is_told():
    """Whatever flash holds when the refusal comes, the try is in it."""
    pump = with_pin(Lives())
    pump.target.write(f'SYST:UNL "{WRONG}";*OPC?\n*OPC?\n'.encode())
    assert pump.target.read_line(5) == "1"
    pump.cut()
    assert setup_of(pump.target.flash)[3][LOCK_PLACE][1] == 1


@pytest.mark.hazard("changed-by-a-passer-by")
def test_the_time_without_power_is_no_waiting_time():
    clock = BatteryClock()
    clock.set("2026-03-02T12:00:00")
    pump = Lives(clock)
    pump.tell("SYST:TIME 2026-03-02T12:00:00")
    with_pin(pump)
    for _ in range(3):
        assert unlock(pump, WRONG) == WRONG_PIN
    pump.run(2)
    assert unlock(pump, WRONG) == WRONG_PIN  # the fourth: 4 s
    pump.cut(3600)
    assert unlock(pump) == WAIT
    pump.run(4)
    pump.tell(f'SYST:UNL "{PIN}"')


@pytest.mark.slow
@pytest.mark.hazard("power-cut")
def test_a_cut_at_any_write_while_the_pin_is_changed_leaves_the_old_one_or_the_new_one():
    pump = with_pin(Lives())
    pump.tell(f'SYST:UNL "{PIN}"')
    flash = pump.target.world.flash
    start, done = flash.content, len(flash.operations)
    pump.target.write(f'SYST:LOCK:PIN "{OTHER}"\n'.encode())
    pump.run(0.5)
    found = []
    for _, _, image in images(start, flash.operations[done:], (BEFORE, INSIDE, AFTER)):
        later = Pump(target := SimTarget(flash=image))
        assert later.ask("SYST:LOCK?") == "LOCKED,0"
        target.write(f'SYST:UNL "{OTHER}"\n*CLS\n'.encode())
        is_other = later.ask("SYST:LOCK?") == "UNLOCKED"
        found.append(is_other)
        if not is_other:
            later.tell(f'SYST:UNL "{PIN}"')
            assert later.ask("SYST:LOCK?") == "UNLOCKED"
    assert found == sorted(found)
    assert set(found) == {False, True}
    assert len(found) >= 6  # two copies: before, within and after each


def test_a_pin_that_flash_does_not_take_is_neither_judged_nor_changed(monkeypatch):
    locked, free = with_pin(Lives()), Lives()

    def fail(*_):
        raise OSError(28)

    monkeypatch.setattr(Files, "replace", fail)
    assert unlock(locked) == NOT_RECORDED
    assert locked.ask("SYST:LOCK?") == "LOCKED,0"
    assert refusal(free, f'SYST:LOCK:PIN "{PIN}"') == NOT_RECORDED
    assert free.ask("SYST:LOCK?") == "OFF"


def test_no_pin_is_in_the_log_the_errors_or_the_flash():
    pump = Lives()
    lines = [
        *(f'SYST:LOCK:PIN "{PIN}"', "SYST:LOCK", f'SYST:UNL "{WRONG}"', f'syst:unl "{PIN}"'),
        *(f"SYST:UNL {PIN}", f'SYST:UNL"{PIN}"', f'SYST:UNL "{PIN}",{PIN}', f"SYST:UNL '{PIN}"),
        *(f"SYST:LOCK:PIN {PIN}", f'SYST:LOCK:PIN"{PIN}"', f'SYST:LOCK:PIN "{PIN}x"'),
        *(f"SYST:LOCK?;UNL {PIN}", f'SYST:LOCK:PIN "{PIN}";PIN {PIN}'),
    ]
    for line in lines:
        pump.target.write(line.encode() + b"\n")
    assert pump.target.read_line(2).startswith(("LOCKED", "UNLOCKED"))
    pump.run(2)
    told, seen = "", []
    while (error := pump.ask("SYST:ERR?")) != '0,"No error"':
        told, seen = told + error, [*seen, error]
    assert len(seen) >= 8
    assert "Wrong PIN" in told
    told += "".join(text for code in range(401, 432) for text in pump.events(code))
    assert "COMMAND SYST:LOCK:PIN" in pump.events(COMMAND)
    assert "COMMAND SYST:UNL" in pump.events(COMMAND)
    assert PIN not in told
    assert WRONG not in told
    for content in read_files(pump.target.flash).values():
        assert PIN.encode() not in content
        assert WRONG.encode() not in content


def test_each_change_is_an_event():
    pump = Lives()
    pump.tell(f'SYST:LOCK:PIN "{PIN}"')
    pump.tell('SYST:LOCK:PIN ""')
    assert pump.events(PIN_CHANGED) == ["PIN_CHANGED SET", "PIN_CHANGED REMOVED"]


def test_a_setup_of_an_older_firmware_is_read_and_has_no_lock():
    pump = with_pin(Lives())
    pump.tell(f'SYST:UNL "{PIN}";:MOT:CAL:PERR 0.19 ML;:THER:RES BAS')
    flash = pump.target.flash
    now = setup_of(flash)[3]
    pump.go_on(flash=with_setup(flash, older_setup(now)[:7]))
    assert RECORDS_LOST not in pump.alarms()
    assert pump.ask("SYST:LOCK?;HEAR?;:MOT:CAL?;:THER:RES?") == "OFF;OFF;0.190000;BASAL"
    after = setup_of(pump.target.flash)[3]
    assert len(after) == len(now)
    assert after[LOCK_PLACE] == NO_LOCK


def test_a_setup_with_its_settings_in_four_places_is_read_and_has_its_lock():
    pump = with_pin(Lives())
    pump.tell(f'SYST:UNL "{PIN}";:MOT:CAL:PERR 0.19 ML;:THER:RES BAS')
    now = setup_of(pump.target.flash)[3]
    pump.go_on(flash=with_setup(pump.target.flash, older_setup(now)))
    assert RECORDS_LOST not in pump.alarms()
    assert pump.ask("SYST:LOCK?;:MOT:CAL?;:THER:RES?") == "LOCKED,0;0.190000;BASAL"
    assert [len(part) for part in setup_of(pump.target.flash)[3] if isinstance(part, list)] == [
        len(part) for part in now if isinstance(part, list)
    ]


@pytest.mark.parametrize("count", [6, 8, 11])
def test_an_older_setup_of_another_length_is_lost(count):
    pump = Lives()
    flash = pump.target.flash
    older = [*older_setup(setup_of(flash)[3]), 0][:count]
    pump.go_on(flash=with_setup(flash, older))
    assert RECORDS_LOST in pump.alarms()


@pytest.mark.parametrize("count", [7, 9])
def test_a_setup_with_a_place_more_or_less_is_lost(count):
    pump = Lives()
    flash = pump.target.flash
    pump.go_on(flash=with_setup(flash, (setup_of(flash)[3] + [0])[:count]))
    assert RECORDS_LOST in pump.alarms()


@pytest.mark.slow
def test_a_lost_setup_is_an_alarm_and_has_no_lock():
    pump = with_pin(Lives())
    flash = pump.target.flash
    flash = with_files(flash, dict.fromkeys(SETUP, b"x"))
    pump.go_on(flash=flash)
    assert RECORDS_LOST in pump.alarms()
    assert pump.ask("SYST:LOCK?") == "OFF"
    assert refusal(pump, "MOT:JOG 1,60") == UNCONFIRMED


def test_the_line_for_the_repl_takes_a_forgotten_pin_away_and_nothing_else():
    """On the page it stands alone; here it runs in place of main.py, which a held button ends."""
    page = (FIRMWARE / "CONSOLE.md").read_text()
    line = next(line for line in page.split("\n") if line.startswith("    from pump.forget_pin"))
    pump = Lives()
    pump.tell("MOT:CAL:PERR 0.19 ML;:RES:REF 10 ML;:SYST:HEAR 1 HR")
    with_pin(pump)
    before = setup_of(pump.target.flash)[3]
    pump.run(2)
    repl = SimTarget(main=line.strip() + "\n", flash=pump.target.flash)
    repl.run(1)
    assert repl.ended is not None
    assert repl.ended.error is None
    after = setup_of(repl.flash)[3]
    assert after[LOCK_PLACE] == NO_LOCK
    assert after == [NO_LOCK if place == LOCK_PLACE else it for place, it in enumerate(before)]
    pump.go_on(flash=repl.flash)
    assert pump.ask("SYST:LOCK?") == "OFF"
    assert RECORDS_LOST not in pump.alarms()
    assert pump.events(PIN_CHANGED) == ["PIN_CHANGED SET", "PIN_CHANGED FORGOTTEN"]
    pump.tell("ALAR:REM 0 S")


def test_a_held_stop_button_keeps_the_pump_from_running_so_that_the_line_can_be_typed():
    target = SimTarget(main=MAIN)
    target.pin("stop_button").drive(0)
    target.run(1)
    assert target.ended is not None
    assert target.ended.error is None
