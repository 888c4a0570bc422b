"""Functions that users define: how errors call them, and whether their parameters say anything of shapes."""

from __future__ import annotations

from typing import Any, NamedTuple

from mypy.nodes import Decorator, FuncDef, OverloadedFuncDef, SymbolNode, TypeInfo
from mypy.types import CallableType, Type, get_proper_type

from .types import mentions


class Callee(NamedTuple):
    """A function: its name with that of its class, and whether it is one of several overloads."""

    name: str
    overloaded: bool


class Definitions:
    """Finds functions by their full names; `lookup` is the plugin's."""

    def __init__(self, lookup: Any) -> None:
        self._lookup = lookup

    def callee(self, fullname: str) -> Callee | None:
        """The function, if its parameters may say anything of shapes; of one inside another only the name is known."""
        if "." not in fullname:
            return Callee(fullname, False)
        node = self._node(fullname)
        items = node.items if isinstance(node, OverloadedFuncDef) else [node]
        if not any(mentions(t) for item in items for t in _parameters(item)):
            return None
        first = items[0].func if isinstance(items[0], Decorator) else items[0]
        name = fullname.rpartition(".")[2]
        if isinstance(first, FuncDef) and first.info and first.name not in ("__init__", "__new__"):
            name = f"{first.info.name}.{name}"
        return Callee(name, isinstance(node, OverloadedFuncDef))

    def _node(self, fullname: str) -> SymbolNode | None:
        """The definition; of a class that of its `__init__`."""
        node = self._symbol(fullname)
        if node is None:
            owner, _, name = fullname.rpartition(".")
            node = self._symbol(owner)
            return _member(node, name) if isinstance(node, TypeInfo) else None
        if isinstance(node, TypeInfo):
            return _member(node, "__new__" if node.is_named_tuple else "__init__")
        return node

    def _symbol(self, fullname: str) -> SymbolNode | None:
        try:
            symbol = self._lookup(fullname)
        except (AssertionError, KeyError):  # mypy's, for names in modules that it has not loaded
            return None
        return symbol.node if symbol is not None else None


def _member(info: TypeInfo, name: str) -> SymbolNode | None:
    found = info.get(name)
    return found.node if found is not None else None


def _parameters(node: SymbolNode | None) -> list[Type]:
    function = node.func if isinstance(node, Decorator) else node
    t = get_proper_type(function.type) if isinstance(function, FuncDef) and function.type else None
    return t.arg_types if isinstance(t, CallableType) else []
