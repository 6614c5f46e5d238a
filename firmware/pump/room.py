# SPDX-License-Identifier: MIT
"""Room in memory: found before anything is changed, or the request is refused."""

from micropython import const

from pump.faults import Refused

_OUT_OF_MEMORY = const(-225)  # SCPI has a number for it
# What acting on an answer needs, and more: so many pieces of so many bytes.
_PIECES = const(8)
_PIECE_BYTES = const(128)


def with_room(make, *arguments):
    """What `make(*arguments)` answers, which has changed nothing where it fails.

    Refused (out of memory) where there is no room for it, or to act on the answer afterwards: an
    order that is half done ends the therapy.
    """
    try:
        answer = make(*arguments)
        [bytearray(_PIECE_BYTES) for _ in range(_PIECES)]
    except MemoryError:
        pass
    else:
        return answer
    raise Refused(_OUT_OF_MEMORY)
