# SPDX-License-Identifier: MIT
"""The store on real MicroPython: it writes, survives a power cut, and says what it costs.

The emulated flash takes its typical time: 45 ms for every block of 4 kB that is erased, 0.5 ms for
every page that is programmed.
"""

import pytest

from host_tests.support.boards.images import need_image
from host_tests.support.flash.event_logs import UNUSED, file_of
from pumpbench.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.emulator

BAD_TAIL = "boot of a log with 100 bad records at its end"
SCRIPT = (
    """
import gc, time
time.sleep_ms(50)  # until USB is up
gc.collect()
free = gc.mem_free()
from pump.hal.files import Files
from pump.records.event_codes import STARTED
from pump.records.event_log import EventLog
from pump.records.mirrored_records import MirroredRecords
gc.collect()
print("ram", free - gc.mem_free())

def timed(what, function, *arguments):
    gc.collect()
    began = time.ticks_us()
    result = function(*arguments)
    print("time", what, time.ticks_diff(time.ticks_us(), began))
    return result

VALUE = [10**30, -(10**30), "a \\"b\\" \\n", None, [[], [1, 2**62]]] + [10**9] * 20
files = Files("/store")
twins = MirroredRecords((files, files), "RPI_PICO")
value = timed("load", twins.load, "dose")
if value is None:
    print(timed("first save", twins.save, "dose", [1]), twins.findings)
    print(timed("save", twins.save, "dose", VALUE))
    print(timed("unchanged save", twins.save, "dose", VALUE))
    files.replace("dose.1", (b"\\xff\\xfe garbage",))
    log = EventLog(files, 1)
    for _ in range(31):
        log.add(STARTED, time.ticks_us(), 10**9, "x" * 40)
    log.add(STARTED, 2**62, 0, "\\u00b5g")
    timed("flush of 32 events", log.flush)
    log.add(STARTED, 0, 0)
    timed("flush of one event", log.flush)
else:
    print(value == VALUE, twins.findings, sorted(files.names()))
    log = timed("boot of the log", EventLog, files, 2)
    print(log.first(), log.count(), log.damaged)
    print(timed("read of 10 events", log.read, 1013, 10)[-1])
    log.add(STARTED, 0, 0)
    log.flush()
    print(log.read(1023, 5))
    files.append("log.1", b"\\xff" * 64 * 100)
    print(timed("%s", EventLog, files, 3).damaged)
print("end")
"""
    % BAD_TAIL
)


def lines_of(target):
    """What the script prints: (results, figures by name)."""
    results, figures = [], {}
    while (line := target.read_line(60)) != "end":
        kind, _, rest = line.partition(" ")
        if kind in ("ram", "time"):
            what, _, number = rest.rpartition(" ")
            figures[what or kind] = int(number)
        else:
            results.append(line)
    return results, figures


def test_values_and_events_survive_a_power_cut_and_damage(version, record_property):
    need_image(version)
    files = {"/store/log.0": file_of(1, 990), "/store/log.1": UNUSED}
    target = EmulatorTarget(version=version, main=SCRIPT, extra_files=files)
    results, figures = lines_of(target)
    assert results == ["True []", "True", "False"]
    again, more = lines_of(EmulatorTarget(version=version, flash=target.flash))
    assert again == [
        "True [('dose', 'MENDED')] ['dose.0', 'dose.1', 'dose.1.bad', 'log.0', 'log.1']",
        "1 1023 0",
        f"(1022, 1, 402, {2**62 // 1000}, 0, '?g')",
        "[(1023, 1, 402, 0, 0, ''), (1024, 2, 402, 0, 0, '')]",
        "100",
    ]
    times = {**figures, "load with mending": more.pop("load"), **more}
    ram = times.pop("ram")
    text = ", ".join(f"{what} {us / 1000:.1f} ms" for what, us in times.items())
    record_property("measured", f"store on MicroPython {version}: {ram} bytes of RAM; {text}")
    assert ram < 43_000  # the room, the alarms whose events it knows, and the memory of a file
    assert times.pop(BAD_TAIL) < 1_000_000
    assert max(times.values()) < 200_000
