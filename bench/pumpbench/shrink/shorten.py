# SPDX-License-Identifier: MIT
"""Firmware made smaller for a board's heap: constants are inlined, private names are shortened.

MicroPython stores each name that bytecode uses once, some 16 bytes and its letters, and each name
of a module takes an entry in its table.

- A number or identifier that a module declares by `const` is inlined where other modules import
  it, as the compiler does within one module; its name is dropped.
- A private name that is declared by `const` is not changed: the compiler drops it.
- A name with one underscore belongs to its class or module, so `_journal` of one and `_tree` of
  another can both be `a`. Arguments that no call names are private to their function.
- Public names are shortened as well, see `public`.

Nothing else changes; a traceback on a board shows the short names.
"""

import ast
import builtins
import string
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pumpbench.shrink.link import Constants, const_name, linked
from pumpbench.shrink.public import identifiers, renamed, short_names


class Program(NamedTuple):
    """Data about all modules. keywords: names of keyword arguments in calls.

    names: public name -> short name, see `public`.
    """

    keywords: Collection[str]
    constants: Constants
    names: Mapping[str, str] = MappingProxyType({})


def shortened(source: str, module: str, program: Program) -> str:
    """The source of a module of the program, made smaller."""
    tree = renamed(linked(ast.parse(source), module, program.constants), program.names)
    keywords = {program.names.get(name, name) for name in program.keywords}
    used = Counter(identifiers(tree))
    public = {*keywords, *_module_names(tree), *_foreign_names(tree), *dir(builtins), "self"}
    return ast.unparse(_Renamer(tree, used, public).visit(tree))


def is_private(name: str) -> bool:
    """True if a name is private: one underscore, and something after it."""
    return len(name) > 1 and name[0] == "_" and name[1] != "_"


def keywords_in(sources: Iterable[str]) -> frozenset[str]:
    """All names of keyword arguments in calls, and all texts, which may be some (`**options`)."""
    found = set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        if isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return frozenset(found)


def _module_names(tree: ast.Module) -> Iterator[str]:
    """Yield names that other modules can import, and all functions and classes within."""
    for node in tree.body:
        yield from (sub.name for sub in ast.walk(node) if isinstance(sub, _NAMED))
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif not isinstance(node, _NAMED):
            yield from (sub.id for sub in ast.walk(node) if isinstance(sub, ast.Name))


def _foreign_names(node: ast.AST, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield names that a function uses but does not bind: of an assembler, or globals."""
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
    """Shortens private names: of a module, of each class, of each function's arguments.

    Classes use the same few names for their attributes, as these are separate unless they are read
    from anything but `self`; so do functions for their arguments.
    """

    def __init__(self, tree: ast.Module, used: Counter[str], public: Collection[str]) -> None:
        self._used = used
        self._public = public
        both = self._short(_both(tree))
        shared = set(_shared_attributes(tree)) - both.keys()
        names = {name for name in _names(tree) if is_private(name)} - both.keys()
        names -= {const_name(node) for node in tree.body}  # private ones do not exist at run time
        self._globals = {**both, **self._short(names, both.values())}
        self._shared = {**both, **self._short(shared, both.values())}
        self._attributes = self._shared
        self._arguments: dict[str, str] | None = None

    def _short(self, names: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
        """A short name for each, the shortest for those used most."""
        often = sorted(set(names), key=lambda name: (-self._used[name], name))
        free = short_names(string.ascii_lowercase, {*_RESERVED, *self._used, *taken})
        return dict(zip(often, free, strict=False))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if self._attributes is not self._shared or self._arguments is not None:
            return self._named(node)  # a class within a class or function
        own = {name for name in _attributes(node) if is_private(name)} - self._shared.keys()
        self._attributes = {**self._shared, **self._short(own, self._shared.values())}
        node.name = self._globals.get(node.name, node.name)
        self.generic_visit(node)
        self._attributes = self._shared
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if self._arguments is not None:
            return self._named(node)
        is_method = self._attributes is not self._shared
        names = self._attributes if is_method else self._globals
        node.name = names.get(node.name, node.name)
        return self._with_arguments(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return (
            self.generic_visit(node) if self._arguments is not None else self._with_arguments(node)
        )

    def _with_arguments(self, node: ast.FunctionDef | ast.Lambda) -> ast.AST:
        names = dict.fromkeys(sub.arg for sub in ast.walk(node) if isinstance(sub, ast.arg))
        ours = (name for name in names if is_private(name) or name not in self._public)
        free = (f"_{name}" for name in short_names(string.ascii_lowercase, ()))
        free = (name for name in free if name not in self._used)
        self._arguments = dict(zip(ours, free, strict=False))
        self.generic_visit(node)
        self._arguments = None
        return node

    def _named(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        node.name = self._local(node.name)
        return self.generic_visit(node)

    def _local(self, name: str) -> str:
        name = (self._arguments or {}).get(name, name)
        return self._globals.get(name, name)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._local(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._local(node.arg)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._local(node.name)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._local(name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._local(name) for name in node.names]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._attributes.get(node.attr, node.attr)
        return self.generic_visit(node)


def _names(tree: ast.Module) -> Iterator[str]:
    """Yield all plain names in a module, and the names of its definitions except methods."""
    methods = {
        id(part) for node in tree.body if isinstance(node, ast.ClassDef) for part in node.body
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, _NAMED) and id(node) not in methods:
            yield node.name
        elif isinstance(node, ast.ExceptHandler):
            yield node.name or ""


def _attributes(node: ast.AST) -> Iterator[str]:
    """Yield attributes that are used within a class, and its methods."""
    for sub in ast.walk(node):
        if isinstance(sub, ast.Attribute):
            yield sub.attr
        elif isinstance(sub, ast.FunctionDef):
            yield sub.name


def _both(tree: ast.Module) -> Iterator[str]:
    """Yield private names used plain and as attributes: bound in a class, or of an inner one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        found = (sub.id for part in node.body for sub in _plain_names(part))
        if node not in tree.body:
            found = (*found, *_attributes(node))
        yield from (name for name in found if is_private(name))


def _plain_names(node: ast.stmt) -> Iterator[ast.Name]:
    if not isinstance(node, _NAMED):
        yield from (sub for sub in ast.walk(node) if isinstance(sub, ast.Name))


def _shared_attributes(tree: ast.Module) -> Iterator[str]:
    """Yield private attributes read from anything but `self`, or that a class may inherit."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            is_own = isinstance(node.value, ast.Name) and node.value.id == "self"
            found = [] if is_own else [node.attr]
        else:
            found = _attributes(node) if isinstance(node, ast.ClassDef) and node.bases else []
        yield from (name for name in found if is_private(name))
