# SPDX-License-Identifier: MIT
"""Something tried in a copy of this process: what is here stays as it is."""

import os
import traceback


def in_a_fork(work):
    """The text that `work()` returns, from a copy of this process; an error is a text, too."""
    there, here = os.pipe()
    child = os.fork()
    if not child:
        try:
            text = work()
        except BaseException as error:  # noqa: BLE001 - all of it is for the parent to judge
            text = f"failed: {error!r} {traceback.format_exc()}"
        os.write(here, text.encode()[:4000])
        os._exit(0)
    os.close(here)
    with os.fdopen(there, "rb") as pipe:
        text = pipe.read().decode()
    os.waitpid(child, 0)
    return text
