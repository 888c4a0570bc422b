"""Reductions over axes."""

from __future__ import annotations

from typing import Any

from .._core.dtypes import I64, Bool
from ..methods.base import DT, Shape
from ..tensor import AnyTensor, Tensor
from .operands import operand

Axis = int | tuple[int, ...] | None


def sum(x: AnyTensor, /, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
    """The sum over axes, all of them where none is named; 0 where there are no elements.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: floats keep theirs; integers and booleans are summed as I64.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> x = st.tensor([[1, 2], [3, 4]])
        >>> st.sum(x), st.sum(x, axis=0)
        (Tensor[I64](10), Tensor[I64, 2]([4, 6]))
    """
    return operand("sum", x).sum(axis=axis, keepdims=keepdims)


def max(
    x: Tensor[DT, *tuple[Any, ...]], /, *, axis: Axis = None, keepdims: bool = False
) -> Tensor[DT, *tuple[Any, ...]]:
    """The largest element over axes, all of them where none is named; NaN if there is one.

    Elements that are equally large share the gradient evenly.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: any that computes; kept.

    Raises:
        ShapeError: for an axis of size 0, one that x does not have, or one named twice.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.max(st.tensor([[1, 5], [7, 3]]), axis=1, keepdims=True)
        Tensor[I64, 2, 1]([[5],
                           [7]])
    """
    return operand("max", x).max(axis=axis, keepdims=keepdims)


def argmax(x: AnyTensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor[I64, *tuple[Any, ...]]:
    """Where the largest element is, the first of several; the first NaN if there is one.

    Without an axis it is the position in the flattened tensor.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: any that computes; the result is I64.

    Raises:
        ShapeError: for an axis of size 0, or one that x does not have.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.argmax(st.tensor([[1, 5], [7, 3]]), axis=1)
        Tensor[I64, 2]([1, 0])
    """
    return operand("argmax", x).argmax(axis=axis, keepdims=keepdims)


def mean(
    x: Tensor[DT, *tuple[Any, ...]], /, *, axis: Axis = None, keepdims: bool = False
) -> Tensor[DT, *tuple[Any, ...]]:
    """The arithmetic mean over axes, all of them where none is named; NaN where there are no elements.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: floats.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.
        DTypeError: for integers, booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.mean(st.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        Tensor[F32, 2]([2., 3.])
    """
    return operand("mean", x).mean(axis=axis, keepdims=keepdims)


def var(
    x: Tensor[DT, *tuple[Any, ...]], /, *, axis: Axis = None, correction: int = 0, keepdims: bool = False
) -> Tensor[DT, *tuple[Any, ...]]:
    """The variance over axes: `sum((x - mean(x))**2) / (n - correction)`, in two passes.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: floats.

    Args:
        x: the elements.
        axis: the axes; None: all.
        correction: 0 for the variance of these elements, 1 for the unbiased estimate from a sample.
        keepdims: leave the axes in place with size 1.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.
        DTypeError: for integers, booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> x = st.tensor([1.0, 3.0])
        >>> st.var(x), st.var(x, correction=1)
        (Tensor[F32](1.), Tensor[F32](2.))
    """
    return operand("var", x).var(axis=axis, correction=correction, keepdims=keepdims)


def min(
    x: Tensor[DT, *tuple[Any, ...]], /, *, axis: Axis = None, keepdims: bool = False
) -> Tensor[DT, *tuple[Any, ...]]:
    """The smallest element over axes, all of them where none is named; NaN if there is one.

    Elements that are equally small share the gradient evenly.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: any that computes; kept.

    Raises:
        ShapeError: for an axis of size 0, one that x does not have, or one named twice.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.min(st.tensor([[1, 5], [7, 3]]), axis=1, keepdims=True)
        Tensor[I64, 2, 1]([[1],
                           [3]])
    """
    return operand("min", x).min(axis=axis, keepdims=keepdims)


def argmin(x: AnyTensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor[I64, *tuple[Any, ...]]:
    """Where the smallest element is, the first of several; the first NaN if there is one.

    Without an axis it is the position in the flattened tensor.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: any that computes; the result is I64.

    Raises:
        ShapeError: for an axis of size 0, or one that x does not have.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.argmin(st.tensor([[1, 5], [7, 3]]), axis=1)
        Tensor[I64, 2]([0, 1])
    """
    return operand("argmin", x).argmin(axis=axis, keepdims=keepdims)


def prod(x: AnyTensor, /, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
    """The product over axes, all of them where none is named; 1 where there are no elements.

    The gradient is right where elements are 0, too: nothing is divided.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: floats keep theirs; integers and booleans are multiplied as I64, which wraps.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.prod(st.tensor([[1, 2], [3, 4]]), axis=0)
        Tensor[I64, 2]([3, 8])
    """
    return operand("prod", x).prod(axis=axis, keepdims=keepdims)


def any(x: AnyTensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether one element or more is true over axes; False where there are none.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: any that computes, where anything but 0 is true, NaN included; the result is Bool.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.any(st.tensor([[0, 1], [0, 0]]), axis=1)
        Tensor[Bool, 2]([ True, False])
    """
    return operand("any", x).any(axis=axis, keepdims=keepdims)


def all(x: AnyTensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor[Bool, *tuple[Any, ...]]:
    """Whether all elements are true over axes; True where there are none.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: any that computes, where anything but 0 is true, NaN included; the result is Bool.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.all(st.tensor([[1, 1], [0, 1]]), axis=1)
        Tensor[Bool, 2]([ True, False])
    """
    return operand("all", x).all(axis=axis, keepdims=keepdims)


def std(
    x: Tensor[DT, *tuple[Any, ...]], /, *, axis: Axis = None, correction: int = 0, keepdims: bool = False
) -> Tensor[DT, *tuple[Any, ...]]:
    """The standard deviation over axes: the square root of `var`. Its gradient is NaN where all elements are equal.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: floats.

    Args:
        x: the elements.
        axis: the axes; None: all.
        correction: 0 for the deviation of these elements, 1 for the estimate from a sample.
        keepdims: leave the axes in place with size 1.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.
        DTypeError: for integers, booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.std(st.tensor([1.0, 3.0])), st.std(st.tensor([1.0, 3.0]), correction=1)
        (Tensor[F32](1.), Tensor[F32](1.4142135))
    """
    return operand("std", x).std(axis=axis, correction=correction, keepdims=keepdims)


def logsumexp(x: AnyTensor, /, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
    """The logarithm of the sum of `exp(x)` over axes, without overflow.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        ShapeError: for an axis of size 0, one that x does not have, or one named twice.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.logsumexp(st.tensor([1000.0, 1000.0]))
        Tensor[F32](1000.6932)
    """
    return operand("logsumexp", x).logsumexp(axis=axis, keepdims=keepdims)


def cumulative_sum(x: Tensor[Any, *Shape], /, *, axis: int | None = None) -> Tensor[Any, *Shape]:
    """Sums of the elements so far along an axis, each with its own.

    Shape: `(..., n, ...) -> (..., n, ...)`.

    Dtypes: floats keep theirs; integers and booleans are summed as I64.

    Args:
        x: the elements.
        axis: may be left out where x has one axis only.

    Raises:
        ShapeError: for an axis that x does not have, or none where it has several or no axes.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.cumulative_sum(st.tensor([[1, 2, 3], [4, 5, 6]]), axis=1)
        Tensor[I64, 2, 3]([[ 1,  3,  6],
                           [ 4,  9, 15]])
    """
    return operand("cumulative_sum", x).cumulative_sum(axis=axis)
