# SPDX-License-Identifier: MIT
"""Firmware made smaller for a board's heap: what its modules share is linked, private names short.

MicroPython keeps each name that bytecode uses once, some 16 bytes and its letters, and each name
of a module takes a place in its table.

- A number or name that a module declares by `const` is put in where other modules import it, as
  the compiler does within one module, and what it was called is gone.
- A name with one underscore belongs to its module, so `_journal` of one and `_tree` of another can
  both be `a`. Arguments that no call names are as private.

- Public names are short as well, see `public`.

Nothing else changes; a traceback on a board shows the short names.
"""

import ast
import builtins
import string
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pumpbench.link import Constants, linked
from pumpbench.public import identifiers, renamed, short_names


class Program(NamedTuple):
    """What has to be known of all modules. keywords: names that calls give arguments by.

    names: short ones for public names, see `public`.
    """

    keywords: Collection[str]
    constants: Constants
    names: Mapping[str, str] = MappingProxyType({})


def shortened(source: str, module: str, program: Program) -> str:
    """A module of the program, made smaller."""
    tree = renamed(linked(ast.parse(source), module, program.constants), program.names)
    keywords = {program.names.get(name, name) for name in program.keywords}
    used = Counter(identifiers(tree))
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    public = {*keywords, *_module_names(tree), *_foreign_names(tree), *dir(builtins), "self"}
    ours = [name for name, _ in used.most_common() if is_private(name) or name in arguments]
    ours = [name for name in ours if is_private(name) or name not in public]
    free = short_names(string.ascii_lowercase, _RESERVED | used.keys())
    return ast.unparse(_Renamer(dict(zip(ours, free, strict=False))).visit(tree))


def is_private(name: str) -> bool:
    """Whether a name belongs to its module: one underscore, and something behind it."""
    return len(name) > 1 and name[0] == "_" and name[1] != "_"


def keywords_in(sources: Iterable[str]) -> frozenset[str]:
    """All names that calls in the sources give arguments by, or texts could (`**options`)."""
    found = set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        if isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return frozenset(found)


def _module_names(tree: ast.Module) -> Iterator[str]:
    """What other modules can import from this one, and the functions and classes within."""
    for node in tree.body:
        yield from (sub.name for sub in ast.walk(node) if isinstance(sub, _NAMED))
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif not isinstance(node, _NAMED):
            yield from (sub.id for sub in ast.walk(node) if isinstance(sub, ast.Name))


def _foreign_names(node: ast.AST, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names that a function uses and nothing around it has: those of an assembler, of a global."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        stored = (sub for sub in ast.walk(node) if isinstance(sub, ast.Name))
        known |= {sub.id for sub in stored if isinstance(sub.ctx, ast.Store)}
        known |= {sub.arg for sub in ast.walk(node.args) if isinstance(sub, ast.arg)}
    if isinstance(node, ast.Name) and node.id not in known:
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _foreign_names(child, known)


_NAMED = ast.FunctionDef | ast.ClassDef
_RESERVED = frozenset(("as", "if", "in", "is", "or"))


class _Renamer(ast.NodeTransformer):
    """Gives names of every kind their new ones."""

    def __init__(self, renamed: dict[str, str]) -> None:
        self._renamed = renamed

    def visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.keyword | ast.alias):
            for field in ("id", "attr", "name", "arg"):
                name = getattr(node, field, None)
                if not isinstance(name, str) or name not in self._renamed:
                    continue
                if field != "attr" or is_private(name):
                    setattr(node, field, self._renamed[name])
        return self.generic_visit(node)
