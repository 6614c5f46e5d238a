# SPDX-License-Identifier: MIT
"""The commands of the bench about an acceptance: `hil` makes one, `report` the page of one."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from pumpbench.commands.command_line import FAILED, MENDABLE, Json, say

SUITE = Path("host_tests/hil")
RESULTS = Path("build/hil")
_STDERR = 2


def hil(
    target: Annotated[
        str, Option(help="sim, unix, emulator, a serial port or socket://host:port.")
    ] = "sim",
    count: Annotated[int, Option(min=1, help="How often; then the flake rates, too.")] = 1,
    power: Annotated[
        str,
        Option(help="What switches its power: uhubctl:LOCATION/PORT, relay:SERIAL, labgrid:FILE."),
    ] = "",
    wires: Annotated[str, Option(help="Port of the adapter at its button and buzzer.")] = "",
    folder: Annotated[Path, Option(help="Of report and results.")] = RESULTS,
    as_json: Json = False,
) -> int:
    """Accept a pump by its console and its wires. Status 1: a test has failed, 2: unplugged."""
    from pumpbench.images.image import ROOT

    if not (ROOT / SUITE).is_dir():
        raise FileNotFoundError(f"There is no {ROOT / SUITE}: run it in a clone of the project.")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-rs"]
    command += [f"--rig={target}", f"--count={count}"]
    command += [f"--{name}={told}" for name, told in (("power", power), ("wires", wires)) if told]
    command += ["-p", "host_tests.hil.plugin", f"--report={folder.absolute()}"]
    command += ["-o", "junit_family=xunit1", f"--junitxml={folder.absolute() / 'result.xml'}"]
    shown = _STDERR if as_json else None
    status = subprocess.run([*command, str(SUITE)], cwd=ROOT, check=False, stdout=shown).returncode
    if as_json:
        say(json.dumps(_for_machines(folder)))
    return status if status in (0, FAILED) else MENDABLE


def _for_machines(folder: Path) -> dict[str, object]:
    """The results of an acceptance, for JSON; SavedError if it was never begun."""
    from pumpbench.hil.results import BAD
    from pumpbench.hil.saved import PAGE, Folder

    facts, results = Folder(folder).read()
    return {
        "target": facts.target,
        "pump": facts.identity,
        "broke_off": facts.broke_off,
        "tests": [asdict(each) for each in results],
        "passed": not facts.broke_off and all(each.outcome not in BAD for each in results),
        "report": str(folder / PAGE),
    }


def report(
    folder: Annotated[Path, Argument(help="Of an acceptance, finished or not.")] = RESULTS,
) -> int:
    """The page of an acceptance, also of one that broke off. Status 1: a test has failed."""
    from pumpbench.hil.results import BAD, counts
    from pumpbench.hil.saved import Folder

    found = Folder(folder)
    facts, results = found.read()
    page = found.write_page(facts, results)
    say(f"{page}: {counts(results)}")
    if facts.broke_off:
        say(facts.broke_off)
    return FAILED if facts.broke_off or any(each.outcome in BAD for each in results) else 0
