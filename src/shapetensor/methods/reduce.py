"""Reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.apply import apply
from .._core.dtypes import Float
from .._core.errors import DTypeError, ShapeError
from .._core.ops import reduce as ops
from .base import DT, Base, Shape, axes_of, axis_of

if TYPE_CHECKING:
    from ..tensor import AnyTensor

Axis = int | tuple[int, ...] | None


class Reduce(Base[DT, *Shape]):
    """Sums, means and maxima over axes."""

    __slots__ = ()

    def sum(self, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
        """The sum over axes; see `shapetensor.sum`."""
        return apply(ops.sum, (self,), (axes_of("sum", axis, self), keepdims))

    def max(self, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
        """The maximum over axes; see `shapetensor.max`."""
        return apply(ops.max, (self,), (axes_of("max", axis, self), keepdims))

    def argmax(self, *, axis: int | None = None, keepdims: bool = False) -> AnyTensor:
        """Where the maximum is; see `shapetensor.argmax`."""
        if axis is None:
            found = apply(ops.argmax, (self._any.reshape((self.size,)),), ((0,), False))
            return found.reshape((1,) * self.ndim) if keepdims else found
        return apply(ops.argmax, (self,), ((axis_of("argmax", axis, self),), keepdims))

    def mean(self, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
        """The mean over axes; see `shapetensor.mean`."""
        if not issubclass(self.dtype, Float):
            raise DTypeError(f"mean: {self.dtype.__name__} has no exact mean: write x.astype(F32).mean(...)")
        axes = axes_of("mean", axis, self)
        return self.sum(axis=axes, keepdims=keepdims) / _count(self._spec.shape, axes)

    def var(self, *, axis: Axis = None, correction: int = 0, keepdims: bool = False) -> AnyTensor:
        """The variance over axes; see `shapetensor.var`."""
        axes = axes_of("var", axis, self)
        count = _count(self._spec.shape, axes) - correction
        if count <= 0:
            raise ShapeError(f"var: {count + correction} elements are too few for correction={correction}")
        centred = self._any - self.mean(axis=axes, keepdims=True)
        return (centred * centred).sum(axis=axes, keepdims=keepdims) / count


def _count(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count
