# SPDX-License-Identifier: MIT
"""Compiles the emulator's processor core and its loop for this Python: six times as fast.

rp2040py's wheel serves every Python from 3.11 on, so it may use the limited C API only, which
costs two thirds of its speed. Its source, compiled here without that limit, runs the same code;
`pumpbench_fast.pyx` is a loop that calls no Python between two instructions. `make setup` calls
this; without a C compiler, or Python's headers, the wheel stays and everything works.
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
FLAGS = "-O3 -march=native -fno-plt -fno-semantic-interposition"  # a third faster with them
IS_COMPILED = "import rp2040py.native._cortex_m0_core, rp2040py.native._rp2040"

LOOP = "pumpbench_fast"
HAS_LOOP = f"import {LOOP}"
PROJECT = """
[build-system]
requires = ["setuptools>=77", "Cython>=3.1", "{core}"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "1"

[tool.setuptools]
ext-modules = [{{ name = "{name}", sources = ["{name}.pyx"] }}]
"""


def compile_all() -> bool:
    """Compile all parts; False if the wheel, or rp2040py's own loop, stays in use."""
    if shutil.which("cc") is None:
        return False
    core = f"{PACKAGE}=={importlib.metadata.version(PACKAGE)}"
    with tempfile.TemporaryDirectory() as folder:
        return _compile_core(core, Path(folder)) and _compile_loop(core, Path(folder))


def _compile_core(core: str, folder: Path) -> bool:
    """Replace the wheel by a compiled core; if that fails, restore the wheel and return False."""
    header = folder / "full_api.h"
    header.write_text(HEADER)
    # The result is for this Python only: it must not get into the shared cache.
    options = ["--no-cache-dir", "--no-binary", PACKAGE, core]
    if _is_built(options, f"-include {header}", IS_COMPILED):
        return True
    _install(["--only-binary", PACKAGE, core])
    return False


def _compile_loop(core: str, folder: Path) -> bool:
    (folder / "pyproject.toml").write_text(PROJECT.format(core=core, name=LOOP))
    shutil.copy(Path(__file__).with_name(f"{LOOP}.pyx"), folder)
    if _is_built([str(folder)], "", HAS_LOOP):
        return True
    _python("-m", "pip", "uninstall", "--quiet", "--yes", LOOP)
    return False


def _is_built(what, cflags, check) -> bool:
    """Install it with all flags, or with those of every compiler. Returns whether it imports.

    rp2040py's set-up continues without a part that does not compile.
    """
    return any(
        _install(what, {"CFLAGS": f"{cflags} {flags}"}) and _python("-c", check)
        for flags in (FLAGS, "")
    )


def _install(what, environment=None) -> bool:
    always = ["--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-deps"]
    return _python("-m", "pip", "install", *always, *what, extra=environment)


def _python(*arguments, extra=None) -> bool:
    environment = {**os.environ, **(extra or {})}
    result = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True)
    return result.returncode == 0


if __name__ == "__main__":
    COMPILED = "The emulator was compiled for this Python.\n"
    NOT_COMPILED = "The emulator could not be compiled: its tests take several times as long.\n"
    sys.stdout.write(COMPILED if compile_all() else NOT_COMPILED)
