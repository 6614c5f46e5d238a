# SPDX-License-Identifier: MIT
"""The NOR flash of the fake chip: its operations, their times, and its content after a power cut.

Erasing makes a block all ones, programming only clears bits. Both take time, in which no interrupt
is served and PIO goes on. Every operation is recorded, so that the content can be rebuilt as a
power cut before it, inside it or after it leaves it: see `flash_at` and `images`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pumpbench.images.image import BLOCK_BYTES, BLOCK_COUNT, PROG_BYTES
from pumpbench.targets.sim.timeline import Timeline

FLASH_BYTES = BLOCK_BYTES * BLOCK_COUNT  # the filesystem's part of the chip
ERASE_NS = 45_000_000  # of a block; typical of the W25Q16 of the Pico
PROGRAM_NS = 500_000  # of a page of PROG_BYTES
ERASED = b"\xff"

# Where in an operation the power is cut. INSIDE leaves the first half done. TORN leaves cells
# between the states: the half that INSIDE has not reached got every other bit.
BEFORE, INSIDE, TORN, AFTER = "before", "inside", "torn", "after"
PHASES = (BEFORE, INSIDE, TORN, AFTER)
_TORN_BITS = 0x55


class NotErased(Exception):
    """A byte was programmed that had not been erased: a board would end up with wrong data."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A page being programmed, or a block being erased, from `t_ns` on."""

    index: int
    kind: str  # "prog" or "erase"
    block: int
    offset: int  # in the block
    data: bytes
    t_ns: int


class Image(NamedTuple):
    """A content of the flash: `start` but for some blocks, so that many images need little room.

    Images with the same start are equal if their contents are: no stored block equals that in
    `start`.
    """

    start: bytes
    blocks: dict[int, bytes]

    def __bytes__(self) -> bytes:
        if not self.blocks:
            return self.start
        image = bytearray(self.start)
        for block, content in self.blocks.items():
            image[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES] = content
        return bytes(image)

    def after(self, operation: Operation, phase: str) -> "Image":
        """The image after the operation, as far as `phase` says."""
        number = operation.block
        old = self.start[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        block = bytearray(self.blocks.get(number, old))
        _apply_to_block(block, operation, phase)
        blocks = {**self.blocks, number: bytes(block)}
        if block == old:
            del blocks[number]
        return Image(self.start, blocks)


class Flash:
    """The flash of one power-up; `start` is its content then.

    on_operation: called before each operation, with PIO brought up to that instant: a test can
    record the state of the plant there, and must not run the target from it.
    """

    def __init__(self, start: bytes | Image, world: Timeline) -> None:
        image = start if isinstance(start, Image) else Image(bytes(start), {})
        if len(image.start) != FLASH_BYTES:
            raise ValueError(f"a flash has {FLASH_BYTES} bytes, not {len(image.start)}")
        self.operations: list[Operation] = []
        self.on_operation: Callable[[Operation], None] | None = None
        self.erase_ns = ERASE_NS
        self.program_ns = PROGRAM_NS
        self._world = world
        self._image = image
        self._rest = image.start  # the content of all other blocks
        self._blocks = {number: bytearray(block) for number, block in image.blocks.items()}
        self._running: Operation | None = None

    @property
    def start(self) -> bytes:
        return bytes(self._image)

    @property
    def content(self) -> bytes:
        """A copy of all of it, as a power cut at this instant leaves it."""
        blocks = {number: bytes(block) for number, block in self._blocks.items()}
        image = Image(self._rest, blocks)
        return bytes(image if self._running is None else image.after(self._running, INSIDE))

    def read(self, block: int, offset: int, size: int) -> bytes | bytearray:
        """A copy of `size` bytes."""
        content = self._blocks.get(block)
        if content is not None:
            return content[offset : offset + size]
        first = block * BLOCK_BYTES + offset
        return self._rest[first : first + size]

    def erase(self, block: int) -> None:
        self._perform("erase", block, 0, b"")

    def program(self, block: int, offset: int, data: bytes) -> None:
        """Program whole pages."""
        if self.read(block, offset, len(data)) != ERASED * len(data):
            self._world.fail(NotErased(f"{len(data)} bytes at {offset} of block {block}"))
        for i in range(0, len(data), PROG_BYTES):
            self._perform("prog", block, offset + i, bytes(data[i : i + PROG_BYTES]))

    def _perform(self, kind: str, block: int, offset: int, data: bytes) -> None:
        w = self._world
        operation = Operation(len(self.operations), kind, block, offset, data, w.now_ns)
        if self.on_operation is not None:
            w.sync()
            self.on_operation(operation)
        self.operations.append(operation)
        self._running = operation
        phase = INSIDE  # if the board ends while time passes
        try:
            w.hold(self.erase_ns if kind == "erase" else self.program_ns)
            phase = AFTER
        finally:
            self._running = None
            _apply_to_block(self._own(block), operation, phase)

    def _own(self, block: int) -> bytearray:
        """The block's content, as a copy that may be changed."""
        if block not in self._blocks:
            self._blocks[block] = bytearray(self.read(block, 0, BLOCK_BYTES))
        return self._blocks[block]


def flash_at(start: bytes, operations: Iterable[Operation], index: int, phase: str) -> bytes:
    """The flash after a power cut in that phase of operation `index`, counted from `start` on."""
    image = Image(start, {})
    for i, operation in enumerate(operations):
        image = image.after(operation, AFTER if i < index else phase)
        if i == index:
            return bytes(image)
    raise IndexError(f"there is no operation {index}")


def images(
    start: bytes, operations: Iterable[Operation], phases: Iterable[str] = PHASES
) -> Iterator[tuple[Operation, str, Image]]:
    """Every possible power cut: (operation, phase, the flash afterwards)."""
    phases = tuple(phases)
    image = Image(start, {})
    for operation in operations:
        for phase in phases:
            yield operation, phase, image.after(operation, phase)
        image = image.after(operation, AFTER)


def _apply_to_block(block: bytearray, operation: Operation, phase: str) -> None:
    """Apply the part of the operation that is done in that phase."""
    if phase == BEFORE:
        return
    offset, data = operation.offset, operation.data
    if operation.kind == "erase":
        data = ERASED * BLOCK_BYTES
    half = len(data) if phase == AFTER else len(data) // 2
    block[offset : offset + half] = data[:half]
    if phase == TORN:
        mask = _TORN_BITS
        for i in range(half, len(data)):
            old = block[offset + i]
            block[offset + i] = old & ~mask | data[i] & mask
