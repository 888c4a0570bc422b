"""Nonlinearities as modules."""

from __future__ import annotations

from typing import TypeVar, TypeVarTuple

from .._core.dtypes import DType
from ..tensor import Tensor
from .module import Module

DT = TypeVar("DT", bound=DType)
Shape = TypeVarTuple("Shape")


class ReLU(Module):
    """Each element, 0 where it is negative.

    Shape: `(...) -> (...)`

    Example:
        >>> import shapetensor as st
        >>> st.nn.ReLU()(st.tensor([-1.0, 2.0]))
        Tensor[F32, 2]([0., 2.])
    """

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        return x.relu()


class Tanh(Module):
    """The hyperbolic tangent of each element.

    Shape: `(...) -> (...)`

    Example:
        >>> import shapetensor as st
        >>> st.nn.Tanh()(st.zeros(2))
        Tensor[F32, 2]([0., 0.])
    """

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        return x.tanh()
