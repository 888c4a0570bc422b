"""Operators and elementwise methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.apply import apply
from .._core.dtypes import AnyDType, as_dtype
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

    def astype(self, dtype: AnyDType | str) -> AnyTensor:
        """The elements as another dtype; see `shapetensor.astype`."""
        return apply(ops.astype, (self,), (as_dtype(dtype),))

    __hash__ = None  # type: ignore[assignment]
