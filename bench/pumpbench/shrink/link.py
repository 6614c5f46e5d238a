# SPDX-License-Identifier: MIT
"""Constants that modules of the firmware declare by `const`, inlined where others import them.

MicroPython inlines `const` within its own module only; elsewhere the name is looked up at run
time, and takes an entry in two tables. Only values that MicroPython stores in a word are inlined:
small numbers, and texts that are identifiers.
"""

import ast
from collections.abc import Mapping

MOST = (1 << 30) - 1
Constant = int | str
Constants = Mapping[str, Mapping[str, Constant]]  # module -> name -> value


def constants_of(source: str) -> dict[str, Constant]:
    """The public small numbers and identifiers that a module declares by `const`."""
    found: dict[str, Constant] = {}
    for node in ast.parse(source).body:
        name = const_name(node)
        if name and not name.startswith("_"):
            value = _value(node.value.args[0])  # pyright: ignore[reportAttributeAccessIssue]
            if value is not None:
                found[name] = value
    return found


def linked(tree: ast.Module, module: str, constants: Constants) -> ast.Module:
    """The module `module`, with the constants of others inlined and its own made private."""
    own = constants.get(module, {})
    imported, modules = _imports(tree, constants)
    tree = _Linker(own, imported, modules).visit(tree)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    tree.body = [node for node in tree.body if _drop_unused(node, set(modules) - used)]
    return ast.fix_missing_locations(tree)


def _imports(
    tree: ast.Module, constants: Constants
) -> tuple[dict[str, Constant], dict[str, Mapping[str, Constant]]]:
    """(name -> value, name of a module -> its constants) of the imports at the top."""
    values: dict[str, Constant] = {}
    modules: dict[str, Mapping[str, Constant]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        for alias in node.names:
            name = alias.asname or alias.name
            whole = f"{node.module}.{alias.name}"
            if whole in constants:
                modules[name] = constants[whole]
            elif alias.name in constants.get(node.module, {}):
                values[name] = constants[node.module][alias.name]
    return values, modules


class _Linker(ast.NodeTransformer):
    """own: of this module, which are made private. imported, modules: see `_imports`."""

    def __init__(
        self,
        own: Mapping[str, Constant],
        imported: Mapping[str, Constant],
        modules: Mapping[str, Mapping[str, Constant]],
    ) -> None:
        self._own = own
        self._imported = imported
        self._modules = modules

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._imported:
            return ast.Constant(self._imported[node.id])
        if node.id in self._own:
            node.id = f"_{node.id}_"  # a form that no module uses
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name):
            value = self._modules.get(node.value.id, {}).get(node.attr)
            if value is not None:
                return ast.Constant(value)
        self.generic_visit(node)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        node.names = [a for a in node.names if (a.asname or a.name) not in self._imported]
        return node if node.names else None


def _drop_unused(node: ast.stmt, unused: set[str]) -> bool:
    """Remove unused modules from an import; returns False if nothing is left."""
    if isinstance(node, ast.ImportFrom):
        node.names = [a for a in node.names if (a.asname or a.name) not in unused]
        return bool(node.names)
    return True


def const_name(node: ast.stmt) -> str:
    """The name in `NAME = const(...)`, or ""."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return ""
    target, value = node.targets[0], node.value
    is_const = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const"
    return target.id if is_const and isinstance(target, ast.Name) else ""


def _value(node: ast.expr) -> Constant | None:
    """The value of an expression without names, if it is small; else None."""
    if any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(node)):
        return None
    value = eval(compile(ast.Expression(node), "const", "eval"), {"__builtins__": {}})
    if isinstance(value, str):
        return value if value.isidentifier() else None
    return value if type(value) is int and abs(value) <= MOST else None
