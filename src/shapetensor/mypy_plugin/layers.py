"""Layers of `shapetensor.nn`: made of their types, run, and made types of again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from mypy.expandtype import expand_type_by_instance
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import ARG_POS, Context, Expression, NameExpr, TempNode, TypeInfo, Var
from mypy.types import (
    CallableType,
    Instance,
    TupleType,
    Type,
    TypeVarTupleType,
    TypeVarType,
    UnpackType,
    get_proper_type,
)

from .._core.dims import UNKNOWN
from .._core.errors import ShapeError
from .._core.paths import Undecidable
from .names import Definition, Names
from .types import ANY_AXES, Types
from .worlds import Result, common

_NN = "shapetensor.nn."
_RUN = ("__call__", "training")


@cache
def layer(fullname: str) -> Any:
    """The class of a layer of the library, None for anything else."""
    module, _, name = fullname.rpartition(".")
    if not fullname.startswith(_NN) or module == f"{_NN}module":
        return None
    from ..nn import Module

    found = getattr(import_module(module), name, None)
    return found if isinstance(found, type) and issubclass(found, Module) else None


@cache
def layer_method(fullname: str) -> Any:
    """`__call__` or `training` of a layer of the library."""
    owner, _, name = fullname.rpartition(".")
    kind = layer(owner) if name in _RUN else None
    return None if kind is None else getattr(kind, name)


class Caller:
    """How mypy checks a call at one place in the user's code."""

    def __init__(self, api: Any, context: Context, names: Names, *, arguments_known: bool) -> None:
        """`arguments_known` says whether mypy has inferred the arguments already."""
        self._api, self._context, self._names = api, context, names
        self._known = arguments_known
        self._types: dict[Expression, Type] = {}

    def type_of(self, e: Expression) -> Type:
        """The type of an expression in the call, or in a definition before it."""
        if e not in self._types:
            self._types[e] = self.recorded(e) if self._known else self._api.get_expression_type(e)
        return self._types[e]

    def recorded(self, e: Expression) -> Type:
        """The type that an expression had where it stands; names may have been narrowed since."""
        try:
            found: Type = self._api.lookup_type(e)
        except KeyError:
            found = self._api.get_expression_type(e)
        return found

    def definition(self, name: NameExpr) -> Definition | None:
        """What a name is, if it is assigned once."""
        return self._names.definition(name, self._api)

    def result(self, function: Type, argument: Type) -> Type:
        """What a function, or an object that can be called, makes of an argument.

        Raises:
            ShapeError: with mypy's text, if it does not take such an argument.
        """
        with self._api.msg.filter_errors(save_filtered_errors=True) as watcher:
            found = self._checked(get_proper_type(function), TempNode(argument, context=self._context))
        errors = [e for e in watcher.filtered_errors() if e.severity == "error"]
        if errors:
            raise ShapeError(errors[0].message)
        return found

    def _checked(self, function: Type, node: TempNode) -> Type:
        checker: Any = self._api.expr_checker
        if isinstance(function, Instance):
            found = checker.check_method_call_by_name("__call__", function, [node], [ARG_POS], self._context)
        elif isinstance(function, CallableType):
            name = function.definition.fullname if function.definition is not None else None
            if name is not None:
                function = checker.transform_callee_type(name, function, [node], [ARG_POS], self._context)
            found = checker.check_call(function, [node], [ARG_POS], self._context, callable_name=name)
        else:
            raise Undecidable
        result: Type = found[0]
        return result


def fields(t: Instance) -> list[tuple[str, Type]]:
    """The fields of a layer, base classes first, and their types in this instance."""
    found: dict[str, Type] = {}
    for info in reversed(t.type.mro):
        own = map_instance_to_supertype(t, info) if info.fullname.startswith(_NN) else None
        for name, symbol in info.names.items() if own is not None else ():
            node = symbol.node
            if isinstance(node, Var) and node.type is not None and not node.is_classvar and own is not None:
                found[name] = expand_type_by_instance(node.type, own)
    return list(found.items())


def instance_of(types: Types, info: TypeInfo, results: list[Result]) -> Instance | None:
    """The type of a layer that was made: each type variable is read from the field that it is the type of."""
    variables = info.defn.type_vars
    args: list[Type] = []
    for variable in variables:
        name = _field_of(info, variable)
        if name is None:
            return None
        values = [getattr(r.value, name) for r in results]
        if isinstance(variable, TypeVarTupleType):
            args += map(types.of_dim, _axes(values))
        else:
            found = common(values)
            args.append(types.of_dim(UNKNOWN if found is None else found))
    return Instance(info, args)


def _axes(values: list[Any]) -> list[Any]:
    if len({len(v) for v in values}) != 1:
        return [ANY_AXES]
    axes = [common(list(sizes)) for sizes in zip(*values, strict=True)]
    return [UNKNOWN if n is None else n for n in axes]


def _field_of(info: TypeInfo, variable: Any) -> str | None:
    """The field whose type is the variable, or a tuple of it."""
    for name, symbol in info.names.items():
        t = get_proper_type(symbol.node.type) if isinstance(symbol.node, Var) and symbol.node.type else None
        if isinstance(t, TypeVarType) and t.id == variable.id and _is_int(t):
            return name
        if isinstance(t, TupleType) and len(t.items) == 1 and isinstance(item := t.items[0], UnpackType):
            inner = get_proper_type(item.type)
            if isinstance(inner, TypeVarTupleType) and inner.id == variable.id and name != "layers":
                return name
    return None


def _is_int(t: TypeVarType) -> bool:
    bound = get_proper_type(t.upper_bound)
    return isinstance(bound, Instance) and bound.type.fullname == "builtins.int"


class UserLayer:
    """A layer of which only the type is known: mypy says what it makes of a tensor."""

    def __init__(self, call: Callable[[Any], Any]) -> None:
        self._call = call

    def __call__(self, x: Any) -> Any:
        return self._call(x)
