"""Reductions over axes."""

from __future__ import annotations

from typing import Any

from ..dims import Shape
from ..dtypes import I64, AnyDType, Float, require_compute
from ..errors import ShapeError
from ..op import REDUCE, Op, define
from .rules import batch_shifting, restore_axes


def _reduced(x: Shape, *, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(x))
    return tuple(n for i, n in enumerate(x) if i not in axes)


def _nonempty(x: Shape, *, axes: tuple[int, ...], keepdims: bool) -> Shape:
    for axis in axes:
        if x[axis] == 0:
            raise ShapeError(f"axis {axis} of {x} is empty: there is no largest element")
    return _reduced(x, axes=axes, keepdims=keepdims)


def _sum_dtype(x: AnyDType) -> AnyDType:
    require_compute("sum", x)
    return x if issubclass(x, Float) else I64


def _max_dtype(x: AnyDType) -> AnyDType:
    require_compute("max", x)
    return x


def _argmax_dtype(x: AnyDType) -> AnyDType:
    require_compute("argmax", x)
    return I64


sum: Op = define(
    "sum",
    kind=REDUCE,
    shape=_reduced,
    dtype=_sum_dtype,
    batch=batch_shifting("axes"),
    vjp=(lambda g, x_spec, axes: restore_axes(g, x_spec, axes).broadcast_to(x_spec.shape),),
    jvp=(lambda dx, axes, keepdims: dx.sum(axis=axes, keepdims=keepdims),),
)


def _largest(x: Any, out: Any, axes: tuple[int, ...], dtype: AnyDType) -> Any:
    """Weights that share a gradient evenly between the elements that are the maximum."""
    ties = (x == restore_axes(out, x._spec, axes)).astype(dtype)
    return ties / ties.sum(axis=axes, keepdims=True)


max: Op = define(
    "max",
    kind=REDUCE,
    shape=_nonempty,
    dtype=_max_dtype,
    batch=batch_shifting("axes"),
    vjp=(lambda g, x, out, axes: restore_axes(g, x._spec, axes) * _largest(x, out, axes, g.dtype),),
    jvp=(lambda dx, x, out, axes, keepdims: (dx * _largest(x, out, axes, dx.dtype)).sum(axis=axes, keepdims=keepdims),),
)

argmax: Op = define("argmax", kind=REDUCE, shape=_nonempty, dtype=_argmax_dtype, batch=batch_shifting("axes"))
