"""Picking elements by integer tensors, and the scatter-adds that are the transposes of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dims import Shape, normalise_axis, same, show
from ..dtypes import AnyDType, Integer, require_compute
from ..errors import DTypeError, ShapeError
from ..op import OPAQUE, Op, define
from ..spec import make_spec
from .elementwise import where
from .reduce import cumulative_sum


def _indexed(name: str) -> Callable[[AnyDType, AnyDType], AnyDType]:
    def dtype(x: AnyDType, indices: AnyDType) -> AnyDType:
        require_compute(name, x, indices)
        if x.weak:
            raise DTypeError(f"{name}: the values are a Python number, not a tensor: write st.tensor(...)")
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


def _set_shape(x: Shape, indices: Shape, updates: Shape) -> Shape:
    normalise_axis(0, len(x))
    wanted = (*indices, *x[1:])
    if len(updates) != len(wanted):
        raise ShapeError(f"updates {show(updates)} should have the shape {show(wanted)}")
    for axis, (n, m) in enumerate(zip(updates, wanted, strict=True)):
        same(n, m, f"updates {show(updates)} should have the shape {show(wanted)}: axis {axis}")
    return x


def _set_dtype(x: AnyDType, indices: AnyDType, updates: AnyDType) -> AnyDType:
    if updates is not x:
        found = updates.name if updates.weak else updates.__name__
        raise DTypeError(f"scatter_set: the updates are {found}, not {x.__name__}: write updates.astype({x.__name__})")
    return _indexed("scatter_set")(x, indices)


def _keep_others(g: Any, indices: Any) -> Any:
    """The gradient with the replaced rows set to zero."""
    rows = take(g, indices, axis=0)
    return scatter_set(g, indices, rows._zeros(rows._spec))


def _of_last(g: Any, indices: Any) -> Any:
    """The gradient of each update: of those with one index, only the last is in the result."""
    flat = indices.reshape((indices.size,))
    order = cumulative_sum(flat * 0 + 1, axis=0)
    empty = flat._zeros(make_spec((g.shape[0],), order.dtype, g.device))
    last = take(scatter_set(empty, flat, order), flat, axis=0) == order
    ones = (1,) * (g.ndim - 1)
    return where(last.reshape((*indices.shape, *ones)), take(g, indices, axis=0), 0.0)


# x with rows replaced, along axis 0; where an index stands several times, the last one counts
scatter_set: Op = define(
    "scatter_set",
    kind=OPAQUE,
    shape=_set_shape,
    dtype=_set_dtype,
    vjp=(lambda g, indices: _keep_others(g, indices), None, lambda g, indices: _of_last(g, indices)),
    jvp=(
        lambda dx, indices: _keep_others(dx, indices),
        None,
        lambda dupdates, indices, out_spec: scatter_set(dupdates._zeros(out_spec), indices, dupdates),
    ),
)
