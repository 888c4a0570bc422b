"""Linear algebra."""

from __future__ import annotations

from .._core.apply import apply
from .._core.ops import linalg as ops
from ..tensor import AnyTensor


def matmul(x1: AnyTensor, x2: AnyTensor, /) -> AnyTensor:
    """The matrix product: `x1 @ x2`; leading axes broadcast.

    Shape: `(..., m, k) @ (..., k, n) -> (..., m, n)`.

    Dtypes: promoted; integers wrap, two booleans have no product.

    Raises:
        ShapeError: if the inner dimensions differ, leading axes do not broadcast, or an operand has fewer than 2 axes.
        DTypeError: for two booleans, storage dtypes, and operands that are no tensors.

    Example:
        >>> import shapetensor as st
        >>> st.matmul(st.tensor([[1.0, 2.0]]), st.tensor([[3.0], [4.0]]))
        Tensor[F32, 1, 1]([[11.]])
    """
    return apply(ops.matmul, (x1, x2))
