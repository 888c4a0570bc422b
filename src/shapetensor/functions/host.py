"""Functions that NumPy does on the host: a compiled program cannot hold them."""

from __future__ import annotations

from typing import Any

from .._core.apply import apply_many
from .._core.dtypes import I64
from .._core.ops import host as ops
from ..methods.base import DT, Shape, axis_of
from ..tensor import AnyTensor, Tensor
from .operands import operand


def sort(x: Tensor[DT, *Shape], /, *, axis: int = -1, descending: bool = False) -> Tensor[DT, *Shape]:
    """The elements in order along an axis; NaN counts as the largest, as in NumPy.

    Shape: `(..., n, ...) -> (..., n, ...)`.

    Dtypes: any that computes; kept.

    Raises:
        ShapeError: for an axis that x does not have.
        DTypeError: for storage dtypes.
        CompileError: while a function is being recorded.

    Example:
        >>> import shapetensor as st
        >>> st.sort(st.tensor([3, 1, 2]), descending=True)
        Tensor[I64, 3]([3, 2, 1])
    """
    return _sorted("sort", x, axis, descending)[0]


def argsort(x: Tensor[Any, *Shape], /, *, axis: int = -1, descending: bool = False) -> Tensor[I64, *Shape]:
    """Where the elements of the sorted tensor stood before; equal elements keep their order.

    Shape: `(..., n, ...) -> (..., n, ...)`.

    Dtypes: any that computes; the result is I64.

    Raises:
        ShapeError: for an axis that x does not have.
        DTypeError: for storage dtypes.
        CompileError: while a function is being recorded.

    Example:
        >>> import shapetensor as st
        >>> st.argsort(st.tensor([3, 1, 2]))
        Tensor[I64, 3]([1, 2, 0])
    """
    return _sorted("argsort", x, axis, descending)[1]


def _sorted(name: str, x: AnyTensor, axis: int, descending: bool) -> list[AnyTensor]:
    place = axis_of(name, axis, operand(name, x))
    if not descending:
        return apply_many(ops.sort, (x,), (place,))
    # Reversed before and after, so that equal elements, which sorting leaves in order, keep the order they had in x.
    backwards = (*(slice(None),) * place, slice(None, None, -1))
    values, order = apply_many(ops.sort, (x[backwards],), (place,))
    return [values[backwards], (x.shape[place] - 1) - order[backwards]]
