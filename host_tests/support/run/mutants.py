# SPDX-License-Identifier: MIT
"""`make mutants`: are the tests of what matters able to fail? By cosmic-ray, within minutes.

Each mutant is one change of one spot of a module in mutants.toml: a comparison turned, a number
one off, a condition negated. Its tests run in a copy of the project; a mutant that they do not
kill is printed. Which ones are tried, out of thousands, the seed decides. Exit status 1: a mutant
survived whose reason is not in mutants.toml.
"""

import argparse
import os
import random
import resource
import shlex
import shutil
import sys
import time
import tomllib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "mutants"
PARTS = ("firmware", "bench", "boards", "host_tests", "pyproject.toml")
PUMP = Path("firmware/pump")
LONGEST_S = 900  # that the tests of a module may take without a mutant
PATIENCE = 3  # times as long they may take with one, and no less than LEAST_S
LEAST_S = 60
MOST_BYTES = 4 << 30
ONLY = "not emulator and not unix and not long"


def main(arguments=None):
    options = parsed(arguments)
    table = tomllib.loads((ROOT / "host_tests" / "mutants.toml").read_text())
    modules = {name: tests for name, tests in table["modules"].items() if options.only in name}
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    end_s = time.monotonic() + 60 * options.minutes
    killed, tried, survivors = Counter(), Counter(), []
    with ProcessPoolExecutor(2, initializer=settle) as pool:
        took_s = dict(zip(modules, pool.map(green_s, modules.values()), strict=True))
        if red := [name for name, seconds in took_s.items() if seconds is None]:
            sys.exit(f"these tests fail without any mutant: {', '.join(red)}")
        waiting = iter(shuffled(modules, options.seed))
        limits_s = {name: max(PATIENCE * seconds, LEAST_S) for name, seconds in took_s.items()}
        first = (work for work, _ in zip(waiting, range(4), strict=False))
        running = {pool.submit(judged, *work, limits_s[work[0]]) for work in first}
        while running:
            done = next(as_completed(running))
            running.discard(done)
            name, is_killed, diff = done.result()
            if is_killed is not None:
                tried[name] += 1
                killed[name] += is_killed
                if not is_killed:
                    survivors.append((name, diff))
                    print(f"survived in {name}:\n{diff}\n", flush=True)
            if time.monotonic() < end_s and (work := next(waiting, None)) is not None:
                running.add(pool.submit(judged, *work, limits_s[work[0]]))
    for name in modules:
        print(f"{name}: {killed[name]} of {tried[name]} killed")
    whole = sum(tried.values())
    print(f"mutation score: {sum(killed.values())} of {whole}, seed {options.seed}")
    known = {(row["module"], row["line"]) for row in table.get("explained", ())}
    new = [each for each in survivors if not any((each[0], line) in known for line in lines(each))]
    print(f"{len(survivors) - len(new)} survivors are explained, {len(new)} are not")
    return 1 if new else 0


def parsed(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="new mutants are begun so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="modules whose name has this in it")
    return parser.parse_args(arguments)


def shuffled(modules, seed):
    """(module, its tests, mutation) of every mutant there is; each module has its turn."""
    queues = []
    for name, tests in modules.items():
        with use_db(str(BUILD / f"{name.replace('/', '-')}.sqlite")) as database:
            init([PUMP / name], database, {})
            mutations = [item.mutations for item in database.work_items]
        mutations.sort(key=repr)
        random.Random(f"{seed} {name}").shuffle(mutations)
        queues.append([(name, tests, each) for each in mutations])
    for turn in range(max(map(len, queues))):
        yield from (queue[turn] for queue in queues if turn < len(queue))


def settle():
    """A worker's own copy of the project, and of the memory: some mutants want all of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    home = BUILD / str(os.getpid())
    home.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, home / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, home / part)
    os.chdir(home)
    os.environ["PYTHONPATH"] = str(home / "bench")


def command(tests):
    paths = [f"host_tests/{test}" for test in tests]
    options = ("-x", "-q", "-p", "no:cacheprovider", "--target=sim", "-m", ONLY)
    return shlex.join((sys.executable, "-m", "pytest", *options, *paths))


def green_s(tests):
    """How long the tests take without a mutant; None where they fail, or take too long."""
    start_s = time.monotonic()
    is_green = run_tests(command(tests), LONGEST_S)[0] == TestOutcome.SURVIVED
    return time.monotonic() - start_s if is_green else None


def judged(name, tests, mutations, limit_s):
    """(module, whether its tests killed it or None where there was nothing to change, diff)."""
    result = mutate_and_test(mutations, command(tests), limit_s)
    if result.worker_outcome != WorkerOutcome.NORMAL:
        return name, None, ""
    return name, result.test_outcome != TestOutcome.SURVIVED, result.diff


def lines(survivor):
    """The lines that were changed, as they stand in the module."""
    _, diff = survivor
    changed = [line[1:].strip() for line in diff.splitlines() if line.startswith("-")]
    return [line for line in changed if not line.startswith("--")]


if __name__ == "__main__":
    sys.exit(main())
