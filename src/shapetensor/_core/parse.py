"""Dimensions from text."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from .dims import Dim, simplify

if TYPE_CHECKING:
    import ast

# Bounds against text that would hang who reads it.
_MAX_TEXT = 200
_MAX_DEPTH = 64

_OPERATORS: dict[str, Callable[[Dim, Dim], Dim]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "FloorDiv": operator.floordiv,
}


def parse_dim(text: str, name: Callable[[str], Dim]) -> Dim:
    """The dimension that `text`, such as "2*T + D//H", spells; `name` gives the dimension of an identifier.

    Raises ValueError for anything but names, ints, + - * // and parentheses.
    """
    import ast

    if len(text) > _MAX_TEXT:
        raise ValueError(f"a dimension has at most {_MAX_TEXT} characters, got {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _not_a_dimension(text) from None
    try:
        return simplify(_evaluate(tree.body, name, 0))
    except ZeroDivisionError:
        raise ValueError(f"the dimension {text!r} divides by zero") from None


def _evaluate(node: ast.expr, name: Callable[[str], Dim], depth: int) -> Dim:
    import ast

    if depth > _MAX_DEPTH:
        raise ValueError(f"a dimension is nested at most {_MAX_DEPTH} deep")
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        return name(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluate(node.operand, name, depth + 1)
    if isinstance(node, ast.BinOp) and type(node.op).__name__ in _OPERATORS:
        left, right = _evaluate(node.left, name, depth + 1), _evaluate(node.right, name, depth + 1)
        return _OPERATORS[type(node.op).__name__](left, right)
    raise _not_a_dimension(ast.unparse(node))


def _not_a_dimension(text: str) -> ValueError:
    return ValueError(f"not a dimension: {text!r} (use names, ints, + - * // and parentheses)")
