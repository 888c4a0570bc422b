"""The arguments of a call that mypy checks, as parameters of the function that is going to run."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, NamedTuple

from mypy.nodes import ARG_STAR, ARG_STAR2, Expression
from mypy.plugin import FunctionContext, MethodContext
from mypy.types import Type

# Parameters that are sizes: an int that nobody knows is as good there as any other.
_SIZES = {"shape", "more", "key", "n", "n_rows", "n_cols", "num", "num_classes", "size", "repeats", "repetitions"}
_SIZES |= {"sections", "pad_width", "start", "stop", "num_features", "in_features", "out_features", "normalized_shape"}
_SIZES |= {"num_embeddings", "embedding_dim"}
# Parameters that are operands: of a number only its kind matters.
_NUMBERS = {"other", "x1", "x2", "value", "values", "min", "max", "exponent", "fill_value", "low", "high", "p"}
_NUMBERS |= {"mean", "std", "k", "correction", "seed", "pos_weight"}
_EITHER_WAY = inspect.Parameter.POSITIONAL_OR_KEYWORD


class Argument(NamedTuple):
    """One argument: of which parameter, whether it goes by name, its type and its expression.

    `kind` says what an unknown number counts as: "size", "number", or "" where it must be known, and "data" for what
    tensors are made of.
    """

    name: str
    keyword: bool
    type: Type
    expression: Expression | None
    kind: str


@cache
def _parameters(call: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(call).parameters.values())


def arguments_of(call: Any, ctx: FunctionContext | MethodContext) -> list[Argument] | None:
    """The arguments in the order of the parameters; None where one is unpacked, `f(*xs)`."""
    if any(kind in (ARG_STAR, ARG_STAR2) for kinds in ctx.arg_kinds for kind in kinds):
        return None
    found: list[Argument] = []
    parameters = _parameters(call)
    if isinstance(ctx, MethodContext):
        found.append(Argument("self", False, ctx.type, None, ""))
        parameters = parameters[1:]
    gap = False  # behind a parameter that is left out, arguments go by name
    for i, (types, expressions) in enumerate(zip(ctx.arg_types, ctx.args, strict=True)):
        parameter = _parameter(parameters, ctx.callee_arg_names[i], i)
        gap = gap or not types or parameter.name == "device"  # where a tensor is says nothing of its shape
        if parameter.name == "device":
            continue
        for j, (t, e) in enumerate(zip(types, expressions, strict=True)):
            if parameter.kind is parameter.VAR_KEYWORD:
                found.append(Argument(ctx.arg_names[i][j] or "", True, t, e, ""))
                continue
            named = parameter.kind is parameter.KEYWORD_ONLY or (gap and parameter.kind is _EITHER_WAY)
            found.append(Argument(parameter.name, named, t, e, _kind(parameter)))
    return found


def _parameter(parameters: list[inspect.Parameter], name: str | None, place: int) -> inspect.Parameter:
    """By name, since overloads need not have all of them; by place where it has none."""
    return next((p for p in parameters if p.name == name), parameters[min(place, len(parameters) - 1)])


def _kind(parameter: inspect.Parameter) -> str:
    if parameter.name in _SIZES and "Key" not in str(parameter.annotation):  # a random key is no size
        return "size"
    if parameter.name == "data":
        return "data"
    return "number" if parameter.name in _NUMBERS or "float" in str(parameter.annotation) else ""
