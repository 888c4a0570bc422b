"""Picking elements by integer tensors, and adding elements up by them."""

from __future__ import annotations

from typing import Any

from .._core.apply import apply
from .._core.dims import as_size, normalise_axis
from .._core.dtypes import F32, I32, AnyDType, Integer
from .._core.errors import DTypeError, ShapeError
from .._core.ops import creation
from .._core.ops import index as ops
from ..methods.base import DT, axis_of
from ..tensor import AnyTensor, Tensor
from .operands import operand


def take(x: AnyTensor, indices: AnyTensor, /, *, axis: int | None = None) -> AnyTensor:
    """Slices of x along an axis at integer positions; negative positions count from the end.

    Shape: `(..., n, ...), (*i) -> (..., *i, ...)`.

    Dtypes: any that computes, and integers as indices; that of x is kept.

    Args:
        x: what to take from.
        indices: positions along the axis.
        axis: may be left out where x has one axis only.

    Raises:
        IndexError: for a position outside the axis.
        ShapeError: for an axis that x does not have, or none where it has several.
        DTypeError: for indices that are no integers, and for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> rows = st.tensor([[1, 2], [3, 4], [5, 6]])
        >>> st.take(rows, st.tensor([2, 0]), axis=0)
        Tensor[I64, 2, 2]([[5, 6],
                           [1, 2]])
    """
    source = operand("take", x)
    if axis is None and source.ndim != 1:
        raise ShapeError(f"take: {source.shape} has {source.ndim} axes: say which with axis=")
    return source.take(operand("take", indices), axis=axis or 0)


def take_along_axis(
    x: Tensor[DT, *tuple[Any, ...]], indices: AnyTensor, /, *, axis: int = -1
) -> Tensor[DT, *tuple[Any, ...]]:
    """One element of x for each index, at its own place off the axis: `out[i, j] = x[i, indices[i, j]]`.

    With what `argmax(..., keepdims=True)` or `argsort` gives it picks the largest or sorted elements.

    Shape: `(..., n, ...), (..., k, ...) -> (..., k, ...)`, equal off the axis.

    Dtypes: any that computes, and integers as indices; that of x is kept.

    Raises:
        IndexError: for a position outside the axis.
        ShapeError: for an axis that x does not have, and if the shapes differ off the axis.
        DTypeError: for indices that are no integers, and for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> x = st.tensor([[1, 2, 3], [4, 5, 6]])
        >>> st.take_along_axis(x, st.tensor([[2], [0]]), axis=1)
        Tensor[I64, 2, 1]([[3],
                           [4]])
    """
    source = operand("take_along_axis", x)
    return apply(ops.take_along_axis, (source, indices), (axis_of("take_along_axis", axis, source),))


def scatter_add(
    updates: Tensor[DT, *tuple[Any, ...]], indices: AnyTensor, /, *, axis: int, size: int
) -> Tensor[DT, *tuple[Any, ...]]:
    """Slices added to zeros at integer positions along an axis: the transpose of `take`, and so its gradient.

    Slices with the same position add up. `take(x, indices, axis=axis)` and `scatter_add(..., size=x.shape[axis])` have
    the same inner products: `sum(take(x, i) * u) == sum(x * scatter_add(u, i))`.

    Shape: `(..., *i, ...), (*i) -> (..., size, ...)`.

    Dtypes: any that computes, and integers as indices; that of the updates is kept.

    Args:
        updates: the slices; the axes of the indices stand where `axis` will be in the result.
        indices: positions along the axis of the result.
        axis: an axis of the result.
        size: its size.

    Raises:
        IndexError: for a position outside the axis.
        ShapeError: for an axis that the result does not have, a negative size, and if shapes do not fit.
        DTypeError: for indices that are no integers, and for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.scatter_add(st.tensor([1.0, 2.0, 4.0]), st.tensor([0, 2, 0]), axis=0, size=3)
        Tensor[F32, 3]([5., 0., 2.])
    """
    source, places = operand("scatter_add", updates), operand("scatter_add", indices)
    rank = source.ndim - places.ndim + 1
    if rank < 1:
        raise ShapeError(f"scatter_add: indices {places.shape} have more axes than the updates {source.shape}")
    return apply(ops.scatter_add, (source, places), (normalise_axis(axis, rank), _size("scatter_add", size)))


def scatter_add_along_axis(
    updates: Tensor[DT, *tuple[Any, ...]], indices: AnyTensor, /, *, axis: int = -1, size: int
) -> Tensor[DT, *tuple[Any, ...]]:
    """Elements added to zeros, each at its own place off the axis: the transpose of `take_along_axis`.

    For axis 1 of two: `out[i, indices[i, j]] += updates[i, j]`.

    Shape: `(..., k, ...), (..., k, ...) -> (..., size, ...)`.

    Dtypes: any that computes, and integers as indices; that of the updates is kept.

    Args:
        updates: the elements.
        indices: a position along the axis of the result for each element.
        axis: the axis.
        size: its size in the result.

    Raises:
        IndexError: for a position outside the axis.
        ShapeError: for an axis that the updates do not have, a negative size, and if the shapes differ.
        DTypeError: for indices that are no integers, and for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> one_hot = st.scatter_add_along_axis(st.ones((2, 1)), st.tensor([[2], [0]]), axis=1, size=3)
        >>> one_hot
        Tensor[F32, 2, 3]([[0., 0., 1.],
                           [1., 0., 0.]])
    """
    source = operand("scatter_add_along_axis", updates)
    attrs = (axis_of("scatter_add_along_axis", axis, source), _size("scatter_add_along_axis", size))
    return apply(ops.scatter_add_along_axis, (source, indices), attrs)


def one_hot(x: AnyTensor, /, num_classes: int, *, dtype: AnyDType | str = F32) -> AnyTensor:
    """A row of zeros with a one at the position that each integer names.

    Shape: `(...) -> (..., num_classes)`.

    Dtypes: integers; the result is F32 unless `dtype` says otherwise.

    Raises:
        IndexError: for a position outside the classes; negative ones count from the end.
        ShapeError: for a negative number of classes.
        DTypeError: for anything but integers that compute.

    Example:
        >>> import shapetensor as st
        >>> st.one_hot(st.tensor([2, 0]), 3)
        Tensor[F32, 2, 3]([[0., 0., 1.],
                           [1., 0., 0.]])
    """
    source = operand("one_hot", x)
    n = _size("one_hot", num_classes)
    if not issubclass(source.dtype, Integer):
        raise DTypeError(f"one_hot: {source.dtype.__name__} names no classes: write x.astype(I64)")
    one: AnyTensor = apply(creation.full, (1,), ((), I32, source.device))
    rows = source.expand_dims(-1)
    made = apply(ops.scatter_add_along_axis, (one.broadcast_to(rows.shape), rows), (source.ndim, n))
    return made.astype(dtype)


def _size(name: str, size: int) -> int:
    wanted: int = as_size(size)
    if wanted < 0:
        raise ShapeError(f"{name}: size {wanted} is negative")
    return wanted
