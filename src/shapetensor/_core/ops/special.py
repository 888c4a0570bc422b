"""Functions of one element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..dims import Shape
from ..dtypes import AnyDType, Bool, Float, promote_float, require_compute
from ..errors import DTypeError
from ..op import ELEMENTWISE, Op, define
from .elementwise import gradient_op
from .rules import batch_broadcasting


def _unary(x: Shape) -> Shape:
    return x


def _to_float(name: str) -> Callable[..., AnyDType]:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        return promote_float(x)

    return dtype


def _numeric(name: str) -> Callable[..., AnyDType]:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        if x is Bool:
            raise DTypeError(f"{name}: Bool has no such arithmetic: write x.astype(I32) or F32 first")
        return x

    return dtype


def _rounding(name: str) -> Callable[..., AnyDType]:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        if not issubclass(x, Float):
            raise DTypeError(f"{name}: {x.__name__} has no fractions to round")
        return x

    return dtype


def _predicate(name: str) -> Callable[..., AnyDType]:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        return Bool

    return dtype


def _function(name: str, slope: Callable[..., Any] | None, dtype: Callable[..., AnyDType]) -> Op:
    """An op whose gradient and tangent rules are one formula in what arrives; none where it is flat."""
    rules = () if slope is None else (slope,)
    tangent = () if slope is None else (_as_tangent(slope),)
    return define(name, kind=ELEMENTWISE, shape=_unary, dtype=dtype, batch=batch_broadcasting, vjp=rules, jvp=tangent)


def _as_tangent(slope: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient rule `(g, x or out)` as tangent rule `(dx, x or out)`: both multiply by the derivative."""
    if "x" in slope.__code__.co_varnames[: slope.__code__.co_argcount]:
        return lambda dx, x: slope(dx, x)
    return lambda dx, out: slope(dx, out)


# sign(0) = 0 gives abs'(0) = 0
abs_: Op = _function("abs", lambda g, x: g * sign(x), _numeric("abs"))
sign: Op = _function("sign", None, _numeric("sign"))
floor: Op = _function("floor", None, _rounding("floor"))
ceil: Op = _function("ceil", None, _rounding("ceil"))
round_: Op = _function("round", None, _rounding("round"))
isnan: Op = _function("isnan", None, _predicate("isnan"))
sin: Op = _function("sin", lambda g, x: g * cos(x), _to_float("sin"))
cos: Op = _function("cos", lambda g, x: -(g * sin(x)), _to_float("cos"))
rsqrt: Op = _function("rsqrt", lambda g, out: g * (out * out * out) * -0.5, _to_float("rsqrt"))
log2: Op = _function("log2", lambda g, x: g / x * (1.0 / math.log(2.0)), _to_float("log2"))
log1p: Op = _function("log1p", lambda g, x: g / (x + 1.0), _to_float("log1p"))
expm1: Op = _function("expm1", lambda g, out: g * (out + 1.0), _to_float("expm1"))
erf: Op = _function("erf", lambda g, x: g * (-(x * x)).exp() * (2.0 / math.sqrt(math.pi)), _to_float("erf"))
sigmoid: Op = _function("sigmoid", lambda g, out: sigmoid_backward(g, out), _to_float("sigmoid"))
sigmoid_backward: Op = gradient_op("sigmoid_backward", lambda g, grad, y: g * grad * (1.0 - y - y))
# log(1 + exp(x)); a record of its own, since relu(x) + log1p(exp(-abs(x))) has no right slope at 0
softplus: Op = _function("softplus", lambda g, x: g * sigmoid(x), _to_float("softplus"))


def _silu_curvature(g: Any, grad: Any, y: Any) -> Any:
    """s' (2 + y (1 - 2 s)), s = sigmoid(y)."""
    s = sigmoid(y)
    return g * grad * (s * (1.0 - s)) * (y * (1.0 - s - s) + 2.0)


def _gelu_curvature(g: Any, grad: Any, y: Any) -> Any:
    """phi(y) (2 - y^2), phi the density of the normal distribution."""
    density = (y * y * -0.5).exp() * (1.0 / math.sqrt(2.0 * math.pi))
    return g * grad * density * (2.0 - y * y)


silu: Op = _function("silu", lambda g, x: silu_backward(g, x), _to_float("silu"))
gelu: Op = _function("gelu", lambda g, x: gelu_backward(g, x), _to_float("gelu"))
silu_backward: Op = gradient_op("silu_backward", _silu_curvature)
gelu_backward: Op = gradient_op("gelu_backward", _gelu_curvature)
