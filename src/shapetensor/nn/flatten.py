"""Several axes made one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._core.errors import ShapeError
from ..methods.base import axis_of
from .module import Module

if TYPE_CHECKING:
    from ..tensor import AnyTensor

S = TypeVar("S", bound=int)
E = TypeVar("E", bound=int)


class Flatten(Module, Generic[S, E]):
    """The axes from `start_axis` to `end_axis`, both included, made one; the first one, the batch, stays by default.

    Shape: `(n, ...) -> (n, product of the others)`

    Args:
        start_axis: the first of the axes (torch: `start_dim`).
        end_axis: the last of them (torch: `end_dim`).

    Example:
        >>> import shapetensor as st
        >>> st.nn.Flatten()(st.zeros((32, 1, 8, 8))).shape
        (32, 64)
        >>> st.nn.Flatten(-2)(st.zeros((2, 3, 4))).shape
        (2, 12)
    """

    start_axis: S
    end_axis: E

    def __init__(self: Flatten[Any, Any], start_axis: int = 1, end_axis: int = -1) -> None:
        self.start_axis, self.end_axis = start_axis, end_axis

    def __call__(self, x: AnyTensor) -> AnyTensor:
        """The same elements in the same order.

        Raises:
            ShapeError: for an axis that x does not have, and if the last lies before the first.
        """
        start, end = (axis_of("Flatten", axis, x) for axis in (self.start_axis, self.end_axis))
        if end < start:
            raise ShapeError(
                f"Flatten: x has shape {x.shape}, in which axis {self.end_axis} is before {self.start_axis}"
            )
        return x.reshape((*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))
