"""Elementwise operations: operands broadcast, dtypes promote."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..dims import Shape, broadcast
from ..dtypes import AnyDType, Bool, WeakBool, promote, promote_float, require_compute, strengthen
from ..errors import DTypeError
from ..op import ELEMENTWISE, OPS, Op, define
from .rules import batch_broadcasting, stretch, unbroadcast


def _unary(x: Shape) -> Shape:
    return x


def _binary(x: Shape, y: Shape) -> Shape:
    return broadcast(x, y)


def _promoted(name: str, function: Callable[..., AnyDType], booleans: bool) -> Callable[..., AnyDType]:
    def dtype(*dtypes: AnyDType) -> AnyDType:
        require_compute(name, *dtypes)
        result = function(*dtypes)
        if result is Bool and not booleans:
            raise DTypeError(f"{name}: Bool has no such arithmetic: write x.astype(I32) or F32 first")
        return result

    return dtype


def _comparison(name: str) -> Callable[..., AnyDType]:
    def dtype(*dtypes: AnyDType) -> AnyDType:
        require_compute(name, *dtypes)
        return Bool

    return dtype


def _arithmetic(name: str, shape: Callable[..., Shape], *, booleans: bool = False, **rules: Any) -> Op:
    dtype = _promoted(name, promote, booleans)
    return define(name, kind=ELEMENTWISE, shape=shape, dtype=dtype, batch=batch_broadcasting, **rules)


def _floating(name: str, shape: Callable[..., Shape], **rules: Any) -> Op:
    dtype = _promoted(name, promote_float, True)
    return define(name, kind=ELEMENTWISE, shape=shape, dtype=dtype, batch=batch_broadcasting, **rules)


add: Op = _arithmetic(
    "add",
    _binary,
    booleans=True,
    vjp=(lambda g, x_spec: unbroadcast(g, x_spec), lambda g, y_spec: unbroadcast(g, y_spec)),
    jvp=(lambda dx, out_spec: stretch(dx, out_spec), lambda dy, out_spec: stretch(dy, out_spec)),
)
sub: Op = _arithmetic(
    "sub",
    _binary,
    vjp=(lambda g, x_spec: unbroadcast(g, x_spec), lambda g, y_spec: unbroadcast(-g, y_spec)),
    jvp=(lambda dx, out_spec: stretch(dx, out_spec), lambda dy, out_spec: stretch(-dy, out_spec)),
)
mul: Op = _arithmetic(
    "mul",
    _binary,
    booleans=True,
    vjp=(lambda g, y, x_spec: unbroadcast(g * y, x_spec), lambda g, x, y_spec: unbroadcast(g * x, y_spec)),
    jvp=(lambda dx, y: dx * y, lambda dy, x: x * dy),
)
# d(x/y)/dy = -x/y^2 = -out/y: the output is at hand and saves a square that could overflow.
div: Op = _floating(
    "div",
    _binary,
    vjp=(
        lambda g, y, x_spec: unbroadcast(g / y, x_spec),
        lambda g, y, out, y_spec: unbroadcast(-(g * out / y), y_spec),
    ),
    jvp=(lambda dx, y: dx / y, lambda dy, y, out: -(dy * out / y)),
)
neg: Op = _arithmetic("neg", _unary, vjp=(lambda g: -g,), jvp=(lambda dx: -dx,))
exp: Op = _floating("exp", _unary, vjp=(lambda g, out: g * out,), jvp=(lambda dx, out: dx * out,))
log: Op = _floating("log", _unary, vjp=(lambda g, x: g / x,), jvp=(lambda dx, x: dx / x,))
sqrt: Op = _floating("sqrt", _unary, vjp=(lambda g, out: g / (out + out),), jvp=(lambda dx, out: dx / (out + out),))
tanh: Op = _floating(
    "tanh", _unary, vjp=(lambda g, out: tanh_backward(g, out),), jvp=(lambda dx, out: tanh_backward(dx, out),)
)


def _share(x: Any, y: Any, dtype: AnyDType) -> Any:
    """How much of the gradient of max(x, y) x gets: all, half at a tie, nothing."""
    return ((x > y).astype(dtype) + (x >= y).astype(dtype)) * 0.5


maximum: Op = _arithmetic(
    "maximum",
    _binary,
    booleans=True,
    vjp=(
        lambda g, x, y, x_spec: unbroadcast(g * _share(x, y, g.dtype), x_spec),
        lambda g, x, y, y_spec: unbroadcast(g * _share(y, x, g.dtype), y_spec),
    ),
    jvp=(
        lambda dx, x, y, out_spec: dx * _share(x, y, out_spec.dtype),
        lambda dy, x, y, out_spec: dy * _share(y, x, out_spec.dtype),
    ),
)
minimum: Op = _arithmetic(
    "minimum",
    _binary,
    booleans=True,
    vjp=(
        lambda g, x, y, x_spec: unbroadcast(g * _share(y, x, g.dtype), x_spec),
        lambda g, x, y, y_spec: unbroadcast(g * _share(x, y, g.dtype), y_spec),
    ),
    jvp=(
        lambda dx, x, y, out_spec: dx * _share(y, x, out_spec.dtype),
        lambda dy, x, y, out_spec: dy * _share(x, y, out_spec.dtype),
    ),
)
# relu'(0) = 0, as in the usual frameworks; the output tells where it is active as well as the input does.
relu: Op = _arithmetic(
    "relu",
    _unary,
    vjp=(lambda g, out: relu_backward(g, out),),
    jvp=(lambda dx, out: relu_backward(dx, out),),
)


def gradient_op(name: str, slope: Callable[..., Any] | None = None) -> Op:
    """`grad * f'`, one pass where rules of ops would take several; f' is a function of the second operand.

    Args:
        name: whose kernel it is.
        slope: `(g, grad, y)` -> what f' changes with y, times g and grad; None where f' is a step.
    """

    def dtype(grad: AnyDType, y: AnyDType) -> AnyDType:
        require_compute(name, grad, y)
        return promote_float(promote(grad, y))

    second: tuple[Any, Any] = (None, None)
    if slope is not None:
        second = (
            lambda g, grad, y, y_spec: unbroadcast(slope(g, grad, y), y_spec),
            lambda dy, grad, y: slope(dy, grad, y),
        )
    return define(
        name,
        kind=ELEMENTWISE,
        shape=_gradient_shape,
        dtype=dtype,
        batch=batch_broadcasting,
        vjp=(lambda g, y, grad_spec: unbroadcast(OPS[name](g, y), grad_spec), second[0]),
        jvp=(lambda dgrad, y: OPS[name](dgrad, y), second[1]),
    )


def _gradient_shape(grad: Shape, y: Shape) -> Shape:
    return broadcast(grad, y)


relu_backward: Op = gradient_op("relu_backward")
tanh_backward: Op = gradient_op("tanh_backward", lambda g, grad, y: g * grad * y * -2.0)


def _select_shape(condition: Shape, x: Shape, y: Shape) -> Shape:
    return broadcast(condition, x, y)


def _select_dtype(condition: AnyDType, x: AnyDType, y: AnyDType) -> AnyDType:
    if condition not in (Bool, WeakBool):
        found = strengthen(condition).__name__
        raise DTypeError(f"where: the condition is {found}, not Bool: compare it with something first")
    require_compute("where", x, y)
    return promote(x, y)


where: Op = define(
    "where",
    kind=ELEMENTWISE,
    shape=_select_shape,
    dtype=_select_dtype,
    batch=batch_broadcasting,
    vjp=(
        None,
        lambda g, condition, x_spec: unbroadcast(where(condition, g, 0.0), x_spec),
        lambda g, condition, y_spec: unbroadcast(where(condition, 0.0, g), y_spec),
    ),
    jvp=(
        None,
        lambda dx, condition, out_spec: stretch(where(condition, dx, 0.0), out_spec),
        lambda dy, condition, out_spec: stretch(where(condition, 0.0, dy), out_spec),
    ),
)


def _compare(name: str) -> Op:
    return define(name, kind=ELEMENTWISE, shape=_binary, dtype=_comparison(name), batch=batch_broadcasting)


equal: Op = _compare("equal")
not_equal: Op = _compare("not_equal")
less: Op = _compare("less")
less_equal: Op = _compare("less_equal")
greater: Op = _compare("greater")
greater_equal: Op = _compare("greater_equal")


def _base_slope(x: Any, y: Any) -> Any:
    """d(x^y)/dx = y x^(y-1), which is 0 for y = 0 even where x is 0."""
    if isinstance(y, (int, float)):
        return pow_(x, y - 1) * y if y != 0 else x * 0.0
    return where(y == 0, 0.0, y * pow_(x, where(y == 0, 1.0, y - 1)))


def _exponent_slope(x: Any, out: Any) -> Any:
    """d(x^y)/dy = x^y log x, taken as 0 where x is 0."""
    if isinstance(x, (int, float)):
        return out * math.log(x) if x != 0 else out * 0.0
    return where(x == 0, 0.0, out * where(x == 0, 1.0, x).log())


pow_: Op = _arithmetic(
    "pow",
    _binary,
    vjp=(
        lambda g, x, y, x_spec: unbroadcast(g * _base_slope(x, y), x_spec),
        lambda g, x, out, y_spec: unbroadcast(g * _exponent_slope(x, out), y_spec),
    ),
    jvp=(lambda dx, x, y: dx * _base_slope(x, y), lambda dy, x, out: dy * _exponent_slope(x, out)),
)
floor_divide: Op = _arithmetic("floor_divide", _binary)
remainder: Op = _arithmetic(
    "remainder",
    _binary,
    vjp=(
        lambda g, x_spec: unbroadcast(g, x_spec),
        lambda g, x, y, y_spec: unbroadcast(-(g * floor_divide(x, y)), y_spec),
    ),
    jvp=(lambda dx, out_spec: stretch(dx, out_spec), lambda dy, x, y: -(dy * floor_divide(x, y))),
)


def _clip_shape(x: Shape, low: Shape, high: Shape) -> Shape:
    return broadcast(x, low, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    """At a bound the gradient is x's, as in torch."""
    return logical_and(x >= low, x <= high)


def _below(x: Any, low: Any, high: Any) -> Any:
    """Where the result is the lower bound; the upper one wins where they are the wrong way round."""
    return logical_and(x < low, low <= high)


def _above(x: Any, low: Any, high: Any) -> Any:
    return logical_or(x > high, low > high)


clip: Op = _arithmetic(
    "clip",
    _clip_shape,
    vjp=(
        lambda g, x, low, high, x_spec: unbroadcast(where(_inside(x, low, high), g, 0.0), x_spec),
        lambda g, x, low, high, low_spec: unbroadcast(where(_below(x, low, high), g, 0.0), low_spec),
        lambda g, x, low, high, high_spec: unbroadcast(where(_above(x, low, high), g, 0.0), high_spec),
    ),
    jvp=(
        lambda dx, x, low, high, out_spec: stretch(where(_inside(x, low, high), dx, 0.0), out_spec),
        lambda dlow, x, low, high, out_spec: stretch(where(_below(x, low, high), dlow, 0.0), out_spec),
        lambda dhigh, x, low, high, out_spec: stretch(where(_above(x, low, high), dhigh, 0.0), out_spec),
    ),
)


def _logical(name: str, shape: Callable[..., Shape]) -> Op:
    def dtype(*dtypes: AnyDType) -> AnyDType:
        for d in dtypes:
            if d not in (Bool, WeakBool):
                found = d.name if d.weak else d.__name__
                raise DTypeError(f"{name}: {found} is not Bool: compare it with something first, as in x != 0")
        return Bool

    return define(name, kind=ELEMENTWISE, shape=shape, dtype=dtype, batch=batch_broadcasting)


logical_and: Op = _logical("logical_and", _binary)
logical_or: Op = _logical("logical_or", _binary)
logical_xor: Op = _logical("logical_xor", _binary)
logical_not: Op = _logical("logical_not", _unary)


def _astype_shape(x: Shape, *, dtype: AnyDType) -> Shape:
    return x


def _astype_dtype(x: AnyDType, *, dtype: AnyDType) -> AnyDType:
    return dtype


astype: Op = define(
    "astype",
    kind=ELEMENTWISE,
    shape=_astype_shape,
    dtype=_astype_dtype,
    batch=batch_broadcasting,
    vjp=(lambda g, x_spec: g.astype(x_spec.dtype),),
    jvp=(lambda dx, dtype: dx.astype(dtype),),
)
