# SPDX-License-Identifier: MIT
"""The emulator's processor core, compiled for this very Python: about three times as fast.

rp2040py's wheel serves every Python from 3.11 on, so it may use the limited C API only, which
costs two thirds of its speed. Its source compiled here, without that limit, runs the same code.
`make setup` calls it; without a C compiler, or Python's headers, the wheel stays and all works.
"""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "rp2040py"
HEADER = "#undef Py_LIMITED_API\n"
IS_COMPILED = "import rp2040py.native._cortex_m0_core, rp2040py.native._rp2040"


def compile_core() -> bool:
    """Replace the wheel by what is compiled here; False, and the wheel again, where that fails."""
    if shutil.which("cc") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        header = Path(folder, "full_api.h")
        header.write_text(HEADER)
        # What is built holds for this Python alone: the cache, shared by all, must not get it.
        options = ["--no-cache-dir", "--no-binary", PACKAGE]
        is_built = _install(options, {"CFLAGS": f"-include {header}"})
    if is_built and _python("-c", IS_COMPILED):  # its set-up goes on without what does not compile
        return True
    _install(["--only-binary", PACKAGE])
    return False


def _install(options, environment=None) -> bool:
    version = importlib.metadata.version(PACKAGE)
    always = ["--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-deps"]
    requirement = f"{PACKAGE}=={version}"
    return _python("-m", "pip", "install", *always, *options, requirement, extra=environment)


def _python(*arguments, extra=None) -> bool:
    environment = {**os.environ, **(extra or {})}
    result = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True)
    return result.returncode == 0


if __name__ == "__main__":
    COMPILED = "The emulator's core was compiled for this Python.\n"
    NOT_COMPILED = "No C compiler for the emulator's core: its tests take three times as long.\n"
    sys.stdout.write(COMPILED if compile_core() else NOT_COMPILED)
