# SPDX-License-Identifier: MIT
"""A board in its boot loader gets MicroPython and the pump, or one sentence says why not.

The drive is a folder, and the boot loader is a thread that takes what is copied to it.
"""

import errno
import json
import os
import shutil
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from host_tests.bench.test_fetch import RP2350, uf2_of
from pumpbench.__main__ import main
from pumpbench.boards import catalog
from pumpbench.images import image, uf2
from pumpbench.install import drives, flash
from pumpbench.install.deploy import DeployError

pytestmark = pytest.mark.slow

RP2040_INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
RP2350_INFO = "UF2 Bootloader v1.0\r\nModel: Raspberry Pi RP2350\r\nBoard-ID: RP2350\r\n"
OTHER_INFO = "UF2 Bootloader v1.33\nModel: ItsyBitsy M4 Express\nBoard-ID: SAMD51G19A-Itsy-v0\n"
BOOTSEL = "hold BOOTSEL while you plug the board in"


def drive_in(path, info=RP2040_INFO):
    path.mkdir(parents=True)
    (path / drives.INFO).write_bytes(info.encode())
    return path


@pytest.fixture
def media(tmp_path, monkeypatch):
    """Where this machine mounts drives; nothing else is looked at, and there are no ports."""
    folder = tmp_path / "media"
    folder.mkdir()
    monkeypatch.setitem(drives.ROOTS, sys.platform, (folder, tmp_path / "not there"))
    monkeypatch.setattr(drives, "_LSBLK", ("no-such-lsblk",))
    monkeypatch.setattr(flash.list_ports, "comports", list)
    monkeypatch.setattr(flash, "PORT_S", 0.3)
    monkeypatch.setattr(flash, "GONE_S", 10.0)
    return folder


@pytest.fixture
def micropython(tmp_path):
    path = tmp_path / "micropython.uf2"
    path.write_bytes(uf2_of(40))
    return path


@pytest.fixture
def boot_loader():
    """Call with a drive: takes the UF2 that is copied there, and is gone once it has all of it.

    Returns where the UF2 is then.
    """
    ends, threads = threading.Event(), []

    def plug(drive):
        taken = []

        def run():
            while not ends.wait(0.02):
                path = drive / flash.NAME
                content = path.read_bytes() if path.is_file() else b""
                if content and int.from_bytes(content[24:28], "little") * 512 == len(content):
                    taken.append(content)
                    shutil.rmtree(drive)
                    return

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return taken

    yield plug
    ends.set()
    for thread in threads:
        thread.join()


def flashing(micropython, *more):
    return main(["flash", "--micropython", str(micropython), *map(str, more)])


def refusal(capsys):
    """The one sentence on stderr, which says how a board gets into its boot loader."""
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert BOOTSEL in error
    return error


def port(device, vendor=0x2E8A):
    return SimpleNamespace(device=device, vid=vendor)


def test_a_board_in_its_boot_loader_gets_what_make_uf2_makes(
    media, micropython, boot_loader, capsys
):
    taken = boot_loader(drive_in(media / "somebody" / "RPI-RP2"))
    assert flashing(micropython) == 0
    assert taken == [image.build_uf2("RPI_PICO", micropython)]
    assert uf2.families(taken[0]) == uf2.families(micropython.read_bytes())
    told = capsys.readouterr().out.splitlines()
    assert "what was in its flash is gone then" in told[0]
    assert told[-2] == "The boot loader has taken it."
    assert told[-1].startswith("Nobody was asked who it is: no new port was seen")


def test_the_pump_that_comes_up_at_a_new_port_says_who_it_is(
    media, micropython, boot_loader, pump_that_answers, monkeypatch, capsys
):
    new, drive = pump_that_answers({}), drive_in(media / "RPI-RP2")
    boot_loader(drive)
    others = [port("/dev/another-pump")]
    scope = port("/dev/a-scope-that-was-plugged-in-meanwhile", 0x1AB1)

    def seen():
        return others if drive.exists() else [*others, scope, port(new)]

    monkeypatch.setattr(flash.list_ports, "comports", seen)
    monkeypatch.setattr(flash, "PORT_S", 10.0)
    monkeypatch.setattr("pumpbench.install.deploy.UP_S", 10.0)
    assert flashing(micropython) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert told == f"ITB-Pump,RPI_PICO,0123456789abcdef,0.0.0 is up at {new}, and stopped."


def test_a_port_where_no_pump_comes_up_is_told(media, monkeypatch):
    monkeypatch.setattr("pumpbench.install.deploy.UP_S", 0.2)
    monkeypatch.setattr(flash.list_ports, "comports", lambda: [port("/dev/no-such-port")])
    with pytest.raises(DeployError, match="/dev/no-such-port does not come up"):
        flash.who_comes_up("RPI_PICO", ())


def test_a_board_with_its_console_on_a_uart_is_not_waited_for(media, monkeypatch):
    board = catalog.load_board("RPI_PICO")
    board.CONSOLE = ("uart", 1, "GP8", "GP9", 115200)
    monkeypatch.setattr(flash, "load_board", lambda _name: board)
    assert "UART1" in flash.who_comes_up("RPI_PICO", ())


def test_no_drive_at_all_is_said(media, micropython, capsys):
    (media / "a stick").mkdir()
    assert flashing(micropython) == 2
    assert "no drive RPI-RP2, the boot loader of an RP2040" in refusal(capsys)


def test_a_drive_that_is_not_mounted_is_said_with_its_device(
    media, micropython, monkeypatch, capsys
):
    rows = [
        {"path": "/dev/sda1", "label": None, "mountpoint": "/"},
        {"path": "/dev/sdz1", "label": "RPI-RP2", "mountpoint": None},
    ]
    said = json.dumps({"blockdevices": rows})
    monkeypatch.setattr(drives, "_LSBLK", (sys.executable, "-c", f"print({said!r})"))
    assert flashing(micropython) == 2
    assert "udisksctl mount -b /dev/sdz1" in refusal(capsys)


def test_a_drive_is_found_where_lsblk_says_it_is_mounted(media, tmp_path, monkeypatch):
    drive = drive_in(tmp_path / "elsewhere")
    row = {"path": "/dev/sdz1", "label": "RPI-RP2", "mountpoint": str(drive)}
    said = json.dumps({"blockdevices": [row]})
    monkeypatch.setattr(drives, "_LSBLK", (sys.executable, "-c", f"print({said!r})"))
    assert drives.the_one("rp2040") == (drive, "rp2040", "RPI-RP2")


def test_a_drive_that_is_mounted_without_being_one_is_no_drive(media, monkeypatch):
    row = {"path": "/dev/sdz1", "label": "RPI-RP2", "mountpoint": str(media)}
    said = json.dumps({"blockdevices": [row]})
    monkeypatch.setattr(drives, "_LSBLK", (sys.executable, "-c", f"print({said!r})"))
    with pytest.raises(drives.FlashError, match="There is no drive RPI-RP2"):
        drives.the_one("rp2040")


def test_a_drive_with_two_paths_is_one(media):
    drive = drive_in(media / "RPI-RP2")
    (media / "usb").symlink_to(drive)
    assert drives.the_one("rp2040").path.resolve() == drive


@pytest.mark.parametrize(
    ("info", "chip"),
    [
        ("Model: Raspberry Pi RP2\nBoard-ID: OURS\n", "rp2040"),
        ("Model: Ours\nBoard-ID: RPI-RP2\n", "rp2040"),
        ("Model: Ours\nBoard-ID: RP2350\n", "rp2350"),
        ("Model: Raspberry Pi RP2350\nBoard-ID: RPI-RP2\n", ""),
        ("Model: Ours\nBoard-ID: OURS\n", ""),
        ("", ""),
    ],
    ids=["model", "id", "id of an RP2350", "of two", "of none", "empty"],
)
def test_a_chip_is_known_by_the_id_or_the_model_of_its_drive(tmp_path, info, chip):
    found = drives.drive_at(drive_in(tmp_path / "drive", info))
    assert found is not None
    assert found.chip == chip


def test_two_drives_are_not_chosen_from_and_one_can_be_named(
    media, micropython, boot_loader, capsys
):
    first, second = drive_in(media / "RPI-RP2"), drive_in(media / "me" / "RPI-RP21")
    assert flashing(micropython) == 2
    error = refusal(capsys)
    assert f"{first}, {second}" in error or f"{second}, {first}" in error
    assert "DRIVE=" in error
    taken = boot_loader(second)
    assert flashing(micropython, "--drive", second) == 0
    assert len(taken) == 1
    assert sorted(path.name for path in first.iterdir()) == [drives.INFO]


@pytest.mark.parametrize(
    ("info", "said"),
    [(RP2350_INFO, "is of an RP2350, and the board has an RP2040"), (OTHER_INFO, "SAMD51G19A")],
    ids=["RP2350", "SAMD51"],
)
def test_a_drive_of_another_chip_is_refused_and_left_alone(media, micropython, capsys, info, said):
    drive = drive_in(media / "RPI-RP2", info)
    for more in ([], ["--drive", drive]):
        assert flashing(micropython, *more) == 2
        assert said in refusal(capsys)
    assert [path.name for path in drive.iterdir()] == [drives.INFO]


def test_of_two_drives_that_of_the_chip_is_taken(media):
    drive_in(media / "RPI-RP2")
    drive = drive_in(media / "RP2350", RP2350_INFO)
    assert drives.the_one("rp2350").path == drive


def test_a_folder_that_is_no_drive_is_refused(media, micropython, capsys):
    assert flashing(micropython, "--drive", media) == 2
    assert "it has no INFO_UF2.TXT" in refusal(capsys)


def test_an_image_of_another_family_is_refused(media):
    drive = drives.drive_at(drive_in(media / "RPI-RP2"))
    assert drive is not None
    with pytest.raises(drives.FlashError, match=f"family E48BFF59, .* E48BFF56: .*{BOOTSEL}"):
        flash.need_fit(uf2_of(3) + uf2_of(3, RP2350), drive)


def with_about(monkeypatch, **other):
    """statvfs says something else."""
    true = os.statvfs

    def said(path):
        found = true(path)
        names = ("f_flag", "f_bavail", "f_frsize")
        return SimpleNamespace(**{name: getattr(found, name) for name in names} | other)

    monkeypatch.setattr(flash.os, "statvfs", said)


@pytest.mark.parametrize("is_ours", [True, False], ids=["mounted read-only", "somebody else's"])
def test_a_drive_that_is_read_only_is_refused(media, micropython, monkeypatch, capsys, is_ours):
    drive = drive_in(media / "RPI-RP2")
    if is_ours:
        with_about(monkeypatch, f_flag=os.ST_RDONLY)
    else:
        monkeypatch.setattr(flash.os, "access", lambda *_: False)
    assert flashing(micropython) == 2
    assert f"{drive} cannot be written to" in refusal(capsys)
    assert [path.name for path in drive.iterdir()] == [drives.INFO]


def test_a_drive_that_is_too_small_is_refused(media, micropython, monkeypatch, capsys):
    drive = drive_in(media / "RPI-RP2")
    with_about(monkeypatch, f_bavail=2, f_frsize=512)
    assert flashing(micropython) == 2
    assert f"{drive} has 1024 bytes free" in refusal(capsys)
    assert [path.name for path in drive.iterdir()] == [drives.INFO]


def test_a_drive_that_stays_has_not_been_taken(media, micropython, monkeypatch, capsys):
    monkeypatch.setattr(flash, "GONE_S", 0.3)
    drive_in(media / "RPI-RP2")
    assert flashing(micropython) == 2
    told = capsys.readouterr()
    assert "which is still there after 0 s" in told.err
    assert BOOTSEL in told.err
    assert "has taken it" not in told.out


def fsync_fails(monkeypatch, number, at, before=lambda: None):
    """The sync after `at` bytes are written."""
    monkeypatch.setattr(flash, "CHUNK_BYTES", 512)

    def fsync(handle):
        if os.fstat(handle).st_size == at:
            before()
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(flash.os, "fsync", fsync)


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "No space left on device"), (errno.EIO, "output error")]
)
def test_a_copy_that_ends_in_the_midst_is_told_with_how_far_it_came(
    media, micropython, monkeypatch, capsys, number, said
):
    drive_in(media / "RPI-RP2")
    fsync_fails(monkeypatch, number, 5 * 512)
    assert flashing(micropython) == 2
    told = capsys.readouterr()
    (line,) = [line for line in told.err.splitlines() if "ended at" in line]
    whole = len(image.build_uf2("RPI_PICO", micropython))
    assert f"ended at 2560 of {whole} bytes, " in line
    assert said in line
    assert BOOTSEL in line
    assert "has taken it" not in told.out


def test_a_drive_that_goes_in_the_last_sync_has_taken_all(media, monkeypatch):
    drive = drives.drive_at(drive_in(media / "RPI-RP2"))
    assert drive is not None
    content, shown = uf2_of(9), []
    fsync_fails(monkeypatch, errno.EIO, len(content), lambda: shutil.rmtree(drive.path))
    flash.put(content, drive, shown.append)
    assert shown == [512] * 8


def test_a_drive_that_is_pulled_in_the_midst_has_not_taken_all(media, monkeypatch):
    drive = drives.drive_at(drive_in(media / "RPI-RP2"))
    assert drive is not None
    fsync_fails(monkeypatch, errno.EIO, 5 * 512, lambda: shutil.rmtree(drive.path))
    with pytest.raises(drives.FlashError, match="ended at 2560 of 4608 bytes, Input/output"):
        flash.put(uf2_of(9), drive)


def test_no_space_for_the_last_of_it_is_told_at_once(media, monkeypatch):
    drive = drives.drive_at(drive_in(media / "RPI-RP2"))
    assert drive is not None
    fsync_fails(monkeypatch, errno.ENOSPC, 9 * 512)
    start_s = time.monotonic()
    with pytest.raises(drives.FlashError, match="ended at 4608 of 4608 bytes, No space"):
        flash.put(uf2_of(9), drive)
    assert time.monotonic() - start_s < flash.GONE_S / 2


def test_a_drive_that_stays_after_a_last_sync_that_failed_has_not(media, monkeypatch):
    drive = drives.drive_at(drive_in(media / "RPI-RP2"))
    assert drive is not None
    content = uf2_of(9)
    monkeypatch.setattr(flash, "GONE_S", 0.2)
    fsync_fails(monkeypatch, errno.EIO, len(content))
    with pytest.raises(drives.FlashError, match=r"ended at 4608 of 4608 bytes, Input/output"):
        flash.put(content, drive)


def test_a_drive_that_is_still_mounted_with_no_disk_behind_it_is_gone(media, monkeypatch):
    path = drive_in(media / "RPI-RP2")
    drive, number = drives.drive_at(path), path.stat().st_dev
    assert drive is not None
    device = media / f"{os.major(number)}:{os.minor(number)}"
    device.touch()
    monkeypatch.setattr(flash, "_DEVICES", media)
    start_s = time.monotonic()
    threading.Timer(0.2, device.unlink).start()
    flash.put(uf2_of(3), drive)
    assert 0.2 <= time.monotonic() - start_s < flash.GONE_S
    assert (path / flash.NAME).read_bytes() == uf2_of(3)


def test_a_board_whose_filesystem_is_not_known_is_refused_before_a_drive_is_looked_for(
    media, capsys
):
    assert main(["flash", "--board", "RPI_PICO2"]) == 2
    assert "does not say where MicroPython has its filesystem" in capsys.readouterr().err
