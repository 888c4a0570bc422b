"""Dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, TypeVarTuple

from .. import random
from .._core.dtypes import DType
from ..functions.elementwise import where
from ..tensor import Tensor
from .init import check_key
from .module import Module

if TYPE_CHECKING:
    from ..random import Key

DT = TypeVar("DT", bound=DType)
Shape = TypeVarTuple("Shape")


class Dropout(Module):
    """In training, zeros in place of a random part of the elements; the others grow by 1 / (1 - p).

    Shape: `(...) -> (...)`

    Reference: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.

    Example:
        >>> import shapetensor as st
        >>> dropout = st.nn.Dropout(0.5)
        >>> dropout(st.ones(4))
        Tensor[F32, 4]([1., 1., 1., 1.])
        >>> y, _ = dropout.training(st.ones(1000), key=st.random.key(0))
        >>> sorted(set(y.tolist())), 400 < int((y == 0.0).sum()) < 600
        ([0.0, 2.0], True)
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.p <= 1.0:
            raise ValueError(f"Dropout: p={self.p} is no probability: it lies between 0 and 1")

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        return x

    def training(self, x: Tensor[DT, *Shape], *, key: Key) -> tuple[Tensor[DT, *Shape], Self]:
        if self.p == 0.0:
            return x, self
        check_key("Dropout", key, "dropout.training(x, key=st.random.key(0))")
        shape: tuple[Any, ...] = x.shape
        kept = random.uniform(key, shape) >= self.p  # never for p = 1: the numbers are less than 1
        scale = 1.0 / (1.0 - self.p) if self.p < 1.0 else 0.0
        return where(kept, x * scale, 0.0), self
