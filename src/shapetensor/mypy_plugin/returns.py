"""What functions return, matched with their annotations by the run time's own rule and in its words.

mypy compares the types itself, but says only that they differ; so a result that stands behind `return` is matched here,
and where it does not fit, mypy is told what it should have been.
"""

from __future__ import annotations

from typing import Any

from mypy.nodes import Block, Expression, FuncDef, TupleExpr
from mypy.traverser import all_return_statements
from mypy.types import Instance, Type, get_proper_type

from .._core.binding import RESULT, Binding, Found
from .._core.dims import Poly
from .._core.errors import DTypeError, ShapeError
from .mistakes import SHAPE
from .types import Types, is_tensor, items_of


class Returns:
    """Looks at results of calls that mypy has just inferred."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._function: FuncDef | None = None
        self._body: Block | None = None
        self._returned: dict[int, tuple[Expression, tuple[int, ...]]] = {}

    def checked(self, found: Type, ctx: Any) -> Type:
        """The type, or the declared one where the expression is returned and does not fit, which is reported."""
        place = self._declared(ctx)
        found = get_proper_type(found)
        if place is None or not isinstance(found, Instance) or not is_tensor(found):
            return found
        where, declared = place
        assert self._function is not None
        try:
            self._match(where, found, declared, self._function)
        except (ShapeError, DTypeError) as error:
            ctx.api.fail(str(error), ctx.context, code=SHAPE)
            return declared
        return found

    def _match(self, where: str, found: Instance, declared: Instance, function: FuncDef) -> None:
        binding = Binding(name_of(function))
        wanted = self._types.declared(declared)
        for atom in wanted.atoms():  # inside the function its variables are what they are
            binding.dims[atom] = Poly.of(atom), ""
        if wanted.dtype is not None and not isinstance(wanted.dtype, type):
            binding.dtypes[wanted.dtype] = wanted.dtype, ""
        binding.match(Found(where, wanted, self._types.sizes(list(found.args[1:])), self._types.known_dtype(found)))

    def _declared(self, ctx: Any) -> tuple[str, Instance] | None:
        """Where in the result the expression stands that is being checked, and what the function says of it."""
        function = ctx.api.scope.current_function()
        if not isinstance(function, FuncDef) or function.is_generator or function.is_coroutine:
            return None
        if function.body is not self._body:  # of a function that was edited, mypy's daemon keeps all but the body
            self._body, self._returned = function.body, _returned(function)
        self._function = function
        expression, path = self._returned.get(id(ctx.context), (None, ()))
        if expression is not ctx.context or expression is None or not ctx.api.return_types:
            return None
        declared = ctx.api.return_types[-1]
        for place in path:
            items = items_of(declared)
            if items is None or place >= len(items):
                return None
            declared = items[place]
        declared = get_proper_type(declared)
        if not isinstance(declared, Instance) or not is_tensor(declared):
            return None
        return RESULT + "".join(f"[{place}]" for place in path), declared


def _returned(function: FuncDef) -> dict[int, tuple[Expression, tuple[int, ...]]]:
    """The expressions behind `return`, and the items of tuples there with their places."""
    found: dict[int, tuple[Expression, tuple[int, ...]]] = {}
    for statement in all_return_statements(function):
        if isinstance(statement.expr, TupleExpr):
            for i, item in enumerate(statement.expr.items):
                found[id(item)] = item, (i,)
        elif statement.expr is not None:
            found[id(statement.expr)] = statement.expr, ()
    return found


def name_of(function: FuncDef) -> str:
    """The function's name as errors say it: that of a method with its class."""
    owner = function.info
    return f"{owner.name}.{function.name}" if owner else function.name
