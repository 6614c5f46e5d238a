# SPDX-License-Identifier: MIT
"""Copies of twins in memory: saved, damaged, loaded again as after a boot."""

import binascii
import json

from host_tests.support.flash.files import MemoryFiles
from pump.records.mirrored_records import FOLDERS, MirroredRecords
from pumpbench.images.flashfiles import read_files, with_files

BOARD = "RPI_PICO"
COPIES = ("dose.0", "dose.1")
VALUES = ([1, "a", None], [2, 10**30, ["x", []]], [3], ["longer than all before", -(10**40)])
VALUE = VALUES[1]


def path_of(key, number):
    """Where the firmware keeps a copy."""
    return f"{FOLDERS[number]}/{key}.{number}"


def line(fields):
    """A copy whose checksum is right, whatever is in it."""
    return sealed(b" " + json.dumps(fields).encode() + b"\n")


def sealed(rest):
    """What is behind a checksum, with the right one."""
    return b"%08x" % binascii.crc32(rest) + rest


def value_of(flash, key):
    """What copy 0 of a board's flash holds."""
    return json.loads(read_files(flash)[path_of(key, 0)][8:])[3]


def with_value(flash, key, value):
    """The flash with another value in both copies, each as good as before."""
    fields = json.loads(read_files(flash)[path_of(key, 0)][8:])
    paths = [path_of(key, number) for number in (0, 1)]
    return with_files(flash, dict.fromkeys(paths, line([*fields[:3], value])))


def older_setup(setup):
    """As firmware wrote it that had no place for its settings alone."""
    (token, is_matched, resume, lost), epoch_us, *owners, lock, heartbeat_ms, grid = setup
    older = [token, [epoch_us, is_matched], resume, *owners, lost]
    return [*older, lock, heartbeat_ms, grid]


def saved(*values):
    """Flash in which these values were saved one after the other."""
    files = MemoryFiles()
    twins = MirroredRecords((files, files), BOARD)
    for value in values:
        twins.save("dose", value)
    return files


def loaded(files):
    """What a fresh boot finds: (value, findings)."""
    files = MemoryFiles(files.content)
    twins = MirroredRecords((files, files), BOARD)
    return twins.load("dose"), twins.findings


def mended(content):
    """Load from `content`; returns (value, findings, files afterwards)."""
    files = MemoryFiles(content)
    twins = MirroredRecords((files, files), BOARD)
    value = twins.load("dose")
    return value, twins.findings, files


def assert_both_good(files, value=VALUE):
    """Both copies are the same, and a fresh boot finds nothing wrong."""
    assert files.content[COPIES[0]] == files.content[COPIES[1]]
    assert loaded(files) == (value, [])
