"""Linear algebra."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, overload

from .._core.apply import apply, infer
from .._core.dims import same
from .._core.errors import DTypeError, ShapeError
from .._core.ops import linalg as ops
from .._core.spec import make_spec
from ..methods.base import axes_of, axis_of
from ..methods.linalg import K, N, Rows, product
from ..tensor import AnyTensor, Tensor
from .operands import operand

if TYPE_CHECKING:
    from .._core.dtypes import F32
    from ..methods.base import IntFirst, IntLast, Unknown


@overload
def matmul(x1: AnyTensor, x2: Tensor[Any, Unknown, *tuple[Unknown, ...]], /) -> AnyTensor: ...
@overload
def matmul(x1: Tensor[Any, *Rows, K], x2: Tensor[Any, K, N], /) -> Tensor[Any, *Rows, N]: ...
@overload
def matmul(x1: Tensor[Any, *Rows, K], x2: Tensor[Any, K], /) -> Tensor[Any, *Rows]: ...
@overload
def matmul(x1: AnyTensor, x2: Tensor[Any, Any, Any, Any, *tuple[Any, ...]], /) -> AnyTensor: ...
@overload
def matmul(x1: AnyTensor, x2: IntFirst, /) -> AnyTensor: ...
@overload
def matmul(x1: IntLast, x2: AnyTensor, /) -> AnyTensor: ...
def matmul(x1: Any, x2: Any, /) -> AnyTensor:
    """The matrix product: `x1 @ x2`; leading axes broadcast.

    Shape: `(..., m, k) @ (..., k, n) -> (..., m, n)`; with vectors `(..., m, k) @ (k) -> (..., m)`,
    `(k) @ (..., k, n) -> (..., n)` and `(k) @ (k) -> ()`.

    Dtypes: promoted; integers wrap, two booleans have no product.

    Raises:
        ShapeError: if the inner dimensions differ, leading axes do not broadcast, or an operand is a scalar.
        DTypeError: for two booleans, storage dtypes, and operands that are no tensors.

    Example:
        >>> import shapetensor as st
        >>> st.matmul(st.tensor([[1.0, 2.0]]), st.tensor([[3.0], [4.0]]))
        Tensor[F32, 1, 1]([[11.]])
        >>> st.matmul(st.tensor([[1.0, 2.0], [3.0, 4.0]]), st.tensor([1.0, 10.0]))
        Tensor[F32, 2]([21., 43.])
    """
    return product(x1, x2)


@overload
def linear(
    x: AnyTensor, weight: Tensor[Any, Unknown, *tuple[Unknown, ...]], bias: AnyTensor | None = None, /
) -> AnyTensor: ...
@overload
def linear(
    x: Tensor[F32, *Rows, K], weight: Tensor[F32, N, K], bias: Tensor[F32, N] | None = None, /
) -> Tensor[F32, *Rows, N]: ...
@overload
def linear(
    x: Tensor[Any, *Rows, K], weight: Tensor[Any, N, K], bias: Tensor[Any, N] | None = None, /
) -> Tensor[Any, *Rows, N]: ...
@overload
def linear(x: AnyTensor, weight: IntFirst | IntLast, bias: AnyTensor | None = None, /) -> AnyTensor: ...
@overload
def linear(x: IntLast, weight: AnyTensor, bias: AnyTensor | None = None, /) -> AnyTensor: ...
@overload
def linear(x: AnyTensor, weight: AnyTensor, bias: IntFirst, /) -> AnyTensor: ...
def linear(x: Any, weight: Any, bias: Any = None, /) -> AnyTensor:
    """The affine map of the last axis: `x @ weight.mT + bias`.

    Shape: `(..., in), (out, in), (out) -> (..., out)`.

    Dtypes: promoted, and computed in the dtype of the result; integers wrap, two booleans have no product.

    Args:
        x: rows, along any axes or none.
        weight: a row for each element of the result.
        bias: None: none is added.

    Raises:
        ShapeError: if the last axes of x and weight or the first ones of weight and bias differ, or for other ranks.
        DTypeError: for two booleans, storage dtypes, and operands that are no tensors.

    Example:
        >>> import shapetensor as st
        >>> weight = st.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
        >>> st.linear(st.tensor([[1.0, 2.0], [3.0, 4.0]]), weight, st.tensor([0.0, 0.0, 10.0]))
        Tensor[F32, 2, 3]([[ 1.,  4., 13.],
                           [ 3.,  8., 17.]])
        >>> st.linear(st.tensor([1.0, 2.0]), weight)
        Tensor[F32, 3]([1., 4., 3.])
    """
    if bias is not None:
        return apply(ops.linear, (x, weight, bias))
    x, weight = operand("linear", x), operand("linear", weight)
    try:
        if x.ndim and weight.ndim == 2:
            return ops.rows_times(x, weight.mT)  # type: ignore[no-any-return]
    except (ShapeError, DTypeError):
        pass
    any_bias = make_spec(weight.shape[:1], weight.dtype, weight.device)
    infer(ops.linear, (), x._spec, weight._spec, any_bias)  # its error speaks of linear, not of what that is made of
    raise AssertionError("a product that linear allows and matmul does not")


def outer(x1: AnyTensor, x2: AnyTensor, /) -> AnyTensor:
    """Each element of one vector times each of another.

    Shape: `(m), (n) -> (m, n)`.

    Dtypes: promoted; integers wrap, booleans are and-ed.

    Raises:
        ShapeError: unless both have one axis.
        DTypeError: for storage dtypes, and for operands that are no tensors.

    Example:
        >>> import shapetensor as st
        >>> st.outer(st.tensor([1, 2]), st.tensor([10, 20, 30]))
        Tensor[I64, 2, 3]([[10, 20, 30],
                           [20, 40, 60]])
    """
    x, y = operand("outer", x1), operand("outer", x2)
    if x.ndim != 1 or y.ndim != 1:
        raise ShapeError(f"outer: {x.shape} and {y.shape} are not both vectors: write x.reshape(-1) first")
    return x.expand_dims(1) * y


def tensordot(x1: AnyTensor, x2: AnyTensor, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> AnyTensor:
    """Products summed over several axes of both tensors at once; the other axes stay, those of x1 first.

    Shape: `(*a, *k), (*k, *b) -> (*a, *b)` where `axes` is the number of axes k.

    Dtypes: promoted; integers wrap, two booleans have no product.

    Args:
        x1: the first operand.
        x2: the second operand.
        axes: so many of the last axes of x1 and the first of x2; or the axes of x1 and those of x2, in pairs.

    Raises:
        ShapeError: if the axes differ in number or size, or are not there.
        DTypeError: for two booleans, storage dtypes, and operands that are no tensors.

    Example:
        >>> import shapetensor as st
        >>> st.tensordot(st.ones((2, 3, 4)), st.ones((3, 4, 5))).shape
        (2, 5)
        >>> st.tensordot(st.ones((2, 3)), st.ones((4, 2)), axes=((0,), (1,))).shape
        (3, 4)
    """
    x, y = operand("tensordot", x1), operand("tensordot", x2)
    ours, theirs = _contracted(axes, x, y)
    for a, b in zip(ours, theirs, strict=True):
        same(x.shape[a], y.shape[b], f"tensordot: axis {a} of {x.shape} and axis {b} of {y.shape} differ")
    rows = tuple(a for a in range(x.ndim) if a not in ours)
    columns = tuple(b for b in range(y.ndim) if b not in theirs)
    left, right = (tuple(x.shape[a] for a in rows), tuple(y.shape[b] for b in columns))
    size = prod(x.shape[a] for a in ours)
    matrix = x.permute_dims((*rows, *ours)).reshape((prod(left), size))
    other = y.permute_dims((*theirs, *columns)).reshape((size, prod(right)))
    return (matrix @ other).reshape((*left, *right))


def _contracted(axes: Any, x: AnyTensor, y: AnyTensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of both operands that are summed over, counted from the front."""
    if isinstance(axes, int):
        if not 0 <= axes <= min(x.ndim, y.ndim):
            raise ShapeError(f"tensordot: {x.shape} and {y.shape} do not both have {axes} axes to sum over")
        return tuple(range(x.ndim - axes, x.ndim)), tuple(range(axes))
    ours, theirs = (tuple(a) for a in axes)
    axes_of("tensordot", ours, x), axes_of("tensordot", theirs, y)  # each once
    if len(ours) != len(theirs):
        raise ShapeError(f"tensordot: axes {ours} of {x.shape} and {theirs} of {y.shape} are not as many")
    return tuple(axis_of("tensordot", a, x) for a in ours), tuple(axis_of("tensordot", b, y) for b in theirs)
