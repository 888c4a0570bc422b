"""Picking elements by integer tensors, and the scatter-adds that are the transposes of that."""

from __future__ import annotations

from collections.abc import Callable

from ..dims import Shape, normalise_axis, same, show
from ..dtypes import AnyDType, Integer, require_compute
from ..errors import DTypeError, ShapeError
from ..op import OPAQUE, Op, define


def _indexed(name: str) -> Callable[[AnyDType, AnyDType], AnyDType]:
    def dtype(x: AnyDType, indices: AnyDType) -> AnyDType:
        require_compute(name, x, indices)
        if indices.weak:
            raise DTypeError(f"{name}: the index is a Python number, not a tensor: write st.tensor(...)")
        if not issubclass(indices, Integer):
            raise DTypeError(f"{name}: indices are integers, not {indices.__name__}: write indices.astype(I64)")
        return x

    return dtype


def _take_shape(x: Shape, indices: Shape, *, axis: int) -> Shape:
    normalise_axis(axis, len(x))
    return (*x[:axis], *indices, *x[axis + 1 :])


def _scatter_shape(x: Shape, indices: Shape, *, axis: int, size: int) -> Shape:
    rank = len(indices)
    if axis + rank > len(x):
        raise ShapeError(f"{show(x)} has no {rank} axes from axis {axis} on, as the indices {show(indices)} have")
    for i, n in enumerate(indices):
        same(
            x[axis + i],
            n,
            f"axes {axis} to {axis + rank - 1} of {show(x)} are not those of the indices {show(indices)}",
        )
    return (*x[:axis], size, *x[axis + rank :])


take: Op = define(
    "take",
    kind=OPAQUE,
    shape=_take_shape,
    dtype=_indexed("take"),
    vjp=(lambda g, indices, x_spec, axis: scatter_add(g, indices, axis=axis, size=x_spec.shape[axis]), None),
    jvp=(lambda dx, indices, axis: take(dx, indices, axis=axis), None),
)
scatter_add: Op = define(
    "scatter_add",
    kind=OPAQUE,
    shape=_scatter_shape,
    dtype=_indexed("scatter_add"),
    vjp=(lambda g, indices, axis: take(g, indices, axis=axis), None),
    jvp=(lambda dx, indices, axis, size: scatter_add(dx, indices, axis=axis, size=size), None),
)


def _check_beside(x: Shape, indices: Shape, axis: int) -> None:
    normalise_axis(axis, len(x))
    if len(indices) != len(x):
        raise ShapeError(f"indices {show(indices)} need as many axes as {show(x)}")
    for i, (n, m) in enumerate(zip(x, indices, strict=True)):
        if i != axis:
            same(n, m, f"{show(x)} and indices {show(indices)} differ off axis {axis}: axis {i}")


def _take_along_shape(x: Shape, indices: Shape, *, axis: int) -> Shape:
    _check_beside(x, indices, axis)
    return indices


def _scatter_along_shape(x: Shape, indices: Shape, *, axis: int, size: int) -> Shape:
    _check_beside(x, indices, axis)
    same(x[axis], indices[axis], f"{show(x)} and indices {show(indices)} differ: axis {axis}")
    return (*x[:axis], size, *x[axis + 1 :])


take_along_axis: Op = define(
    "take_along_axis",
    kind=OPAQUE,
    shape=_take_along_shape,
    dtype=_indexed("take_along_axis"),
    vjp=(
        lambda g, indices, x_spec, axis: scatter_add_along_axis(g, indices, axis=axis, size=x_spec.shape[axis]),
        None,
    ),
    jvp=(lambda dx, indices, axis: take_along_axis(dx, indices, axis=axis), None),
)
scatter_add_along_axis: Op = define(
    "scatter_add_along_axis",
    kind=OPAQUE,
    shape=_scatter_along_shape,
    dtype=_indexed("scatter_add_along_axis"),
    vjp=(lambda g, indices, axis: take_along_axis(g, indices, axis=axis), None),
    jvp=(lambda dx, indices, axis, size: scatter_add_along_axis(dx, indices, axis=axis, size=size), None),
)
