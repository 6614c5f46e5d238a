# SPDX-License-Identifier: MIT
"""The scopes in which names of a Python module are bound: functions, classes, comprehensions."""

import ast
from collections.abc import Iterable, Iterator

_SCOPE = (
    ast.FunctionDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)


def arguments_of(node: ast.FunctionDef | ast.Lambda) -> Iterator[str]:
    """The names of its arguments."""
    yield from (part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg))


def bound_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield names bound in this scope, not in a function, class or comprehension within."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
            continue
        yield from _bound(node, top=True)


def _bound(node: ast.AST, *, top: bool = False) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, _SCOPE) and not top:
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, ast.ImportFrom | ast.Import):
        yield from (alias.asname or alias.name for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def local_names(tree: ast.Module) -> Iterator[str]:
    """Yield every name that is local in a scope within a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from (*arguments_of(node), *bound_in(node.body))
        elif isinstance(node, ast.Lambda):
            yield from arguments_of(node)
        elif isinstance(node, ast.ClassDef):
            yield from bound_in(node.body)
        elif isinstance(node, _SCOPE):
            yield from bound_in([node])
