# SPDX-License-Identifier: MIT
"""Raw flash as LittleFS reads it: what of it is in use, what files it finds in a damaged one."""

import binascii
from functools import lru_cache

from littlefs import LittleFSError, UserContext, lfs

from host_tests.support.flash.lives import PROGRAM
from pumpbench.images.image import BLOCK_BYTES, BLOCK_COUNT, DISK_VERSION, MAIN, PROG_BYTES

MOST_BYTES = 1_000_000  # of a file
HEAD_BYTES = 80  # of a copy of a record: all that is in front of its value
EVENT_BYTES = 64


class Chip(UserContext):
    """A flash that can be read only. blocks: those that were read."""

    def __init__(self, flash):
        super().__init__(buffer=bytearray(flash))
        self.blocks = set()

    def read(self, cfg, block, off, size):
        self.blocks.add(block)
        first = block * BLOCK_BYTES + off
        return self.buffer[first : first + size]

    def prog(self, cfg, block, off, data):
        raise AssertionError("a flash is read, and something is written")

    erase = prog

    def flip(self, at, bit):
        self.buffer[at] ^= 1 << bit

    def put(self, block, content):
        self.buffer[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES] = content

    def files(self):
        """Path -> content; None where nothing can be mounted.

        For what cannot be read there is the number of the error, or what each page of it reads as.
        """
        for version in (DISK_VERSION, DISK_VERSION + 1):
            config = lfs.LFSConfig(
                context=self,
                block_size=BLOCK_BYTES,
                block_count=BLOCK_COUNT,
                read_size=PROG_BYTES,
                prog_size=PROG_BYTES,
                cache_size=BLOCK_BYTES,
                disk_version=version,
            )
            filesystem = lfs.LFSFilesystem()
            try:
                lfs.mount(filesystem, config)
            except LittleFSError:
                continue
            found = {}
            _walk(filesystem, "", found)
            lfs.unmount(filesystem)
            return found
        return None


def _walk(filesystem, folder, found):
    """Everything in a folder; `folder/` stands for the folder itself."""
    found[folder + "/"] = b""
    try:
        handle = lfs.dir_open(filesystem, folder + "/")
    except LittleFSError as error:
        found[folder + "/"] = error.code
        return
    entries = []
    try:
        while (entry := lfs.dir_read(filesystem, handle)) and len(entries) < BLOCK_COUNT:
            entries.append(entry)
    except (LittleFSError, ValueError) as error:  # ValueError: a name that is no text
        found[folder + "/"] = getattr(error, "code", 0)
    lfs.dir_close(filesystem, handle)
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.type == lfs.LFSStat.TYPE_REG:
            found[path] = _content(filesystem, path)
        elif entry.name not in (".", ".."):
            _walk(filesystem, path, found)


def _content(filesystem, path):
    try:
        handle = lfs.file_open(filesystem, path, "r")
    except LittleFSError as error:
        return error.code
    try:
        size = min(lfs.file_size(filesystem, handle), MOST_BYTES)
        try:
            return lfs.file_read(filesystem, handle, size)
        except LittleFSError:  # what can be read of it decides what the firmware makes of it
            places = range(0, size, PROG_BYTES)
            return tuple(_page(filesystem, handle, place) for place in places)
    finally:
        lfs.file_close(filesystem, handle)


def _page(filesystem, handle, place):
    """So much of a file from there on, or the number of the error."""
    try:
        lfs.file_seek(filesystem, handle, place, 0)
        return lfs.file_read(filesystem, handle, PROG_BYTES)
    except LittleFSError as error:
        return error.code


def used_blocks(flash):
    """The blocks that LittleFS reads, but for those that hold the program alone."""
    chip = Chip(flash)
    assert chip.files()[MAIN] == PROGRAM[MAIN]
    text = PROGRAM[MAIN][:64]
    return sorted(block for block in chip.blocks if text not in content_of(flash, block))


def content_of(flash, block):
    return flash[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES]


def used_bits(flash):
    """(byte, bit) of these blocks, up to the last byte in use."""
    for block in used_blocks(flash):
        for at in range(len(content_of(flash, block).rstrip(b"\xff"))):
            for bit in range(8):
                yield block * BLOCK_BYTES + at, bit


def likeness(files):
    """Two findings with the same one come to the same.

    Of a damaged event, and of the value of a damaged copy, the firmware learns no more than that
    its checksum is wrong.
    """
    return frozenset((path, _part_that_counts(path, it)) for path, it in files.items())


@lru_cache(maxsize=64)
def _part_that_counts(path, content):
    if not isinstance(content, bytes):
        return content
    if path.startswith(("/data/", "/copy/")) and not _is_whole(content):
        return content[:HEAD_BYTES], len(content)
    if path.startswith("/log/"):
        return tuple(events_in(content)), len(content)
    return content


def _is_whole(copy):
    return copy[:8] == b"%08x" % binascii.crc32(copy[8:])


def events_in(content):
    """The records of a log file, None for one that is damaged; nothing where it cannot be read."""
    if not isinstance(content, bytes):
        return []
    if len(content) < EVENT_BYTES:
        return [content]
    parts = [content[at : at + EVENT_BYTES] for at in range(0, len(content), EVENT_BYTES)]
    return [part if _is_event(part) else None for part in parts]


@lru_cache(maxsize=4096)
def _is_event(part):
    return part[-4:] == binascii.crc32(part[:-4]).to_bytes(4, "little")
