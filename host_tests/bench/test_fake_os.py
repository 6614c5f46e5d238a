# SPDX-License-Identifier: MIT
"""Files and `os` for firmware on `sim`: what real MicroPython does, and nothing of the host's."""

from pathlib import Path

import pytest

from host_tests.support.boards.images import need_image
from pumpbench.images.flashfiles import read_files, with_file
from pumpbench.targets.emulator import EmulatorTarget
from pumpbench.targets.emulator.chip import FILESYSTEM_START
from pumpbench.targets.sim import SimTarget

# What is printed on every board alike. Ends with "end".
EVERYTHING = """
import os

def tried(action):
    try:
        print(action())
    except OSError as error:
        print("OSError", error.errno, error.args[0])
    except ValueError:
        print("ValueError")

def put(path, mode, *pieces):
    with open(path, mode) as file:
        print([file.write(piece) for piece in pieces], file.tell())

def got(path, mode="r"):
    with open(path, mode) as file:
        return file.read()

print(got("/from_before"))
os.mkdir("/d")
put("/d/text", "w", "one\\n", "two \\u00e9 \\u20ac\\n", "", "three")
put("/d/bytes", "wb", bytes(range(256)) * 5, b"end")
put("/d/text", "a", "+four\\n")
put("/d/bytes", "ab", b"more")
put("d/new", "a", "made")
print(got("/d/text"), got("d/new"), len(got("/d/bytes", "rb")), got("/d/text", "rb"))
with open("/d/text") as file:
    print(file.read(1), file.read(8), file.tell(), file.readline(), file.readline())
    print(file.readline(), file.read(5), file.seek(2), file.readline(3), file.read(0))
    print(file.seek(-5, 2), file.read(), file.seek(4), file.seek(3, 1), file.read(2))
    print("".join(list(file)))
for line in open("/d/text", "rb"):
    print(line)
with open("/d/bytes", "rb") as file:
    buffer = bytearray(10)
    print(file.seek(1275), file.readinto(buffer), buffer, file.readinto(buffer), file.tell())
    print(file.seek(5), file.readinto(buffer, 3), buffer, file.read(2), file.readinto(buffer, 0))
with open("/d/bytes", "r+b") as file:
    print(file.seek(3), file.write(b"XYZ"), file.seek(0), file.read(8))
closed = open("/d/text")
closed.close()
closed.close()
tried(lambda: closed.read())
tried(lambda: closed.tell())
print(os.stat("/d/text")[:7], os.stat("/d")[:6], os.stat("/")[:6])
print(sorted(os.listdir("/d")), sorted(os.ilistdir("/d")), os.getcwd())
for action in (
    lambda: open("/none"), lambda: open("/none/a", "w"), lambda: open("/d"),
    lambda: open("/d", "w"), lambda: open("/d/text/a"), lambda: open("/d/text", "x"),
    lambda: open("/" + "n" * 256, "w"), lambda: open("/d/text", "rw"),
    lambda: os.mkdir("/d"), lambda: os.mkdir("/a/b"), lambda: os.remove("/none"),
    lambda: os.remove("/d"), lambda: os.rmdir("/d"), lambda: os.rmdir("/none"),
    lambda: os.rename("/none", "/other"), lambda: os.rename("/d/new", "/d"),
    lambda: os.listdir("/none"), lambda: os.listdir("/d/text"), lambda: os.stat("/none"),
):
    tried(action)
os.rename("/d/new", "/d/text")
tried(lambda: got("/d/text"))
tried(lambda: os.stat("/d/new"))
os.mkdir("/e")
os.chdir("/e")
put("here", "w", "h")
print(os.getcwd(), os.listdir(), os.stat("/e/here")[6])
os.chdir("/")
os.remove("/e/here")
os.rmdir("/e")
print(os.statvfs("/")[:3], os.statvfs("/")[5:], sorted(os.listdir()))
os.sync()
put("/left", "w", "x" * 1000)
print("end")
"""


def printed(main, seconds=10.0, **options):
    target = SimTarget(main=main, **options)
    target.run(seconds)
    return target.output.decode().replace("\r\n", "\n")


def test_what_a_script_reads_writes_and_is_refused():
    flash = with_file(SimTarget().flash, "/from_before", b"before")
    output = printed(EVERYTHING, flash=flash)
    assert output.endswith("end\n")
    assert "before\n[4, 11, 0, 5] 20\n" in output
    refusals = [line for line in output.splitlines() if "Error" in line]
    assert [line.split()[1:2] for line in refusals] == [
        *([], []),  # a closed file: ValueError
        *(["2"], ["2"], ["21"], ["21"], ["20"], ["17"], ["36"], []),
        *(["17"], ["2"], ["2"], ["39"], ["39"], ["2"], ["2"], ["21"]),
        *(["2"], ["20"], ["2"], ["2"]),
    ]


@pytest.mark.emulator
def test_real_micropython_does_the_same_and_reads_and_leaves_the_same_files():
    need_image()
    board = SimTarget(main="with open('from_before', 'w') as file: file.write('before')")
    board.run(1)
    flash = with_file(board.flash, "/main.py", EVERYTHING.encode())
    expected = SimTarget(main=EVERYTHING, flash=flash)
    expected.run(10)
    real = EmulatorTarget(image=flash)
    real.run_until(lambda: b"end\r\n" in real.output, timeout_s=20)
    output = real.output.decode().partition("end\r\n")
    assert (output[0] + output[1]).splitlines() == expected.output.decode().splitlines()
    files = read_files(real.flash, FILESYSTEM_START)
    assert files == read_files(expected.flash)
    assert files["/left"] == b"x" * 1000
    whole = with_file(real.flash, "/left", b"spoiled", FILESYSTEM_START)
    assert read_files(whole, FILESYSTEM_START)["/left"] == b"spoiled"
    assert len(whole) == len(real.flash)


def test_a_file_opened_for_one_thing_refuses_the_other():
    main = """
for mode, action in (("w", lambda file: file.read()), ("a", lambda file: file.readline()),
                     ("r", lambda file: file.write("x"))):
    with open("a", mode) as file:
        try:
            action(file)
        except OSError as error:
            print(error.errno)
"""
    assert printed(main) == "9\n9\n9\n"


def test_a_full_flash_refuses_and_keeps_what_it_has():
    main = """
import os
n = 0
try:
    while True:
        with open("small%d" % n, "w") as file:
            file.write("%04d" % n * 1000)
        n += 1
except OSError as error:
    print(n, error.errno)
try:
    with open("small0", "w") as file:
        file.write("x" * 20000)
except OSError as error:
    print(error.errno, open("small0").read() in ("0000" * 1000, ""), os.statvfs("/")[3] < 10)
os.remove("small1")
os.remove("small2")
with open("again", "w") as file:
    file.write("y" * 4000)
print(open("again").read() == "y" * 4000, open("small3").read() == "0003" * 1000)
"""
    lines = printed(main, 1000).splitlines()
    count, errno = map(int, lines[0].split())
    assert errno == 28 and 300 < count < 352
    assert lines[1:] == ["28 True True", "True True"]


def test_the_hosts_files_are_out_of_reach(tmp_path):
    host_file = tmp_path / "secret"
    host_file.write_text("of the host")
    main = f"""
import io, os, uio, uos
for action in (open, io.open, uio.open, os.listdir, uos.stat, os.remove):
    try:
        action({str(host_file)!r})
    except OSError as error:
        print(error.errno)
try:
    open({str(tmp_path / "new")!r}, "w")
except OSError as error:
    print(error.errno)
print(os.listdir("/data"), hasattr(os, "system"), io.BytesIO(b"a").read(), io.StringIO("b").read())
"""
    assert printed(main) == "2\n" * 7 + "[] False b'a' b\n"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    assert host_file.read_text() == "of the host"


def test_the_hosts_own_open_is_untouched():
    printed("open('a', 'w').close()")
    assert not Path("/a").exists()
    with open(__file__) as file:
        assert file.readline().startswith("# SPDX")
