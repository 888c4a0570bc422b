"""Shape manipulation and indexing."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from .._core.apply import apply, apply_many
from .._core.dims import reshape_to
from .._core.dtypes import Bool
from .._core.errors import DTypeError, ShapeError
from .._core.ops import index as index_ops
from .._core.ops import movement as ops
from .base import DT, Base, Shape, axes_of, axis_of

if TYPE_CHECKING:
    from ..tensor import AnyTensor


class Movement(Base[DT, *Shape]):
    """The same elements in another arrangement."""

    __slots__ = ()

    def reshape(self, shape: tuple[int, ...] | int, *more: int) -> AnyTensor:
        """The elements in C order in another shape; see `shapetensor.reshape`."""
        return apply(ops.reshape, (self,), (_resolved(self, as_shape(shape, *more)),))

    def expand_dims(self, axis: int) -> AnyTensor:
        """A new axis of size 1; see `shapetensor.expand_dims`."""
        return apply(ops.expand_dims, (self,), (axis_of("expand_dims", axis, self, extra=1),))

    def squeeze(self, axis: int | tuple[int, ...]) -> AnyTensor:
        """Axes of size 1 removed; see `shapetensor.squeeze`."""
        axes = axes_of("squeeze", axis, self)
        for a in axes:
            if self._spec.shape[a] != 1:
                raise ShapeError(f"squeeze: axis {a} of {self.shape} has size {self._spec.shape[a]}, not 1")
        return self.reshape(tuple(n for i, n in enumerate(self._spec.shape) if i not in axes))

    def broadcast_to(self, shape: tuple[int, ...]) -> AnyTensor:
        """Stretched to a shape without copying; see `shapetensor.broadcast_to`."""
        return apply(ops.broadcast_to, (self,), (as_shape(shape),))

    def permute_dims(self, axes: tuple[int, ...] | int, *more: int) -> AnyTensor:
        """Axes in another order; see `shapetensor.permute_dims`."""
        order = as_shape(axes, *more)
        return apply(ops.permute_dims, (self,), (tuple(axis_of("permute_dims", a, self) for a in order),))

    def unstack(self, *, axis: int = 0) -> list[AnyTensor]:
        """The slices along an axis; see `shapetensor.unstack`."""
        return apply_many(ops.unstack, (self,), (axis_of("unstack", axis, self),))

    def take(self, indices: AnyTensor, *, axis: int) -> AnyTensor:
        """Slices at integer positions; see `shapetensor.take`."""
        return apply(index_ops.take, (self, indices), (axis_of("take", axis, self),))

    def __getitem__(self, key: Any) -> AnyTensor:
        if hasattr(key, "_spec"):
            return self.take(_index_tensor(key), axis=0)
        bounds, keep = _parse_index(self._spec.shape, key if isinstance(key, tuple) else (key,))
        out = apply(ops.slice_, (self,), (bounds,)) if any(b != ops.WHOLE for b in bounds) else self._any
        if keep is None:
            return out
        return out.reshape(tuple(1 if axis < 0 else out.shape[axis] for axis in keep))

    def _concat(self, others: list[AnyTensor], axis: int) -> AnyTensor:
        return apply(ops.concat, (self, *others), (axis,))


def as_shape(shape: Any, *more: int) -> tuple[int, ...]:
    """`(2, 3)`, `[2, 3]`, `2` or `2, 3` as a tuple of ints."""
    sizes = (shape, *more) if more or not isinstance(shape, (tuple, list)) else shape
    try:
        return tuple(operator.index(n) for n in sizes)
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


def _index_tensor(key: AnyTensor) -> AnyTensor:
    if key.dtype is Bool:
        raise DTypeError(
            "a Bool tensor as index has a result whose shape depends on data: use st.where(mask, x, other)"
        )
    return key


def _parse_index(shape: tuple[int, ...], key: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int] | None]:
    """Slice bounds of each axis, and which axes (or None for a new one) the result keeps, if not all as they are."""
    used = sum(k is not None and k is not Ellipsis for k in key)
    if used > len(shape):
        raise IndexError(f"{used} indices for a tensor of {len(shape)} axes, shape {shape}")
    if sum(k is Ellipsis for k in key) > 1:
        raise IndexError("an index can have one '...' only")
    if Ellipsis not in [k if k is Ellipsis else 0 for k in key]:
        key = (*key, Ellipsis)
    bounds: list[Any] = []
    keep: list[int] = []
    for k in key:
        if k is Ellipsis:
            missing = len(shape) - used
            keep += range(len(bounds), len(bounds) + missing)
            bounds += [ops.WHOLE] * missing
        elif k is None:
            keep.append(-1)
        elif isinstance(k, slice):
            keep.append(len(bounds))
            bounds.append(_slice_bounds(k))
        else:
            bounds.append(_position(k, len(bounds), shape))
    return tuple(bounds), None if keep == list(range(len(shape))) else keep


def _slice_bounds(key: slice) -> tuple[int | None, int | None, int | None]:
    bounds = [None if v is None else operator.index(v) for v in (key.start, key.stop, key.step)]
    if bounds[2] == 0:
        raise ValueError("slice step cannot be zero")
    return (bounds[0], bounds[1], bounds[2])


def _position(key: Any, axis: int, shape: tuple[int, ...]) -> tuple[int, int, None]:
    """An integer index as a slice of one element."""
    several = hasattr(key, "_spec") or getattr(key, "shape", ()) != ()  # tensors and NumPy arrays
    if several or isinstance(key, bool) or not hasattr(key, "__index__"):
        raise IndexError(
            f"index {axis} is of type {type(key).__name__}: use ints, slices, None and '...', "
            f"or x.take(indices, axis={axis}), or st.where(mask, x, other)"
        )
    i, size = operator.index(key), shape[axis]
    if not -size <= i < size:
        raise IndexError(f"index {i} is out of range for axis {axis} of shape {shape}")
    return (i % size, i % size + 1, None)
