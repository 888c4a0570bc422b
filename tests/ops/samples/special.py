"""Samples of the functions of one element."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from shapetensor._core.dtypes import F32, F64, I32, I64, U8, Bool
from shapetensor._core.errors import DTypeError
from tests.ops.sample import (
    LAYOUTS,
    POSITIVE,
    SMOOTH,
    SPECIAL,
    TIES,
    Operand,
    OpSamples,
    Sample,
    Wrong,
    refuses_storage,
)
from tests.ops.samples.elementwise import DEEP, gradient, integers_to_f32, to_bool, unary, unary_wrong

Array = NDArray[Any]
Reference = Callable[..., Any]


def _tied(*values: float) -> Operand:
    return Operand((len(values),), F64, values=values)


def _wide(reference: Reference) -> Reference:
    """Integers as the floats that ours makes of them; then as exact as can be."""
    return lambda x: reference((x if x.dtype.kind == "f" else x.astype(np.float32)).astype(np.float64))


def _float(name: str, reference: Reference, kept: str, data: str = SMOOTH) -> OpSamples:
    valid = tuple(unary(data, integers_to_f32))
    return OpSamples(_wide(reference), valid, tuple(unary_wrong(name)), {"x": (kept,)})


def _rounding_samples() -> Iterator[Sample]:
    for shape in ((), (1,), (5,), (0,), (3, 0, 2), (7, 11), (2, 1, 3, 1, 2), (2, 1, 3, 1, 2, 2)):
        yield Sample((Operand(shape, F64),))
    for layout in LAYOUTS:
        yield Sample((Operand((3, 5), F64, SMOOTH, layout),))
    yield Sample((Operand(DEEP, F64, SMOOTH, "stepped"),))
    for dtype in (F32, F64):
        yield Sample((Operand((9,), dtype),))
        yield Sample((Operand((2, 3, 4), dtype, TIES, "fortran"),))
        yield Sample((Operand((11,), dtype, SPECIAL),))
    halves = _tied(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2**53 + 1.0)
    yield Sample((halves,), gradients=((0,) * 7,))


def _rounding(name: str, reference: Reference) -> OpSamples:
    refused = [
        Wrong((((3,), dtype),), DTypeError, f"{name}: {dtype.__name__} has no fractions to round")
        for dtype in (I32, I64, U8, Bool)
    ]
    wrong = (*refused, *refuses_storage(name, lambda d: (((2, 3), d),)))
    return OpSamples(reference, tuple(_rounding_samples()), wrong, exact=True)


def _numeric(name: str, reference: Reference, kept: tuple[str, ...], gradient: tuple[float, ...]) -> OpSamples:
    valid = (
        *unary(SMOOTH, lambda d: d, booleans=False),
        Sample((_tied(-2, 0, -0.0, 3),), gradients=(gradient,)),
    )
    wrong = tuple(unary_wrong(name, booleans=False))
    return OpSamples(reference, valid, wrong, {"x": kept} if kept else {}, exact=True)


def _limit(x: Array, y: Array) -> Any:
    """y, but 0 where x is minus infinity, times a distribution that vanishes there."""
    return np.where(x == -np.inf, -0.0, y)


def _silu_slope(x: Array) -> Any:
    s = special.expit(x)
    return s + x * s * (1 - s)


def _gelu_slope(x: Array) -> Any:
    """Phi(x) + x phi(x), the normal distribution and its density."""
    return special.ndtr(x) + x * np.exp(x * x / -2) / np.sqrt(2 * np.pi)


SAMPLES = {
    "abs": _numeric("abs", np.abs, ("x",), (-1, 0, 0, 1)),
    "sign": _numeric("sign", np.sign, (), (0, 0, 0, 0)),
    "floor": _rounding("floor", np.floor),
    "ceil": _rounding("ceil", np.ceil),
    "round": _rounding("round", np.rint),
    "isnan": OpSamples(np.isnan, tuple(unary(SPECIAL, to_bool)), tuple(unary_wrong("isnan")), exact=True),
    "sin": _float("sin", np.sin, "x"),
    "cos": _float("cos", np.cos, "x"),
    "rsqrt": _float("rsqrt", lambda x: 1 / np.sqrt(x), "out", POSITIVE),
    "log2": _float("log2", np.log2, "x", POSITIVE),
    "log1p": _float("log1p", np.log1p, "x", POSITIVE),
    "expm1": _float("expm1", np.expm1, "out"),
    "erf": _float("erf", special.erf, "x"),
    "sigmoid": _float("sigmoid", special.expit, "out"),
    "silu": _float("silu", lambda x: _limit(x, x * special.expit(x)), "x"),
    "gelu": _float("gelu", lambda x: _limit(x, x * special.ndtr(x)), "x"),
    "sigmoid_backward": gradient("sigmoid_backward", lambda y: y * (1 - y)),
    "silu_backward": gradient("silu_backward", _silu_slope),
    "gelu_backward": gradient("gelu_backward", _gelu_slope),
}
