# SPDX-License-Identifier: MIT
"""Room in memory: found before anything is changed, or the request is refused."""

from micropython import const

from pump.faults import Refused

_OUT_OF_MEMORY = const(-225)  # SCPI has a number for it
_TO_ACT_BYTES = const(1024)  # what acting on an answer needs at once, and more


def with_room(make, *arguments):
    """What `make(*arguments)` answers, which has changed nothing where it fails.

    Refused (out of memory) where there is no room for it, or to act on the answer afterwards: an
    order that is half done ends the therapy.
    """
    try:
        answer = make(*arguments)
        bytearray(_TO_ACT_BYTES)
    except MemoryError:
        pass
    else:
        return answer
    raise Refused(_OUT_OF_MEMORY)
