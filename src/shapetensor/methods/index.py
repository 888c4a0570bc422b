"""Subscripts: ints, slices, None, `...` and integer tensors."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from .._core.apply import apply
from .._core.dims import Poly, as_size, broadcast
from .._core.dtypes import I64, Bool
from .._core.errors import DTypeError, ShapeError
from .._core.ops import creation as creation_ops
from .._core.ops import index as ops
from .._core.ops import movement
from .at import At
from .base import DT, Base, Shape, axis_of

if TYPE_CHECKING:
    from .._core.ops.movement import Bounds
    from ..tensor import AnyTensor, Tensor


class Index(Base[DT, *Shape]):
    """Picking elements, and replacing them in a copy."""

    __slots__ = ()

    # Of any dtype, so that `Batch(*(x[rows] for x in batch))` is right without the plugin too.
    def __getitem__(self, key: Any) -> Tensor[DT, *tuple[Any, ...]]:
        if hasattr(key, "_spec"):
            return self.take(index_tensor(key), axis=0)
        parts = parse(self._spec.shape, key if isinstance(key, tuple) else (key,))
        out = parts.cut(self._any)
        return _gathered(out, parts) if parts.tensors else out

    def take(self, indices: AnyTensor, *, axis: int) -> AnyTensor:
        """Slices at integer positions; see `shapetensor.take`."""
        return apply(ops.take, (self, indices), (axis_of("take", axis, self),))

    @property
    def at(self) -> At[DT, *Shape]:
        """`x.at[key].set(values)` and `x.at[key].add(values)`: a copy of x with other elements at a subscript.

        Keys are ints, slices, None and `...`, or one integer tensor for axis 0. Values broadcast to `x[key]` and must
        fit the dtype of x. Where an integer tensor names a position several times, `set` leaves the last value there
        and `add` adds all of them. Gradients flow to x and to the values.
        """
        return At(self._any)  # the same tensor, with the methods of all mixins


@dataclass(frozen=True, slots=True)
class Parts:
    """A subscript taken apart: slices first, then a reshape, then integer tensors."""

    bounds: tuple[Bounds, ...]  # of each axis; an int is a slice of one element
    keep: tuple[int, ...] | None  # the axes that are left, -1 for a new one; None: all as they are
    tensors: tuple[tuple[int, AnyTensor], ...]  # their places among the axes that are left

    def cut(self, x: AnyTensor) -> AnyTensor:
        """The slices, with the axes of ints gone and the new ones in."""
        out = apply(movement.slice_, (x,), (self.bounds,)) if any(b != movement.WHOLE for b in self.bounds) else x
        if self.keep is None:
            return out
        return out.reshape(tuple(1 if axis < 0 else out.shape[axis] for axis in self.keep))


def index_tensor(key: AnyTensor) -> AnyTensor:
    """The tensor, if it can be an index.

    Raises:
        DTypeError: for masks.
    """
    if key.dtype is Bool:
        raise DTypeError(
            "a Bool tensor as index has a result whose shape depends on data: use st.where(mask, x, other)"
        )
    return key


def parse(shape: tuple[int, ...], key: tuple[Any, ...]) -> Parts:
    """A subscript of a tensor of this shape, taken apart.

    Raises:
        IndexError: for what is no index, and for ints out of range.
    """
    used = sum(k is not None and k is not Ellipsis for k in key)
    if used > len(shape):
        raise IndexError(f"{used} indices for a tensor of {len(shape)} axes, shape {shape}")
    if sum(k is Ellipsis for k in key) > 1:
        raise IndexError("an index can have one '...' only")
    if not any(k is Ellipsis for k in key):
        key = (*key, Ellipsis)
    _refuse_separated(key)
    bounds: list[Any] = []
    keep: list[int] = []
    tensors: list[tuple[int, AnyTensor]] = []
    for k in key:
        if k is Ellipsis:
            missing = len(shape) - used
            keep += range(len(bounds), len(bounds) + missing)
            bounds += [movement.WHOLE] * missing
        elif k is None:
            keep.append(-1)
        elif isinstance(k, slice):
            keep.append(len(bounds))
            bounds.append(_slice_bounds(k))
        elif hasattr(k, "_spec"):
            tensors.append((len(keep), index_tensor(k)))
            keep.append(len(bounds))
            bounds.append(movement.WHOLE)
        else:
            bounds.append(_position(k, len(bounds), shape))
    return Parts(tuple(bounds), None if keep == list(range(len(shape))) else tuple(keep), tuple(tensors))


def _refuse_separated(key: tuple[Any, ...]) -> None:
    """Ints and tensors beside one another only: else NumPy puts the new axes in front, torch sometimes not."""
    kinds = [
        "t" if hasattr(k, "_spec") else "s" if k is None or isinstance(k, (slice, type(...))) else "i" for k in key
    ]
    text = "".join(kinds)
    if "t" in text and "s" in text.strip("s"):
        raise IndexError(
            "integer tensors and ints in one subscript must stand beside one another, since libraries order the axes "
            "differently otherwise: index in two steps, as in x[:, j][i], or use x.take(indices, axis=axis) or "
            "st.take_along_axis(x, indices, axis=axis)"
        )


def _slice_bounds(key: slice) -> tuple[int | None, int | None, int | None]:
    bounds = [v if v is None or type(v) is int else as_size(v) for v in (key.start, key.stop, key.step)]
    if bounds[2] == 0:
        raise ValueError("slice step cannot be zero")
    return (bounds[0], bounds[1], bounds[2])


def _position(key: Any, axis: int, shape: tuple[int, ...]) -> tuple[int, int, None]:
    """An integer index as a slice of one element."""
    several = getattr(key, "shape", ()) != ()  # NumPy arrays
    if several or isinstance(key, bool) or not (hasattr(key, "__index__") or isinstance(key, Poly)):
        raise IndexError(
            f"index {axis} is of type {type(key).__name__}: use ints, slices, None, '...' and integer tensors such as "
            f"st.tensor([0, 2]), or x.take(indices, axis={axis}), or st.where(mask, x, other)"
        )
    i, size = key if type(key) is int else as_size(key), shape[axis]
    if not -size <= i < size:
        raise IndexError(f"index {i} is out of range for axis {axis} of shape {shape}")
    start = i if i >= 0 else i + size
    return (start, start + 1, None)


def _gathered(x: AnyTensor, parts: Parts) -> AnyTensor:
    """One take: along the axis of the only tensor, or along the axes of all tensors as one."""
    first, only = parts.tensors[0]
    if len(parts.tensors) == 1:
        return x.take(only, axis=first)
    axes = [place for place, _ in parts.tensors]
    sizes = [x.shape[axis] for axis in axes]
    try:
        shape = broadcast(*(t.shape for _, t in parts.tensors))
    except ShapeError as error:
        raise IndexError(f"the index tensors {', '.join(str(t.shape) for _, t in parts.tensors)}: {error}") from None
    rows = [_checked(t, n, axis) for (axis, t), n in zip(parts.tensors, sizes, strict=True)]
    steps = [reduce(operator.mul, sizes[i + 1 :], 1) for i in range(len(sizes))]
    flat: AnyTensor = reduce(operator.add, (row * step for row, step in zip(rows, steps, strict=True)))
    merged = x.reshape((*x.shape[:first], reduce(operator.mul, sizes), *x.shape[axes[-1] + 1 :]))
    return merged.take(flat.broadcast_to(_ints(shape)), axis=first)


def _ints(shape: Sequence[Any]) -> tuple[int, ...]:
    return tuple(as_size(n) for n in shape)


def _checked(indices: AnyTensor, size: int, axis: int) -> AnyTensor:
    """The indices counted from the front: taken from 0 ... size-1, so that each that is out of range is found."""
    line: AnyTensor = apply(creation_ops.arange, (0, 1), (size, I64, indices.device))
    return line.reshape((*(1,) * axis, size)).take(indices, axis=axis).reshape(indices.shape)
