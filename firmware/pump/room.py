# SPDX-License-Identifier: MIT
"""Memory for a request: found before anything is changed, or the request is refused."""

from micropython import const

from pump.faults import Refused

_OUT_OF_MEMORY = const(-225)  # SCPI has a number for it
_TO_ACT_BYTES = const(1024)  # memory that acting on the result needs at once, with a margin


def with_room(make, *arguments):
    """The result of `make(*arguments)`, which must change nothing if it fails.

    Refused (-225, out of memory) if there is no memory for it, or none to act on the result: an
    order that is half done would end the therapy.
    """
    try:
        answer = make(*arguments)
        bytearray(_TO_ACT_BYTES)
    except MemoryError:
        pass
    else:
        return answer
    raise Refused(_OUT_OF_MEMORY)
