"""Operators and elementwise methods."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING

from .._core.apply import apply
from .._core.dtypes import AnyDType, Float, Number, as_dtype
from .._core.ops import elementwise as ops
from .base import DT, Base, Shape

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor


class Elementwise(Base[DT, *Shape]):
    """Arithmetic, comparison and functions of one element; operands broadcast and promote."""

    __slots__ = ()

    def __add__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.add, (self, other))

    def __radd__(self, other: float) -> AnyTensor:
        return apply(ops.add, (other, self))

    def __sub__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.sub, (self, other))

    def __rsub__(self, other: float) -> AnyTensor:
        return apply(ops.sub, (other, self))

    def __mul__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.mul, (self, other))

    def __rmul__(self, other: float) -> AnyTensor:
        return apply(ops.mul, (other, self))

    def __truediv__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.div, (self, other))

    def __rtruediv__(self, other: float) -> AnyTensor:
        return apply(ops.div, (other, self))

    def __floordiv__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.floor_divide, (self, other))

    def __rfloordiv__(self, other: float) -> AnyTensor:
        return apply(ops.floor_divide, (other, self))

    def __mod__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.remainder, (self, other))

    def __rmod__(self, other: float) -> AnyTensor:
        return apply(ops.remainder, (other, self))

    def __pow__(self, other: AnyTensor | float) -> AnyTensor:
        return power(self, other)

    def __rpow__(self, other: float) -> AnyTensor:
        return apply(ops.pow_, (other, self))

    def __and__(self, other: AnyTensor | bool) -> AnyTensor:
        return apply(ops.logical_and, (self, other))

    def __rand__(self, other: bool) -> AnyTensor:
        return apply(ops.logical_and, (other, self))

    def __or__(self, other: AnyTensor | bool) -> AnyTensor:
        return apply(ops.logical_or, (self, other))

    def __ror__(self, other: bool) -> AnyTensor:
        return apply(ops.logical_or, (other, self))

    def __xor__(self, other: AnyTensor | bool) -> AnyTensor:
        return apply(ops.logical_xor, (self, other))

    def __rxor__(self, other: bool) -> AnyTensor:
        return apply(ops.logical_xor, (other, self))

    def __invert__(self) -> Tensor[DT, *Shape]:
        return apply(ops.logical_not, (self,))

    def __neg__(self) -> Tensor[DT, *Shape]:
        return apply(ops.neg, (self,))

    def __lt__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.less, (self, other))

    def __le__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.less_equal, (self, other))

    def __gt__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.greater, (self, other))

    def __ge__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.greater_equal, (self, other))

    def __eq__(self, other: object) -> AnyTensor:  # type: ignore[override]
        return apply(ops.equal, (self, other))

    def __ne__(self, other: object) -> AnyTensor:  # type: ignore[override]
        return apply(ops.not_equal, (self, other))

    def exp(self) -> Tensor[DT, *Shape]:
        """e to the power of each element; see `shapetensor.exp`."""
        return apply(ops.exp, (self,))

    def log(self) -> Tensor[DT, *Shape]:
        """Natural logarithm of each element; see `shapetensor.log`."""
        return apply(ops.log, (self,))

    def sqrt(self) -> Tensor[DT, *Shape]:
        """Square root of each element; see `shapetensor.sqrt`."""
        return apply(ops.sqrt, (self,))

    def tanh(self) -> Tensor[DT, *Shape]:
        """Hyperbolic tangent of each element; see `shapetensor.tanh`."""
        return apply(ops.tanh, (self,))

    def relu(self) -> Tensor[DT, *Shape]:
        """Each element, 0 where it is negative; see `shapetensor.relu`."""
        return apply(ops.relu, (self,))

    def maximum(self, other: AnyTensor | float) -> AnyTensor:
        """The larger of each two elements; see `shapetensor.maximum`."""
        return apply(ops.maximum, (self, other))

    def minimum(self, other: AnyTensor | float) -> AnyTensor:
        """The smaller of each two elements; see `shapetensor.minimum`."""
        return apply(ops.minimum, (self, other))

    def pow(self, exponent: AnyTensor | float) -> AnyTensor:
        """Each element to a power; see `shapetensor.pow`."""
        return power(self, exponent)

    def clip(self, min: AnyTensor | float | None = None, max: AnyTensor | float | None = None) -> AnyTensor:
        """Each element, or the bound that it is beyond; see `shapetensor.clip`."""
        if min is None and max is None:
            return self._any
        if issubclass(self.dtype, Float):
            low, high = (-math.inf if min is None else min), (math.inf if max is None else max)
            return apply(ops.clip, (self, low, high))
        if max is None:
            return apply(ops.maximum, (self, min))
        return apply(ops.minimum, (self, max)) if min is None else apply(ops.clip, (self, min, max))

    def clamp(self, min: AnyTensor | float | None = None, max: AnyTensor | float | None = None) -> AnyTensor:
        """torch's name for `clip`."""
        return self.clip(min, max)

    def masked_fill(self, mask: AnyTensor, value: AnyTensor | float) -> AnyTensor:
        """torch's name for `shapetensor.where(mask, value, x)`."""
        return apply(ops.where, (mask, value, self))

    def astype(self, dtype: AnyDType | str) -> AnyTensor:
        """The elements as another dtype; see `shapetensor.astype`."""
        return apply(ops.astype, (self,), (as_dtype(dtype),))

    __hash__ = None  # type: ignore[assignment]


def power(x: Base[DT, *Shape], y: AnyTensor | float) -> AnyTensor:
    """`x ** y`, by a product or a square root where a Python number says so, as NumPy does it.

    Raises:
        ValueError: for integers to a negative Python int.
    """
    if isinstance(y, Real) and not isinstance(y, bool):
        whole = isinstance(y, Integral)
        if y == 2 and issubclass(x.dtype, Number) and (whole or issubclass(x.dtype, Float)):
            return apply(ops.mul, (x, x))
        if y == 0.5 and issubclass(x.dtype, Float):
            return apply(ops.sqrt, (x,))
        if whole and y < 0 and not issubclass(x.dtype, Float):
            raise ValueError(
                f"pow: {x.dtype.__name__} to the power {y} is no integer: "
                f"write x ** {float(y)} for F32, or x.astype(F64) ** {y}"
            )
    return apply(ops.pow_, (x, y))
