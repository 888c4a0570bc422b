"""Reductions over axes."""

from __future__ import annotations

from ..tensor import AnyTensor
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


def max(x: AnyTensor, /, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
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


def argmax(x: AnyTensor, /, *, axis: int | None = None, keepdims: bool = False) -> AnyTensor:
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


def mean(x: AnyTensor, /, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
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


def var(x: AnyTensor, /, *, axis: Axis = None, correction: int = 0, keepdims: bool = False) -> AnyTensor:
    """The variance over axes: `sum((x - mean(x))**2) / (n - correction)`, in two passes.

    Shape: `(..., n, ...) -> (..., ...)`, or `(..., 1, ...)` with `keepdims`.

    Dtypes: floats.

    Args:
        x: the elements.
        axis: the axes; None: all.
        correction: 0 for the variance of these elements, 1 for the unbiased estimate from a sample.
        keepdims: leave the axes in place with size 1.

    Raises:
        ShapeError: for an axis that x does not have, and where there are no more than `correction` elements.
        DTypeError: for integers, booleans and storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> x = st.tensor([1.0, 3.0])
        >>> st.var(x), st.var(x, correction=1)
        (Tensor[F32](1.), Tensor[F32](2.))
    """
    return operand("var", x).var(axis=axis, correction=correction, keepdims=keepdims)
