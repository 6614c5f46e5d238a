# SPDX-License-Identifier: MIT
"""A module of the firmware rewritten for a file that it shares with others, see `rooms`."""

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pumpbench.shrink.scopes import arguments_of, bound_in

_KNOWN = {*dir(builtins), "const"}
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Plan(NamedTuple):
    """The files of the modules.

    homes: module -> its file. names: (module, name) -> its name in that file. shared: files of
    more than one module.
    """

    homes: Mapping[str, str]
    names: Mapping[tuple[str, str], str]
    shared: Collection[str]


@dataclass
class Module:
    """A module, and its imports. all_names: the names of all modules."""

    name: str
    tree: ast.Module
    all_names: Collection[str]
    modules: dict[str, str] = field(default_factory=dict)  # name here -> module
    imported: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # name here -> module, name there
    foreign: dict[str, ast.stmt] = field(default_factory=dict)  # name here -> the import

    def __post_init__(self) -> None:
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.foreign[alias.asname or alias.name] = ast.Import([alias])
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._take(node.module or "", alias)
        body = (node for node in self.tree.body if not is_import(node))
        self.defined = set(bound_in(body))

    def _take(self, module: str, alias: ast.alias) -> None:
        name = alias.asname or alias.name
        if f"{module}.{alias.name}" in self.all_names:
            self.modules[name] = f"{module}.{alias.name}"
        elif module in self.all_names:
            self.imported[name] = module, alias.name
        else:
            self.foreign[name] = ast.ImportFrom(module, [alias], 0)

    def needs(self) -> Iterator[str]:
        """Yield the modules that it imports when it is loaded, packages included."""
        yield from self.modules.values()
        yield from (module for module, _ in self.imported.values())


class Mover(ast.NodeTransformer):
    """Renames the names of a module to those in its file.

    imports: the imports that the file needs for it, valid after `moved` or `in_place`.
    """

    def __init__(self, module: Module, plan: Plan) -> None:
        self._module = module
        self._plan = plan
        self._home = plan.homes.get(module.name, "")
        self._needed: dict[str, list[ast.stmt]] = {}  # name here -> imports
        self._scopes: list[set[str]] = []

    @property
    def imports(self) -> list[ast.stmt]:
        return [node for nodes in self._needed.values() for node in nodes]

    def moved(self) -> list[ast.stmt]:
        """The statements of a module, without its imports."""
        body = [node for node in self._module.tree.body if not (is_import(node) or is_text(node))]
        return [self.visit(node) for node in body]

    def in_place(self) -> list[ast.stmt]:
        """The statements of a module in a file of its own, with the imports in their places."""
        body = self._module.tree.body
        others = {id(node): self.visit(node) for node in body if not is_import(node)}
        found: list[ast.stmt] = []
        for node in body:
            if is_import(node):
                found.extend(self._imports_of(node))
            else:
                found.append(others[id(node)])
        self._needed = {}
        return found

    def _imports_of(self, node: ast.stmt) -> list[ast.stmt]:
        """The imports that replace an import."""
        found: list[ast.stmt] = []
        for alias in node.names:  # pyright: ignore[reportAttributeAccessIssue]
            name = alias.asname or alias.name
            own = self._module.foreign.get(name)
            if name in self._module.imported:
                self._of(*self._module.imported[name], name)  # also if it is not used
            found.extend(self._needed.get(name, []) if own is None else [own])
        return once(found)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if any(node.id in scope for scope in self._scopes):
            return node
        node.id = self._global(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        module = self._module.modules.get(name)
        is_local = any(name in scope for scope in self._scopes)
        if module is None or is_local or self._plan.homes[module] not in self._plan.shared:
            return self.generic_visit(node)
        return ast.Name(self._of(module, node.attr, name), node.ctx)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        """Rewrite an import within a function."""
        homes = self._plan.homes
        module = node.module or ""
        for alias in node.names:
            whole = f"{module}.{alias.name}"
            if homes.get(whole) in self._plan.shared:
                raise ImportError(f"{self._module.name} imports {whole} not at its top")
            if whole not in homes and module in homes:
                name = alias.asname or alias.name
                node.module, alias.name = homes[module], self._called(module, alias.name)
                alias.asname = _other(name, alias.name)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if not self._scopes and node.name in self._module.defined:
            node.name = self._global(node.name)
        node.decorator_list = [self.visit(part) for part in node.decorator_list]
        arguments = node.args
        arguments.defaults = [self.visit(part) for part in arguments.defaults]
        arguments.kw_defaults = [part and self.visit(part) for part in arguments.kw_defaults]
        self._scopes.append({*arguments_of(node), *bound_in(node.body)})
        node.body = [self.visit(part) for part in node.body]
        self._scopes.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        if not self._scopes and node.name in self._module.defined:
            node.name = self._global(node.name)
        node.bases = [self.visit(base) for base in node.bases]
        own = set(bound_in(node.body))  # not visible in its methods
        for index, part in enumerate(node.body):
            if isinstance(part, ast.FunctionDef):
                node.body[index] = self._method(part)
            else:
                self._need_one_meaning(part, own)
                self._scopes.append(own)
                node.body[index] = self.visit(part)
                self._scopes.pop()
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        raise NameError(f"{self._module.name}: no name may be declared global: {node.names}")

    def _need_one_meaning(self, part: ast.stmt, own: set[str]) -> None:
        """Raise NameError for a name that is read in a class and bound in class and module."""
        ours = own & {*self._module.defined, *self._module.imported}
        for sub in ast.walk(part):
            if isinstance(sub, ast.Name) and isinstance(sub.ctx, ast.Load) and sub.id in ours:
                raise NameError(f"{self._module.name}: {sub.id} means two things in a class")

    def _method(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self._scopes.append(set())  # its name belongs to the class
        method = self.visit_FunctionDef(node)
        self._scopes.pop()
        return method

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        node.args.defaults = [self.visit(part) for part in node.args.defaults]
        self._scopes.append(set(arguments_of(node)))
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def _comprehension(self, node: _Comprehension) -> ast.AST:
        first = node.generators[0]
        outer = self.visit(first.iter)  # outside the scope of the comprehension
        first.iter = ast.Constant(None)
        self._scopes.append(set(bound_in([node])))
        self.generic_visit(node)
        self._scopes.pop()
        first.iter = outer
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._comprehension(node)

    def _global(self, name: str) -> str:
        """The name of a global in the file; notes the import that the file needs for it."""
        module = self._module
        if name in module.defined:
            return self._plan.names.get((module.name, name), name)
        if name in module.imported:
            return self._of(*module.imported[name], name)
        if name in module.foreign:
            self._need(name, module.foreign[name])
        elif name in module.modules:
            package, _, last = module.modules[name].rpartition(".")
            self._need(name, ast.ImportFrom(package, [ast.alias(last, _other(name, last))], 0))
        elif self._home in self._plan.shared and name not in _KNOWN:
            raise NameError(f"{module.name} uses {name}, which nothing defines")
        return name

    def _of(self, module: str, name: str, here: str) -> str:
        """The name in the file of a name of another module. here: its name in this module."""
        called = self._called(module, name)
        home = self._plan.homes[module]
        if home != self._home:
            self._need(here, ast.ImportFrom(home, [ast.alias(called)], 0))
        return called

    def _called(self, module: str, name: str) -> str:
        if (module, name) not in self._plan.names:
            raise ImportError(f"{self._module.name} imports {name}, which {module} has not")
        return self._plan.names[module, name]

    def _need(self, here: str, node: ast.stmt) -> None:
        self._needed.setdefault(here, []).append(node)


def _other(name: str, original: str) -> str | None:
    return None if name == original else name


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def once(imports: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The imports without duplicates, all from one module in one statement."""
    plain: dict[str, ast.stmt] = {}
    names: dict[str, dict[str, ast.alias]] = {}
    for node in imports:
        if isinstance(node, ast.ImportFrom):
            found = names.setdefault(node.module or "", {})
            found.update({ast.unparse(alias): alias for alias in node.names})
        else:
            plain[ast.unparse(node)] = node
    gathered = [ast.ImportFrom(name, [*found.values()], 0) for name, found in names.items()]
    return [ast.fix_missing_locations(node) for node in [*plain.values(), *gathered]]
