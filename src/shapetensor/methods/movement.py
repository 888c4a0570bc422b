"""Shape manipulation."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, TypeVarTuple, overload

from .._core.apply import apply, apply_many
from .._core.dims import as_size, reshape_to
from .._core.errors import ShapeError
from .._core.ops import movement as ops
from .base import DT, Base, Shape, axes_of, axis_of

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor

Sizes = TypeVarTuple("Sizes")


class Movement(Base[DT, *Shape]):
    """The same elements in another arrangement."""

    __slots__ = ()

    @overload
    def reshape(self, shape: int | Sequence[int], *more: int) -> Tensor[DT, *tuple[Any, ...]]: ...
    @overload
    def reshape(self, shape: tuple[*Sizes]) -> Tensor[DT, *Sizes]: ...
    def reshape(self, shape: Any, *more: int) -> Any:
        """The elements in C order in another shape; see `shapetensor.reshape`."""
        return apply(ops.reshape, (self,), (_resolved(self, as_shape(shape, *more)),))

    def expand_dims(self, axis: int) -> Tensor[DT, *tuple[Any, ...]]:
        """A new axis of size 1; see `shapetensor.expand_dims`."""
        return apply(ops.expand_dims, (self,), (axis_of("expand_dims", axis, self, extra=1),))

    def squeeze(self, axis: int | tuple[int, ...]) -> Tensor[DT, *tuple[Any, ...]]:
        """Axes of size 1 removed; see `shapetensor.squeeze`."""
        axes = axes_of("squeeze", axis, self)
        for a in axes:
            if self._spec.shape[a] != 1:
                raise ShapeError(f"squeeze: axis {a} of {self.shape} has size {self._spec.shape[a]}, not 1")
        return self.reshape(tuple(n for i, n in enumerate(self._spec.shape) if i not in axes))

    @overload
    def broadcast_to(self, shape: int | Sequence[int]) -> Tensor[DT, *tuple[Any, ...]]: ...
    @overload
    def broadcast_to(self, shape: tuple[*Sizes]) -> Tensor[DT, *Sizes]: ...
    def broadcast_to(self, shape: Any) -> Any:
        """Stretched to a shape without copying; see `shapetensor.broadcast_to`."""
        return apply(ops.broadcast_to, (self,), (as_shape(shape),))

    def permute_dims(self, axes: int | Sequence[int], *more: int) -> Tensor[DT, *tuple[Any, ...]]:
        """Axes in another order; see `shapetensor.permute_dims`."""
        order = as_shape(axes, *more)
        return apply(ops.permute_dims, (self,), (tuple(axis_of("permute_dims", a, self) for a in order),))

    def unsqueeze(self, axis: int) -> Tensor[DT, *tuple[Any, ...]]:
        """torch's name for `expand_dims`."""
        return self.expand_dims(axis)

    def permute(self, axes: int | Sequence[int], *more: int) -> Tensor[DT, *tuple[Any, ...]]:
        """torch's name for `permute_dims`."""
        return self.permute_dims(axes, *more)

    def flatten(self, start_axis: int = 0, end_axis: int = -1) -> Tensor[DT, *tuple[Any, ...]]:
        """The axes from start to end, both included, as one; all of them where none is named."""
        if not self.ndim:
            return self.reshape((1,))
        start, end = axis_of("flatten", start_axis, self), axis_of("flatten", end_axis, self)
        if start > end:
            raise ShapeError(f"flatten: start_axis {start} is behind end_axis {end}; the shape is {self.shape}")
        shape = self._spec.shape
        return self.reshape((*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]))

    def moveaxis(
        self, source: int | tuple[int, ...], destination: int | tuple[int, ...]
    ) -> Tensor[DT, *tuple[Any, ...]]:
        """Axes at other places, the others in order; see `shapetensor.moveaxis`."""
        pair = [_several("moveaxis", axes, self) for axes in (source, destination)]
        if len(pair[0]) != len(pair[1]):
            raise ShapeError(f"moveaxis: {source} and {destination} are not as many axes; the shape is {self.shape}")
        order = [a for a in range(self.ndim) if a not in pair[0]]
        for to, axis in sorted(zip(pair[1], pair[0], strict=True)):
            order.insert(to, axis)
        return self.permute_dims(tuple(order))

    def flip(self, *, axis: int | tuple[int, ...] | None = None) -> Tensor[DT, *Shape]:
        """The elements in reverse order along axes; see `shapetensor.flip`."""
        axes = axes_of("flip", axis, self)
        backwards = tuple((None, None, -1) if a in axes else ops.WHOLE for a in range(self.ndim))
        return apply(ops.slice_, (self,), (backwards,)) if axes else self._any

    def roll(self, shift: int | tuple[int, ...], *, axis: int | tuple[int, ...] | None = None) -> Tensor[DT, *Shape]:
        """The elements shifted along axes, from the end to the front; see `shapetensor.roll`."""
        if axis is None:
            return self.reshape(-1).roll(shift, axis=0).reshape(self._spec.shape)
        places = axis if isinstance(axis, tuple) else (axis,)
        shifts = shift if isinstance(shift, tuple) else (shift,) * len(places)
        if len(shifts) != len(places):
            raise ShapeError(f"roll: {shift} and {axis} are not as many shifts as axes; the shape is {self.shape}")
        out = self._any
        for step, place in zip(shifts, places, strict=True):
            out = _rolled(out, as_size(step), axis_of("roll", place, self))
        return out

    def unstack(self, *, axis: int = 0) -> list[Tensor[DT, *tuple[Any, ...]]]:
        """The slices along an axis; see `shapetensor.unstack`."""
        return apply_many(ops.unstack, (self,), (axis_of("unstack", axis, self),))

    def _concat(self, others: list[AnyTensor], axis: int) -> AnyTensor:
        return apply(ops.concat, (self, *others), (axis,))


def as_shape(shape: Any, *more: int) -> tuple[int, ...]:
    """`(2, 3)`, `[2, 3]`, `2` or `2, 3` as a tuple of ints."""
    sizes = (shape, *more) if more or not isinstance(shape, (tuple, list)) else shape
    try:
        return tuple(n if type(n) is int else as_size(n) for n in sizes)
    except TypeError:
        raise ShapeError(f"a shape is made of ints, not {tuple(sizes)!r}") from None


def _resolved(x: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with -1 worked out, so that both spellings are one cache key."""
    if -1 not in shape:
        return shape
    try:
        return reshape_to(x.shape, shape)  # type: ignore[return-value]
    except ShapeError as error:
        raise ShapeError(f"reshape: {error}") from None


def _several(op: str, axes: int | tuple[int, ...], x: Base[DT, *Shape]) -> tuple[int, ...]:
    """One axis or more counted from the front, in the order given."""
    axes_of(op, axes, x)  # refuses an axis named twice
    return tuple(axis_of(op, a, x) for a in (axes if isinstance(axes, tuple) else (axes,)))


def _rolled(x: AnyTensor, step: int, axis: int) -> AnyTensor:
    n = x.shape[axis]
    split = -step % n if n else 0
    if not split:
        return x
    lead = (slice(None),) * axis
    return x[(*lead, slice(split, None))]._concat([x[(*lead, slice(None, split))]], axis)
