"""Dimensions in annotations: `L["B*T"]` becomes arithmetic on the type variables of the function.

An identifier in such a text is a type variable in scope, else a lower-case axis of its own; anything else is a
mistake, and so is a variable that no annotation of the function has by itself, since nothing says what it is.
"""

from __future__ import annotations

import re
from typing import Any

from mypy.nodes import TypeAlias, TypeInfo, TypeVarExpr
from mypy.plugin import AnalyzeTypeContext
from mypy.types import (
    AnyType,
    LiteralType,
    RawExpressionType,
    Type,
    TypeOfAny,
    TypeVarType,
    UnboundType,
)

from .._core.dims import Atom, Dim, Poly
from .._core.parse import parse_dim
from .mistakes import SHAPE
from .types import SYMBOLIC, TENSOR, Types, Variable, is_size, mentions

LITERAL = frozenset({"typing.Literal", "typing_extensions.Literal"})


class NotADimension(ValueError):
    """With the reason."""


class Annotations:
    """The hook for Tensor, Mul and its like, and Literal."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._ours = False  # the very next analysis is mypy's own, of a node that was seen

    def wants(self, fullname: str) -> bool:
        """Whether `analyze` is to see annotations of this class."""
        known = fullname == TENSOR or fullname in SYMBOLIC or fullname in LITERAL
        if not known and not self._has_sizes(fullname):
            return False
        seen, self._ours = self._ours, False
        return not seen

    def _has_sizes(self, fullname: str) -> bool:
        """Whether this is an alias of a type with shapes, `Flat[B, L[2]]`, or a class with sizes, `Linear[int, B]`."""
        node = self._types.node(fullname)
        if isinstance(node, TypeInfo):
            return any(is_size(variable) for variable in node.defn.type_vars)
        return isinstance(node, TypeAlias) and mentions(node.target)

    def analyze(self, ctx: AnalyzeTypeContext) -> Type:
        """The type that an annotation stands for."""
        symbol = self._symbol(ctx.type.name, ctx)
        if symbol is not None and symbol.fullname in LITERAL:
            return self._literal(ctx)
        if symbol is not None and symbol.fullname not in SYMBOLIC and symbol.fullname != TENSOR:
            return self._worked_out(self._default(ctx.type, ctx))
        strict = symbol is not None and symbol.fullname == TENSOR
        args = [self._argument(a, ctx, first=strict and i == 0) for i, a in enumerate(ctx.type.args)]
        t = UnboundType(
            ctx.type.name,
            args,
            line=ctx.type.line,
            column=ctx.type.column,
            empty_tuple_index=ctx.type.empty_tuple_index,
        )
        return self._worked_out(self._default(t, ctx))

    def _worked_out(self, t: Type) -> Type:
        """With its arithmetic done; mypy asks again for what it has not analysed yet, of which no walk is possible."""
        try:
            return self._types.normalise(t)
        except Exception:
            return t

    def _default(self, t: Type, ctx: AnalyzeTypeContext) -> Type:
        self._ours = True
        try:
            return ctx.api.analyze_type(t)
        finally:
            self._ours = False

    def _literal(self, ctx: AnalyzeTypeContext) -> Type:
        """A Literal anywhere else: arithmetic on variables is a dimension, other texts mean themselves."""
        text = _text(ctx.type.args[0]) if len(ctx.type.args) == 1 else None
        if text is not None and re.search(r"[-+*]|//", text):
            try:
                return self._types.of_dim(parse_dim(text, lambda name: self._variable(name, ctx)))
            except ValueError:
                pass
        return self._default(ctx.type, ctx)

    def _argument(self, a: Type, ctx: AnalyzeTypeContext, first: bool) -> Type:
        """An argument of Tensor or Mul: ints and texts, bare or in a Literal, are dimensions."""
        if isinstance(a, RawExpressionType) and type(a.literal_value) is int:
            return LiteralType(a.literal_value, self._types.instance("builtins.int"), a.line, a.column)
        text = _text(a)
        if isinstance(a, UnboundType) and len(a.args) == 1 and text is None:
            symbol = self._symbol(a.name, ctx)
            text = _text(a.args[0]) if symbol is not None and symbol.fullname in LITERAL else None
        elif isinstance(a, UnboundType) and text is not None and first:
            return a  # "F32": a reference written as text
        if text is None:
            return a
        try:
            return self._types.of_dim(parse_dim(text, lambda name: self._dimension(name, ctx)))
        except ValueError as error:
            ctx.api.fail(f'dimension "{text}": {error}', a, code=SHAPE)
            return AnyType(TypeOfAny.from_error)

    def _dimension(self, name: str, ctx: AnalyzeTypeContext) -> Dim:
        try:
            return self._variable(name, ctx)
        except NotADimension:
            if self._symbol(name, ctx) is None and name == name.lower():
                return Poly.of(Atom(name, name))
            raise

    def _variable(self, name: str, ctx: AnalyzeTypeContext) -> Dim:
        """The type variable of this name.

        Raises:
            NotADimension: if it is none, or nothing binds it here.
        """
        symbol = self._symbol(name, ctx)
        if symbol is None or not isinstance(symbol.node, TypeVarExpr):
            raise NotADimension(
                f"{name} is no type variable: write {name} = TypeVar({name!r}, bound=int) for one, or lower case for "
                "a named axis"
            )
        scope: Any = ctx.api
        bound = scope.tvar_scope.get_binding(symbol)
        if not isinstance(bound, TypeVarType):
            raise NotADimension(
                f"{name} never stands by itself in the signature, so nothing says what it is: use it as an axis of an "
                "argument"
            )
        return Poly.of(Atom(bound.name, Variable(bound)))

    def _symbol(self, name: str, ctx: AnalyzeTypeContext) -> Any:
        api: Any = ctx.api
        return api.lookup_qualified(name, ctx.context, suppress_errors=True)


def _text(a: Type) -> str | None:
    """The string that stands here, if one does."""
    if isinstance(a, RawExpressionType) and isinstance(a.literal_value, str):
        return a.literal_value
    return a.original_str_expr if isinstance(a, UnboundType) else None
