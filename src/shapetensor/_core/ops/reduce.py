"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dims import Shape, normalise_axis, show
from ..dtypes import I64, AnyDType, Bool, Float, promote_float, require_compute
from ..errors import DTypeError, ShapeError
from ..op import OPAQUE, REDUCE, Op, define
from .rules import batch_shifting, restore_axes


def _reduced(x: Shape, *, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(x))
    return tuple(n for i, n in enumerate(x) if i not in axes)


def _nonempty(missing: str) -> Callable[..., Shape]:
    """The shape of a reduction that is not defined for empty axes, since this is missing there."""

    def shape(x: Shape, *, axes: tuple[int, ...], keepdims: bool) -> Shape:
        for axis in axes:
            if x[axis] == 0:
                raise ShapeError(f"axis {axis} of {show(x)} is empty: there is no {missing}")
        return _reduced(x, axes=axes, keepdims=keepdims)

    return shape


def _total(name: str) -> Callable[[AnyDType], AnyDType]:
    """Floats keep their dtype; integers and booleans are counted in I64."""

    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        return x if issubclass(x, Float) else I64

    return dtype


sum: Op = define(
    "sum",
    kind=REDUCE,
    shape=_reduced,
    dtype=_total("sum"),
    batch=batch_shifting("axes"),
    vjp=(lambda g, x_spec, axes: restore_axes(g, x_spec, axes).broadcast_to(x_spec.shape),),
    jvp=(lambda dx, axes, keepdims: dx.sum(axis=axes, keepdims=keepdims),),
)


def _variance_shape(x: Shape, *, axes: tuple[int, ...], keepdims: bool, correction: int) -> Shape:
    return _reduced(x, axes=axes, keepdims=keepdims)


def _variance_dtype(x: AnyDType) -> AnyDType:
    require_compute("var", x)
    if not issubclass(x, Float):
        raise DTypeError(f"var: {x.__name__} has no exact mean: write x.astype(F32).var(...)")
    return x


def _slope(x: Any, axes: tuple[int, ...], correction: int) -> Any:
    """2 (x - mean(x)) / (n - correction); too few elements: 0 / 0, NaN, as NumPy has it."""
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    left = count - correction
    return (x - x.mean(axis=axes, keepdims=True)) * 2.0 / (left if left > 0 else 0)


var: Op = define(
    "var",
    kind=REDUCE,
    shape=_variance_shape,
    dtype=_variance_dtype,
    batch=batch_shifting("axes"),
    vjp=(lambda g, x, axes, correction: restore_axes(g, x._spec, axes) * _slope(x, axes, correction),),
    jvp=(
        lambda dx, x, axes, keepdims, correction: (dx * _slope(x, axes, correction)).sum(axis=axes, keepdims=keepdims),
    ),
)


def _extreme(x: Any, out: Any, axes: tuple[int, ...], dtype: AnyDType) -> Any:
    """Weights that share a gradient evenly between the elements that are the maximum or minimum."""
    ties = (x == restore_axes(out, x._spec, axes)).astype(dtype)
    return ties / ties.sum(axis=axes, keepdims=True)


def _extremum(name: str, missing: str) -> Op:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        return x

    def tangent(dx: Any, x: Any, out: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
        return (dx * _extreme(x, out, axes, dx.dtype)).sum(axis=axes, keepdims=keepdims)

    return define(
        name,
        kind=REDUCE,
        shape=_nonempty(missing),
        dtype=dtype,
        batch=batch_shifting("axes"),
        vjp=(lambda g, x, out, axes: restore_axes(g, x._spec, axes) * _extreme(x, out, axes, g.dtype),),
        jvp=(tangent,),
    )


def _place(name: str, missing: str) -> Op:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        return I64

    return define(name, kind=REDUCE, shape=_nonempty(missing), dtype=dtype, batch=batch_shifting("axes"))


max: Op = _extremum("max", "largest element")
min: Op = _extremum("min", "smallest element")
argmax: Op = _place("argmax", "largest element")
argmin: Op = _place("argmin", "smallest element")


def _truth(name: str) -> Op:
    def dtype(x: AnyDType) -> AnyDType:
        require_compute(name, x)
        return Bool

    return define(name, kind=REDUCE, shape=_reduced, dtype=dtype, batch=batch_shifting("axes"))


any_: Op = _truth("any")
all_: Op = _truth("all")


def _product_slopes(x: Any, axes: tuple[int, ...]) -> Any:
    """The product of all other elements along the axes, for each element.

    Halves are multiplied pairwise up to the whole and the factors handed down again, so that nothing is divided:
    zeros are as good as other numbers, for derivatives of any order.
    """
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    order = (*kept, *axes)
    moved = x.permute_dims(order)
    rows = moved.reshape((*(x.shape[i] for i in kept), -1))
    levels = [rows]
    while levels[-1].shape[-1] > 1:
        levels.append(_multiply_halves(levels[-1]))
    slopes = _ones_like(levels.pop())
    while levels:
        slopes = _hand_down(levels.pop(), slopes)
    return slopes.reshape(moved.shape).permute_dims(tuple(order.index(i) for i in range(x.ndim)))


def _ones_like(x: Any) -> Any:
    return x._zeros(x._spec) + 1


def _multiply_halves(rows: Any) -> Any:
    """Half as many elements; an odd one out stays as it is, at the end."""
    n = rows.shape[-1]
    product = rows[..., : n // 2] * rows[..., n // 2 : n // 2 * 2]
    return product if n % 2 == 0 else product._concat([rows[..., n - 1 :]], rows.ndim - 1)


def _hand_down(rows: Any, slopes: Any) -> Any:
    """From the factors of the products to those of their two halves: each times the other half."""
    n, last = rows.shape[-1], rows.ndim - 1
    above = slopes[..., : n // 2]
    left, right = rows[..., : n // 2], rows[..., n // 2 : n // 2 * 2]
    rest = [slopes[..., n // 2 :]] if n % 2 else []
    return (above * right)._concat([above * left, *rest], last)


prod: Op = define(
    "prod",
    kind=REDUCE,
    shape=_reduced,
    dtype=_total("prod"),
    batch=batch_shifting("axes"),
    vjp=(lambda g, x, axes: restore_axes(g, x._spec, axes) * _product_slopes(x, axes) if x.size else x,),
    jvp=(
        lambda dx, x, axes, keepdims: (dx * _product_slopes(x, axes) if x.size else dx).sum(
            axis=axes, keepdims=keepdims
        ),
    ),
)


def _logsumexp_dtype(x: AnyDType) -> AnyDType:
    require_compute("logsumexp", x)
    return promote_float(x)


logsumexp: Op = define(
    "logsumexp",
    kind=REDUCE,
    shape=_nonempty("largest element"),
    dtype=_logsumexp_dtype,
    batch=batch_shifting("axes"),
    vjp=(lambda g, x, out, axes: restore_axes(g, x._spec, axes) * (x - restore_axes(out, x._spec, axes)).exp(),),
    jvp=(
        lambda dx, x, out, axes, keepdims: (dx * (x - restore_axes(out, x._spec, axes)).exp()).sum(
            axis=axes, keepdims=keepdims
        ),
    ),
)


def _scan_shape(x: Shape, *, axis: int) -> Shape:
    normalise_axis(axis, len(x))
    return x


def _reverse_sums(g: Any, axis: int) -> Any:
    """Sums from the end: what a cumulative sum hands back."""
    backwards = (*(slice(None),) * axis, slice(None, None, -1))
    return cumulative_sum(g[backwards], axis=axis)[backwards]


cumulative_sum: Op = define(
    "cumulative_sum",
    kind=OPAQUE,
    shape=_scan_shape,
    dtype=_total("cumulative_sum"),
    batch=batch_shifting("axis"),
    vjp=(_reverse_sums,),
    jvp=(lambda dx, axis: cumulative_sum(dx, axis=axis),),
)
