"""Functions of one element as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.apply import apply
from .._core.dtypes import Bool, Integer
from .._core.op import Op
from .._core.ops import special as ops
from .base import DT, Base, Shape

if TYPE_CHECKING:
    from ..tensor import Tensor


class Special(Base[DT, *Shape]):
    """Signs, rounding, roots and functions of analysis."""

    __slots__ = ()

    def __abs__(self) -> Tensor[DT, *Shape]:
        return apply(ops.abs_, (self,))

    def __round__(self, ndigits: int | None = None) -> Tensor[DT, *Shape]:
        if ndigits:
            raise ValueError(f"round: there are no {ndigits} digits to choose: write (x * s).round() / s")
        return self.round()

    def abs(self) -> Tensor[DT, *Shape]:
        """The absolute value of each element; see `shapetensor.abs`."""
        return apply(ops.abs_, (self,))

    def sign(self) -> Tensor[DT, *Shape]:
        """-1, 0 or 1 for each element; see `shapetensor.sign`."""
        return apply(ops.sign, (self,))

    def floor(self) -> Tensor[DT, *Shape]:
        """Each element rounded down; see `shapetensor.floor`."""
        return _rounded(self, ops.floor)

    def ceil(self) -> Tensor[DT, *Shape]:
        """Each element rounded up; see `shapetensor.ceil`."""
        return _rounded(self, ops.ceil)

    def round(self) -> Tensor[DT, *Shape]:
        """Each element rounded to the nearest whole number; see `shapetensor.round`."""
        return _rounded(self, ops.round_)

    def isnan(self) -> Tensor[Bool, *Shape]:
        """Whether each element is NaN; see `shapetensor.isnan`."""
        return apply(ops.isnan, (self,))

    def sin(self) -> Tensor[Any, *Shape]:
        """The sine of each element; see `shapetensor.sin`."""
        return apply(ops.sin, (self,))

    def cos(self) -> Tensor[Any, *Shape]:
        """The cosine of each element; see `shapetensor.cos`."""
        return apply(ops.cos, (self,))

    def rsqrt(self) -> Tensor[Any, *Shape]:
        """One over the square root of each element; see `shapetensor.rsqrt`."""
        return apply(ops.rsqrt, (self,))

    def log2(self) -> Tensor[Any, *Shape]:
        """The logarithm of each element to base 2; see `shapetensor.log2`."""
        return apply(ops.log2, (self,))

    def log1p(self) -> Tensor[Any, *Shape]:
        """The natural logarithm of 1 plus each element; see `shapetensor.log1p`."""
        return apply(ops.log1p, (self,))

    def expm1(self) -> Tensor[Any, *Shape]:
        """e to the power of each element, minus 1; see `shapetensor.expm1`."""
        return apply(ops.expm1, (self,))

    def erf(self) -> Tensor[Any, *Shape]:
        """The error function of each element; see `shapetensor.erf`."""
        return apply(ops.erf, (self,))

    def sigmoid(self) -> Tensor[Any, *Shape]:
        """The logistic function of each element; see `shapetensor.sigmoid`."""
        return apply(ops.sigmoid, (self,))


def _rounded(x: Base[DT, *Shape], op: Op) -> Tensor[DT, *Shape]:
    """Integers are whole numbers already."""
    if issubclass(x.dtype, Integer):
        return x  # type: ignore[return-value]
    return apply(op, (x,))
