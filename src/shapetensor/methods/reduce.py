"""Reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.apply import apply
from .._core.dtypes import I64, Bool, Float
from .._core.errors import DTypeError, ShapeError
from .._core.op import Op
from .._core.ops import reduce as ops
from .base import DT, Base, Shape, axes_of, axis_of

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor

Axis = int | tuple[int, ...] | None


class Reduce(Base[DT, *Shape]):
    """Sums, means, extrema and truth over axes."""

    __slots__ = ()

    def sum(self, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
        """The sum over axes; see `shapetensor.sum`."""
        return apply(ops.sum, (self,), (axes_of("sum", axis, self), keepdims))

    def max(self, *, axis: Axis = None, keepdims: bool = False) -> Tensor[DT, *tuple[Any, ...]]:
        """The maximum over axes; see `shapetensor.max`."""
        return apply(ops.max, (self,), (axes_of("max", axis, self), keepdims))

    def min(self, *, axis: Axis = None, keepdims: bool = False) -> Tensor[DT, *tuple[Any, ...]]:
        """The minimum over axes; see `shapetensor.min`."""
        return apply(ops.min, (self,), (axes_of("min", axis, self), keepdims))

    def prod(self, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
        """The product over axes; see `shapetensor.prod`."""
        return apply(ops.prod, (self,), (axes_of("prod", axis, self), keepdims))

    def any(self, *, axis: Axis = None, keepdims: bool = False) -> Tensor[Bool, *tuple[Any, ...]]:
        """Whether one element or more is true over axes; see `shapetensor.any`."""
        return apply(ops.any_, (self,), (axes_of("any", axis, self), keepdims))

    def all(self, *, axis: Axis = None, keepdims: bool = False) -> Tensor[Bool, *tuple[Any, ...]]:
        """Whether all elements are true over axes; see `shapetensor.all`."""
        return apply(ops.all_, (self,), (axes_of("all", axis, self), keepdims))

    def logsumexp(self, *, axis: Axis = None, keepdims: bool = False) -> AnyTensor:
        """The logarithm of the sum of exponentials over axes; see `shapetensor.logsumexp`."""
        return apply(ops.logsumexp, (self,), (axes_of("logsumexp", axis, self), keepdims))

    def cumulative_sum(self, *, axis: int | None = None) -> Tensor[Any, *Shape]:
        """Sums of the elements so far along an axis; see `shapetensor.cumulative_sum`."""
        if axis is None and self.ndim != 1:
            raise ShapeError(f"cumulative_sum: {self.shape} has {self.ndim} axes: say which with axis=")
        return apply(ops.cumulative_sum, (self,), (axis_of("cumulative_sum", axis or 0, self),))

    def cumsum(self, axis: int) -> Tensor[Any, *Shape]:
        """torch's name for `cumulative_sum`."""
        return self.cumulative_sum(axis=axis)

    def argmax(self, *, axis: int | None = None, keepdims: bool = False) -> Tensor[I64, *tuple[Any, ...]]:
        """Where the maximum is; see `shapetensor.argmax`."""
        return _place(ops.argmax, self, axis, keepdims)

    def argmin(self, *, axis: int | None = None, keepdims: bool = False) -> Tensor[I64, *tuple[Any, ...]]:
        """Where the minimum is; see `shapetensor.argmin`."""
        return _place(ops.argmin, self, axis, keepdims)

    def mean(self, *, axis: Axis = None, keepdims: bool = False) -> Tensor[DT, *tuple[Any, ...]]:
        """The mean over axes; see `shapetensor.mean`."""
        _require_float("mean", self)
        axes = axes_of("mean", axis, self)
        return self.sum(axis=axes, keepdims=keepdims) / _count(self._spec.shape, axes)

    def var(self, *, axis: Axis = None, correction: int = 0, keepdims: bool = False) -> Tensor[DT, *tuple[Any, ...]]:
        """The variance over axes; see `shapetensor.var`."""
        return apply(ops.var, (self,), (axes_of("var", axis, self), keepdims, correction))

    def std(self, *, axis: Axis = None, correction: int = 0, keepdims: bool = False) -> Tensor[DT, *tuple[Any, ...]]:
        """The standard deviation over axes; see `shapetensor.std`."""
        _require_float("std", self)
        return apply(ops.var, (self,), (axes_of("std", axis, self), keepdims, correction)).sqrt()


def _require_float(op: str, x: Base[DT, *Shape]) -> None:
    if not issubclass(x.dtype, Float):
        raise DTypeError(f"{op}: {x.dtype.__name__} has no exact mean: write x.astype(F32).{op}(...)")


def _place(op: Op, x: Base[DT, *Shape], axis: int | None, keepdims: bool) -> AnyTensor:
    """Where an extremum is; without an axis, in the flattened tensor."""
    if axis is None:
        found = apply(op, (x._any.reshape((x.size,)),), ((0,), False))
        return found.reshape((1,) * x.ndim) if keepdims else found
    return apply(op, (x,), ((axis_of(op.name, axis, x),), keepdims))


def _count(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count
