"""Functions of functions: `st.grad`, and what it and `st.compile` return."""

from __future__ import annotations

from typing import Any

from mypy.nodes import CallExpr, Expression, MemberExpr, NameExpr, RefExpr
from mypy.plugin import FunctionContext
from mypy.types import CallableType, Instance, TupleType, Type, TypeVarType, get_proper_type

from .calls import Argument
from .definitions import Callee
from .layers import Caller
from .types import Types, is_tensor, items_of

CALLS = frozenset({"shapetensor.autodiff.Derivative.__call__", "shapetensor.compile.Compiled.__call__"})
GRADIENTS = frozenset({"shapetensor.autodiff.grad", "shapetensor.autodiff.value_and_grad"})


def behind(call: Any, caller: Caller) -> Callee:
    """The function behind `st.grad(f)(x)`, or behind a name for what `st.grad` or `st.compile` gave."""
    e: Expression = call.callee if isinstance(call, CallExpr) else call
    if isinstance(e, NameExpr):
        found = caller.definition(e)
        if found is None or not isinstance(found[0], CallExpr):
            return Callee(e.name)
        e = found[0]
    function = e.args[0] if isinstance(e, CallExpr) and e.args else None
    if not isinstance(function, (NameExpr, MemberExpr)):
        return Callee("the function")
    t = get_proper_type(caller.recorded(function))
    return Callee(function.name, False, tuple(t.arg_names) if isinstance(t, CallableType) else ())


def unbounded(types: Types, signature: CallableType) -> CallableType:
    """The signature without bounds: the library itself says what is wrong with a loss."""
    anything = types.instance("builtins.object")
    variables = [
        v.copy_modified(upper_bound=anything) if isinstance(v, TypeVarType) else v for v in signature.variables
    ]
    return signature.copy_modified(variables=variables)


def loss(ctx: FunctionContext, caller: Caller) -> Argument | None:
    """What the function that is differentiated returns, as the argument of the check that the library makes."""
    function = _function(ctx)
    returned = get_proper_type(function.ret_type) if function is not None else None
    if returned is not None and _flag(ctx, caller):
        items = items_of(returned)
        returned = get_proper_type(items[0]) if items else None
    if not isinstance(returned, Instance) or not is_tensor(returned):
        return None
    return Argument("loss", False, returned, None, "")


def differentiated(types: Types, ctx: FunctionContext, caller: Caller, places: Any) -> Type | None:
    """The function that `st.grad(f, argnums)` gives, where argnums is not the 0 that its signature knows."""
    function = _function(ctx)
    if function is None or places == 0 or places is None:
        return None
    several = places if isinstance(places, tuple) else (places,)
    if not all(isinstance(i, int) and -len(function.arg_types) <= i < len(function.arg_types) for i in several):
        return None
    found = [function.arg_types[i] for i in several]
    gradient = _pair(types, *found) if isinstance(places, tuple) else found[0]
    return function.copy_modified(ret_type=_result(types, ctx, caller, function, gradient), name=None)


def _result(types: Types, ctx: FunctionContext, caller: Caller, function: CallableType, gradient: Type) -> Type:
    called = ctx.context.callee if isinstance(ctx.context, CallExpr) else None
    returned = get_proper_type(function.ret_type)
    if isinstance(called, RefExpr) and called.fullname.endswith("value_and_grad"):
        return _pair(types, returned, gradient)
    items = items_of(returned) if _flag(ctx, caller) else None
    return _pair(types, gradient, items[1]) if items and len(items) == 2 else gradient


def _pair(types: Types, *items: Type) -> TupleType:
    return TupleType(list(items), types.instance("builtins.tuple", types.any_type()))


def _function(ctx: FunctionContext) -> CallableType | None:
    found = get_proper_type(ctx.arg_types[0][0]) if ctx.arg_types and ctx.arg_types[0] else None
    return found if isinstance(found, CallableType) else None


def _flag(ctx: FunctionContext, caller: Caller) -> bool:
    """Whether `has_aux=True` is written."""
    if not isinstance(ctx.context, CallExpr):
        return False
    named: dict[str | None, Expression] = dict(zip(ctx.context.arg_names, ctx.context.args, strict=True))
    flag = named.get("has_aux")
    return isinstance(flag, NameExpr) and flag.name == "True"
