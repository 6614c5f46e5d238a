# SPDX-License-Identifier: MIT
"""The modules of a room of the firmware, merged into one file.

For each module MicroPython stores its path, its name twice, and a table of the names that it
defines and imports: some 200 bytes a module on a board, and a file to open at boot. So the modules
of a package are merged into one, and those directly below `pump` into two: pump.vocabulary, with
those that packages use, and pump.app. Modules that are imported later, or by the board's data (the
HAL), keep files of their own, each with the modules that it alone needs.

Only a name that another module defines, too, or that is local anywhere, is renamed. Nothing else
changes; an undefined name is an error here already.
"""

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from pumpbench.shrink.moving import Module, Mover, Plan, is_import, is_text, once
from pumpbench.shrink.scopes import local_names

APP = "pump.app"
# A board unloads these once the pump is built: files of their own.
BUILDERS = {"pump.assembly", "pump.front"}
VOCABULARY = "pump.vocabulary"
_HAL = "pump.hal"


@dataclass(frozen=True)
class Rooms:
    """files: module name of a file on a board -> source, each after those that it imports.

    at_boot: the merged files that stay loaded.
    """

    files: Mapping[str, str]
    plan: Plan
    at_boot: Collection[str]

    def moved(self, tree: ast.Module) -> ast.Module:
        """A program that imports modules of the firmware, with the imports from their files."""
        body = Mover(Module("", tree, self.plan.homes), self.plan).in_place()
        return ast.fix_missing_locations(ast.Module(body, []))


def together(sources: Mapping[str, str]) -> Rooms:
    """The rooms of a program. sources: name of each module below `pump` -> source."""
    modules = {name: Module(name, ast.parse(text), sources) for name, text in sources.items()}
    at_boot = _at_boot(modules)
    homes = _homes(modules, at_boot)
    shared = {home for home, count in Counter(homes.values()).items() if count > 1}
    plan = Plan(homes, _names(modules, homes, shared), shared)
    contents: dict[str, list[ast.stmt]] = {}
    needs = {home: {home.rpartition(".")[0]} & {*homes.values()} for home in homes.values()}
    for name in _in_order({name: module.needs() for name, module in modules.items()}):
        home, mover = homes[name], Mover(modules[name], plan)
        content = contents.setdefault(home, [])
        content.extend(mover.moved() if home in shared else mover.in_place())
        content[:0] = mover.imports
        needs[home].update({homes[other] for other in modules[name].needs()} - {home})
    files = {
        home: ast.unparse(ast.Module(_tidy(contents[home]), []))
        for home in _in_order(needs)
        if not all(is_text(node) for node in contents[home]) or _has_others(home, needs)
    }
    return Rooms(files, plan, shared & {homes[name] for name in at_boot})


def _at_boot(modules: Mapping[str, Module]) -> set[str]:
    """The modules that are loaded at boot and stay loaded, without those of the HAL."""
    found = _reached(({APP} | BUILDERS) & modules.keys(), modules) - {"pump"} - BUILDERS
    return {name for name in found if not (name + ".").startswith(_HAL + ".")}


def _homes(modules: Mapping[str, Module], at_boot: Collection[str]) -> dict[str, str]:
    """Module -> its file."""
    in_packages = [name for name in at_boot if name.count(".") > 1]
    shared = {name for name in _reached(in_packages, modules) if name.count(".") == 1}
    packages = {".".join(name.split(".")[:2]) for name in in_packages}
    homes = {name: name for name in modules}
    for name in {*at_boot, *(packages & modules.keys())}:
        package = ".".join(name.split(".")[:2])
        if package in packages:
            homes[name] = package
        else:
            homes[name] = VOCABULARY if name in shared else APP
    for name in modules.keys() - {"pump"} - packages - set(at_boot):
        homes[name] = _only_user(name, modules, at_boot)
    return homes


def _only_user(name: str, modules: Mapping[str, Module], at_boot: Collection[str]) -> str:
    """The file of a module loaded later: that of its only user, if there is one; else its own."""
    users = [user for user, module in modules.items() if name in module.needs()]
    is_free = len(users) == 1 and not (users[0] + ".").startswith(_HAL + ".")
    return _only_user(users[0], modules, at_boot) if is_free and users[0] not in at_boot else name


def _reached(first: Iterable[str], modules: Mapping[str, Module]) -> set[str]:
    """These modules and all modules that they need."""
    found: set[str] = set()
    rest = list(first)
    while rest:
        name = rest.pop()
        if name not in found:
            found.add(name)
            rest.extend(modules[name].needs())
    return found


def _names(
    modules: Mapping[str, Module], homes: Mapping[str, str], shared: Collection[str]
) -> dict[tuple[str, str], str]:
    """(module, name) -> its name in the file; in shared files names are made unique."""
    count = Counter(name for module in modules.values() for name in module.defined)
    taken = {name for module in modules.values() for name in module.foreign}
    for module in modules.values():
        taken.update(local_names(module.tree))
    for home in homes.values():
        taken.update(home.split("."))  # an imported module becomes a name of its package
    found = {}
    for number, (module, content) in enumerate(sorted(modules.items())):
        for name in content.defined:
            is_free = count[name] == 1 and name not in taken
            is_free = is_free or homes[module] not in shared
            found[module, name] = name if is_free else f"{name}__{number}"
    return found


def _in_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """All names, each after those that it needs; ImportError for a cycle."""
    sorter = TopologicalSorter({name: sorted(set(found)) for name, found in needs.items()})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        raise ImportError(f"{' -> '.join(error.args[1])} import each other") from None


def _tidy(content: list[ast.stmt]) -> list[ast.stmt]:
    """The content, with the imports at the beginning without duplicates."""
    count = next((i for i, node in enumerate(content) if not is_import(node)), len(content))
    return [ast.fix_missing_locations(node) for node in (*once(content[:count]), *content[count:])]


def _has_others(package: str, homes: Iterable[str]) -> bool:
    return any(home.startswith(package + ".") for home in homes)
