# SPDX-License-Identifier: MIT
"""Memory for a request: found before anything is changed, or the request is refused."""

from micropython import const

from pump.faults import Refused

_OUT_OF_MEMORY = const(-225)  # SCPI has a number for it
# Memory that acting on the result needs, with a margin: so many pieces of so many bytes.
_PIECES = const(8)
_PIECE_BYTES = const(128)


def with_room(make, *arguments):
    """The result of `make(*arguments)`, which must change nothing if it fails.

    Refused (-225, out of memory) if there is no memory for it, or none to act on the result: an
    order that is half done would end the therapy.
    """
    try:
        answer = make(*arguments)
        [bytearray(_PIECE_BYTES) for _ in range(_PIECES)]
    except MemoryError:
        pass
    else:
        return answer
    raise Refused(_OUT_OF_MEMORY)
