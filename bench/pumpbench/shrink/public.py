# SPDX-License-Identifier: MIT
"""Public names of the firmware made short for a board, consistently in all its modules.

MicroPython stores the letters of every name. A name can be changed if it is changed everywhere and
is not known outside the firmware. These are kept: names that hardware or MicroPython may know (all
attributes used in the HAL, attributes and arguments of modules outside the firmware, those of
built-in types), names of modules, data of boards, and every text that is an identifier. Names that
main.py uses are kept, too, so that main.py does not change.
"""

import ast
import builtins
import io
import itertools
import re
import string
from collections.abc import Collection, Iterable, Iterator, Mapping

_TYPES = (
    object,
    int,
    str,
    bytes,
    bytearray,
    memoryview,
    list,
    tuple,
    dict,
    set,
    BaseException,
    io.TextIOWrapper,
    io.FileIO,
)
_OTHERS = {
    "self",
    "key",
    "reverse",
    "digest",
}  # arguments of built-in functions, and a method of hashes
_HAL = "pump.hal"
_WORD = re.compile(r"[A-Za-z_]\w*")


def public_names(modules: Mapping[str, str], outside: Iterable[str]) -> dict[str, str]:
    """Name -> short name. modules: name -> source, of all the firmware; outside: other sources."""
    trees = {module: ast.parse(source) for module, source in modules.items()}
    kept = set(_OTHERS) | set(dir(builtins))
    kept.update(*(dir(type_) for type_ in _TYPES))
    kept.update(part for module in modules for part in module.split("."))
    kept.update(word for source in outside for word in _WORD.findall(source))
    for module, tree in trees.items():
        kept.update(_known_outside(tree, module.startswith(_HAL)))
    ours = {name for tree in trees.values() for name in _defined(tree)}
    taken = kept | {name for tree in trees.values() for name in identifiers(tree)}
    names = sorted(name for name in ours - kept if len(name) > 3 and name[0] != "_")
    # No module's private short name has a capital.
    return dict(zip(names, short_names(string.ascii_uppercase, taken), strict=False))


def renamed(tree: ast.Module, names: Mapping[str, str]) -> ast.Module:
    """A module with its names replaced, also in `from pump.x import name`."""
    _Renamer(names).visit(tree)
    return tree


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Yield every name that a module uses, once for each use."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "arg", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield name


def short_names(letters: str, taken: Collection[str]) -> Iterator[str]:
    """Yield a, b ... z, aa, ab ... of these letters, without taken ones."""
    for length in itertools.count(1):
        for chosen in itertools.product(letters, repeat=length):
            if (name := "".join(chosen)) not in taken:
                yield name


def _defined(tree: ast.AST) -> Iterator[str]:
    """Yield names of functions, classes, arguments and attributes, and assigned names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
    if isinstance(tree, ast.Module):
        for node in tree.body:
            for sub in ast.walk(node) if isinstance(node, ast.Assign) else ():
                if isinstance(sub, ast.Name) and isinstance(sub.ctx, ast.Store):
                    yield sub.id


def _known_outside(tree: ast.AST, is_hal: bool) -> Iterator[str]:
    """Yield names that may be known outside the firmware."""
    foreign = set(_foreign_modules(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute):
            is_foreign = isinstance(node.value, ast.Name) and node.value.id in foreign
            if is_hal or is_foreign:
                yield node.attr
        elif isinstance(node, ast.keyword) and node.arg and is_hal:
            yield node.arg
        elif isinstance(node, ast.ImportFrom) and not _is_ours(node.module):
            yield from (alias.name for alias in node.names)
    if is_hal:
        yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    yield from foreign


def _foreign_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name for alias in node.names)


def _is_ours(module: str | None) -> bool:
    return module is not None and module.split(".")[0] == "pump"


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names if _is_ours(node.module) else ():
                alias.name = self._names.get(alias.name, alias.name)
                alias.asname = self._names.get(alias.asname or "", alias.asname)
            return node
        if isinstance(node, ast.alias):
            return node
        for field in ("id", "attr", "name", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name in self._names:
                setattr(node, field, self._names[name])
        return self.generic_visit(node)
