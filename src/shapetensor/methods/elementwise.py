"""Operators and elementwise methods."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, overload

from .._core.apply import apply
from .._core.dtypes import AnyDType, Bool, Float, Number, as_dtype
from .._core.ops import elementwise as ops
from .base import DT, Base, Shape

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor
    from .base import Ranked


class Elementwise(Base[DT, *Shape]):
    """Arithmetic, comparison and functions of one element; operands broadcast and promote."""

    __slots__ = ()

    # Without the plugin a checker cannot broadcast: two tensors give one of unknown rank, except that where the shape
    # is a bare `*S` the result is taken to have it too. A number leaves the shape as it is.
    @overload
    def __add__(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def __add__(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def __add__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.add, (self, other))

    def __radd__(self, other: float) -> Tensor[Any, *Shape]:
        return apply(ops.add, (other, self))

    @overload
    def __sub__(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def __sub__(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def __sub__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.sub, (self, other))

    def __rsub__(self, other: float) -> Tensor[Any, *Shape]:
        return apply(ops.sub, (other, self))

    @overload
    def __mul__(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def __mul__(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def __mul__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.mul, (self, other))

    def __rmul__(self, other: float) -> Tensor[Any, *Shape]:
        return apply(ops.mul, (other, self))

    @overload
    def __truediv__(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def __truediv__(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def __truediv__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.div, (self, other))

    def __rtruediv__(self, other: float) -> Tensor[Any, *Shape]:
        return apply(ops.div, (other, self))

    @overload
    def __floordiv__(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def __floordiv__(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def __floordiv__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.floor_divide, (self, other))

    def __rfloordiv__(self, other: float) -> Tensor[Any, *Shape]:
        return apply(ops.floor_divide, (other, self))

    @overload
    def __mod__(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def __mod__(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def __mod__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.remainder, (self, other))

    def __rmod__(self, other: float) -> Tensor[Any, *Shape]:
        return apply(ops.remainder, (other, self))

    @overload
    def __pow__(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def __pow__(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def __pow__(self, other: AnyTensor | float) -> AnyTensor:
        return power(self, other)

    def __rpow__(self, other: float) -> Tensor[Any, *Shape]:
        return apply(ops.pow_, (other, self))

    @overload
    def __and__(self: Ranked, other: AnyTensor) -> Tensor[Bool, *tuple[Any, ...]]: ...
    @overload
    def __and__(self, other: AnyTensor | bool) -> Tensor[Bool, *Shape]: ...
    def __and__(self, other: AnyTensor | bool) -> AnyTensor:
        return apply(ops.logical_and, (self, other))

    def __rand__(self, other: bool) -> Tensor[Bool, *Shape]:
        return apply(ops.logical_and, (other, self))

    @overload
    def __or__(self: Ranked, other: AnyTensor) -> Tensor[Bool, *tuple[Any, ...]]: ...
    @overload
    def __or__(self, other: AnyTensor | bool) -> Tensor[Bool, *Shape]: ...
    def __or__(self, other: AnyTensor | bool) -> AnyTensor:
        return apply(ops.logical_or, (self, other))

    def __ror__(self, other: bool) -> Tensor[Bool, *Shape]:
        return apply(ops.logical_or, (other, self))

    @overload
    def __xor__(self: Ranked, other: AnyTensor) -> Tensor[Bool, *tuple[Any, ...]]: ...
    @overload
    def __xor__(self, other: AnyTensor | bool) -> Tensor[Bool, *Shape]: ...
    def __xor__(self, other: AnyTensor | bool) -> AnyTensor:
        return apply(ops.logical_xor, (self, other))

    def __rxor__(self, other: bool) -> Tensor[Bool, *Shape]:
        return apply(ops.logical_xor, (other, self))

    def __invert__(self) -> Tensor[DT, *Shape]:
        return apply(ops.logical_not, (self,))

    def __neg__(self) -> Tensor[DT, *Shape]:
        return apply(ops.neg, (self,))

    @overload
    def __lt__(self: Ranked, other: AnyTensor) -> Tensor[Bool, *tuple[Any, ...]]: ...
    @overload
    def __lt__(self, other: AnyTensor | float) -> Tensor[Bool, *Shape]: ...
    def __lt__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.less, (self, other))

    @overload
    def __le__(self: Ranked, other: AnyTensor) -> Tensor[Bool, *tuple[Any, ...]]: ...
    @overload
    def __le__(self, other: AnyTensor | float) -> Tensor[Bool, *Shape]: ...
    def __le__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.less_equal, (self, other))

    @overload
    def __gt__(self: Ranked, other: AnyTensor) -> Tensor[Bool, *tuple[Any, ...]]: ...
    @overload
    def __gt__(self, other: AnyTensor | float) -> Tensor[Bool, *Shape]: ...
    def __gt__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.greater, (self, other))

    @overload
    def __ge__(self: Ranked, other: AnyTensor) -> Tensor[Bool, *tuple[Any, ...]]: ...
    @overload
    def __ge__(self, other: AnyTensor | float) -> Tensor[Bool, *Shape]: ...
    def __ge__(self, other: AnyTensor | float) -> AnyTensor:
        return apply(ops.greater_equal, (self, other))

    def __eq__(self, other: object) -> Tensor[Bool, *tuple[Any, ...]]:  # type: ignore[override]
        return apply(ops.equal, (self, other))

    def __ne__(self, other: object) -> Tensor[Bool, *tuple[Any, ...]]:  # type: ignore[override]
        return apply(ops.not_equal, (self, other))

    def exp(self) -> Tensor[Any, *Shape]:
        """e to the power of each element; see `shapetensor.exp`."""
        return apply(ops.exp, (self,))

    def log(self) -> Tensor[Any, *Shape]:
        """Natural logarithm of each element; see `shapetensor.log`."""
        return apply(ops.log, (self,))

    def sqrt(self) -> Tensor[Any, *Shape]:
        """Square root of each element; see `shapetensor.sqrt`."""
        return apply(ops.sqrt, (self,))

    def tanh(self) -> Tensor[Any, *Shape]:
        """Hyperbolic tangent of each element; see `shapetensor.tanh`."""
        return apply(ops.tanh, (self,))

    def relu(self) -> Tensor[DT, *Shape]:
        """Each element, 0 where it is negative; see `shapetensor.relu`."""
        return apply(ops.relu, (self,))

    @overload
    def maximum(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def maximum(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def maximum(self, other: AnyTensor | float) -> AnyTensor:
        """The larger of each two elements; see `shapetensor.maximum`."""
        return apply(ops.maximum, (self, other))

    @overload
    def minimum(self: Ranked, other: AnyTensor) -> AnyTensor: ...
    @overload
    def minimum(self, other: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def minimum(self, other: AnyTensor | float) -> AnyTensor:
        """The smaller of each two elements; see `shapetensor.minimum`."""
        return apply(ops.minimum, (self, other))

    @overload
    def pow(self: Ranked, exponent: AnyTensor) -> AnyTensor: ...
    @overload
    def pow(self, exponent: AnyTensor | float) -> Tensor[Any, *Shape]: ...
    def pow(self, exponent: AnyTensor | float) -> AnyTensor:
        """Each element to a power; see `shapetensor.pow`."""
        return power(self, exponent)

    @overload
    def clip(self, min: float | None = None, max: float | None = None) -> Tensor[Any, *Shape]: ...
    @overload
    def clip(self, min: AnyTensor | float | None = None, max: AnyTensor | float | None = None) -> AnyTensor: ...
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

    @overload
    def clamp(self, min: float | None = None, max: float | None = None) -> Tensor[Any, *Shape]: ...
    @overload
    def clamp(self, min: AnyTensor | float | None = None, max: AnyTensor | float | None = None) -> AnyTensor: ...
    def clamp(self, min: AnyTensor | float | None = None, max: AnyTensor | float | None = None) -> AnyTensor:
        """torch's name for `clip`."""
        return self.clip(min, max)

    def masked_fill(self, mask: AnyTensor, value: AnyTensor | float) -> AnyTensor:
        """torch's name for `shapetensor.where(mask, value, x)`."""
        return apply(ops.where, (mask, value, self))

    def astype(self, dtype: AnyDType | str) -> Tensor[Any, *Shape]:
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
