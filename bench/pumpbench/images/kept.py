# SPDX-License-Identifier: MIT
"""What takes seconds to make out of files, kept in a file until one of them is another."""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def kept(path: Path, inputs: Iterable[str | Path], make: Callable[[], T]) -> T:
    """What `make` returns, or did when these texts, and the files at these paths, were the same.

    It is kept at `path`, with what it was made of; a file there that cannot be read is made anew.
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
