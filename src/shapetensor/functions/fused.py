"""Functions of rows that are one pass each, forward and backward."""

from __future__ import annotations

from typing import Any

from .._core.apply import apply
from .._core.ops import fused as ops
from ..methods.base import Shape, axis_of
from ..tensor import Tensor
from .operands import operand


def softmax(x: Tensor[Any, *Shape], /, *, axis: int = -1) -> Tensor[Any, *Shape]:
    """Elements as probabilities along an axis: `exp(x) / sum(exp(x))`.

    The largest element is subtracted first, which changes nothing but keeps exp from overflowing.

    Shape: `(..., n) -> (..., n)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        ShapeError: for an axis that x does not have, or one of size 0.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.softmax(st.tensor([1000.0, 1000.0]))
        Tensor[F32, 2]([0.5, 0.5])
    """
    return apply(ops.softmax, (x,), (axis_of("softmax", axis, operand("softmax", x)),))


def log_softmax(x: Tensor[Any, *Shape], /, *, axis: int = -1) -> Tensor[Any, *Shape]:
    """The logarithm of `softmax`, exact where the probability is too small for a float.

    Shape: `(..., n) -> (..., n)`.

    Dtypes: floats; integers and booleans become F32.

    Raises:
        ShapeError: for an axis that x does not have, or one of size 0.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.log_softmax(st.tensor([0.0, 1000.0]))
        Tensor[F32, 2]([-1000.,     0.])
    """
    return apply(ops.log_softmax, (x,), (axis_of("log_softmax", axis, operand("log_softmax", x)),))
