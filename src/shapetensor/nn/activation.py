"""Nonlinearities as modules."""

from __future__ import annotations

import math
from typing import Literal, TypeVar, TypeVarTuple

from .._core.dtypes import DType
from ..functions.special import gelu, sigmoid, silu
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


class Sigmoid(Module):
    """1 / (1 + exp(-x)) of each element.

    Shape: `(...) -> (...)`

    Example:
        >>> import shapetensor as st
        >>> st.nn.Sigmoid()(st.zeros(2))
        Tensor[F32, 2]([0.5, 0.5])
    """

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        return sigmoid(x)


class SiLU(Module):
    """Each element times its sigmoid, also known as swish.

    Shape: `(...) -> (...)`

    Reference: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units", Neural Networks 107, 2018.

    Example:
        >>> import shapetensor as st
        >>> st.nn.SiLU()(st.tensor([0.0, 2.0]))
        Tensor[F32, 2]([0.      , 1.761594])
    """

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        return silu(x)


class GELU(Module):
    """Each element times the probability that a standard normal number is smaller.

    Shape: `(...) -> (...)`

    Reference: Hendrycks and Gimpel, "Gaussian error linear units", 2016, arXiv:1606.08415.

    Args:
        approximate: "none", or "tanh" for `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.

    Raises:
        ValueError: for another word.

    Example:
        >>> import shapetensor as st
        >>> st.nn.GELU()(st.tensor([-1.0, 0.0, 1.0]))
        Tensor[F32, 3]([-0.15865526,  0.        ,  0.8413447 ])
        >>> st.nn.GELU("tanh")
        GELU(approximate='tanh')
    """

    approximate: Literal["none", "tanh"] = "none"

    def __post_init__(self) -> None:
        if self.approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate is 'none' or 'tanh', not {self.approximate!r}")

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        if self.approximate == "none":
            return gelu(x)
        inner = (x + x * x * x * 0.044715) * math.sqrt(2.0 / math.pi)
        return x * (inner.tanh() + 1.0) * 0.5


class Identity(Module):
    """The input itself: a place holder for a layer.

    Shape: `(...) -> (...)`

    Example:
        >>> import shapetensor as st
        >>> st.nn.Identity()(st.ones(2))
        Tensor[F32, 2]([1., 1.])
    """

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        return x
