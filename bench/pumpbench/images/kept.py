# SPDX-License-Identifier: MIT
"""A cache of results that take seconds to make from files, valid until one of them changes."""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def kept(path: Path, inputs: Iterable[str | Path], make: Callable[[], T]) -> T:
    """The result of `make`, cached while these texts, and the files at these paths, are the same.

    The cache is the file `path`, with its inputs; it is made anew if it cannot be read.
    """
    digest = hashlib.sha256()
    for part in inputs:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(b"%d %s" % (len(content), content))
    key = digest.digest()
    try:
        found = path.read_bytes()
        if found.startswith(key):
            return pickle.loads(found[len(key) :])
    except Exception:  # noqa: BLE001 - whatever is wrong with the file: it can be made again
        pass
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(key + pickle.dumps(made))
    os.replace(name, path)
    return made
