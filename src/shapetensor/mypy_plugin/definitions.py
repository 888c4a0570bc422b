"""Functions that users define: how errors call them, and whether their parameters say anything of shapes."""

from __future__ import annotations

from typing import NamedTuple

from mypy.nodes import Decorator, FuncDef, OverloadedFuncDef, SymbolNode, TypeInfo
from mypy.types import CallableType, Type, get_proper_type

from .types import Types, mentions


class Callee(NamedTuple):
    """A function: its name with that of its class, whether it is one of several overloads, and its parameters.

    `parameters` is empty where those of the signature do, which has no names for operators.
    """

    name: str
    overloaded: bool = False
    parameters: tuple[str | None, ...] = ()


class Definitions:
    """Finds functions by their full names."""

    def __init__(self, types: Types) -> None:
        self._types = types

    def callee(self, fullname: str) -> Callee | None:
        """The function, if its parameters may say anything of shapes; of one inside another only the name is known."""
        if "." not in fullname:
            return Callee(fullname)
        node = self._node(fullname)
        items = node.items if isinstance(node, OverloadedFuncDef) else [node]
        if not any(mentions(t) for item in items for t in _parameters(item)):
            return None
        first = items[0].func if isinstance(items[0], Decorator) else items[0]
        name, overloaded = fullname.rpartition(".")[2], isinstance(node, OverloadedFuncDef)
        if not isinstance(first, FuncDef):
            return Callee(name, overloaded)
        if first.info and first.name not in ("__init__", "__new__"):
            name = f"{first.info.name}.{name}"
        bound = first.info and (not first.is_static or first.name == "__new__")
        return Callee(name, overloaded, _names(first)[1 if bound else 0 :])

    def _node(self, fullname: str) -> SymbolNode | None:
        """The definition; of a class that of its `__init__`."""
        node = self._types.node(fullname)
        if node is None:
            owner, _, name = fullname.rpartition(".")
            node = self._types.node(owner)
            return _member(node, name) if isinstance(node, TypeInfo) else None
        if isinstance(node, TypeInfo):
            return _member(node, "__new__" if node.is_named_tuple else "__init__")
        return node


def _names(function: FuncDef) -> tuple[str | None, ...]:
    """The names of the parameters, those of operators too; mypy keeps none of a function that comes from its cache."""
    try:
        return tuple(argument.variable.name for argument in function.arguments)
    except AttributeError:
        return tuple(function.arg_names)


def _member(info: TypeInfo, name: str) -> SymbolNode | None:
    found = info.get(name)
    return found.node if found is not None else None


def _parameters(node: SymbolNode | None) -> list[Type]:
    function = node.func if isinstance(node, Decorator) else node
    t = get_proper_type(function.type) if isinstance(function, FuncDef) and function.type else None
    return t.arg_types if isinstance(t, CallableType) else []
