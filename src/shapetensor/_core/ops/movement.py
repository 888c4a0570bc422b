"""Rearranging elements without computing: most of these are views of their input's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dims import Dim, Shape, broadcast, normalise_axis, reshape_to, same, show
from ..doubt import Undecidable
from ..dtypes import AnyDType, promote
from ..errors import ShapeError
from ..op import MOVE, OPAQUE, Op, define
from ..ranges import slice_length
from ..spec import Ints, Spec, contiguous_strides
from .rules import Attrs, Batched, batch_shifting, unbroadcast

# start, stop and step of one axis, as in a Python slice
Bounds = tuple[int | None, int | None, int | None]
View = tuple[int, Ints]
WHOLE: Bounds = (None, None, None)


def _same_dtype(x: AnyDType) -> AnyDType:
    return x


# --- reshape ----------------------------------------------------------------------------------------------------------


def _reshape_shape(x: Shape, *, shape: Shape) -> Shape:
    return reshape_to(x, shape)


def _reshape_view(x: Spec, shape: Ints) -> View | None:
    """Strides of the new shape over the same memory, where each new axis lies within merged old ones."""
    if x.contiguous:
        return 0, contiguous_strides(shape)
    if x.size == 0 or any(s == 0 and n > 1 for n, s in zip(x.shape, x.strides, strict=True)):
        return None
    old = [(n, s) for n, s in zip(x.shape, x.strides, strict=True) if n != 1]
    strides: list[int] = []
    for n in reversed(shape):
        if n == 1:
            strides.append(1)
            continue
        size, step = old.pop()
        while size % n and old and old[-1][1] == size * step:
            outer, _ = old.pop()
            size *= outer
        if size % n:
            return None
        strides.append(step)
        if size != n:
            old.append((size // n, step * n))
    return 0, tuple(reversed(strides))


def _batch_reshape(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    return op(xs[0], shape=(xs[0].shape[0], *attrs["shape"]))


reshape: Op = define(
    "reshape",
    kind=MOVE,
    shape=_reshape_shape,
    dtype=_same_dtype,
    view=_reshape_view,
    batch=_batch_reshape,
    vjp=(lambda g, x_spec: g.reshape(x_spec.shape),),
    jvp=(lambda dx, shape: dx.reshape(shape),),
)


# --- to_device --------------------------------------------------------------------------------------------------------


def _to_device_shape(x: Shape, *, device: Any) -> Shape:
    return x


# The same elements on another device: the one op whose operand is elsewhere than its result.
to_device: Op = define(
    "to_device",
    kind=OPAQUE,
    shape=_to_device_shape,
    dtype=_same_dtype,
    vjp=(lambda g, x_spec: g.to(x_spec.device),),
    jvp=(lambda dx, device: dx.to(device),),
)


# --- expand_dims ------------------------------------------------------------------------------------------------------


def _expand_shape(x: Shape, *, axis: int) -> Shape:
    return (*x[:axis], 1, *x[axis:])


def _expand_view(x: Spec, axis: int) -> View:
    return 0, (*x.strides[:axis], 1, *x.strides[axis:])


expand_dims: Op = define(
    "expand_dims",
    kind=MOVE,
    shape=_expand_shape,
    dtype=_same_dtype,
    view=_expand_view,
    batch=batch_shifting("axis"),
    vjp=(lambda g, x_spec: g.reshape(x_spec.shape),),
    jvp=(lambda dx, axis: dx.expand_dims(axis),),
)


# --- broadcast_to -----------------------------------------------------------------------------------------------------


def _broadcast_shape(x: Shape, *, shape: Shape) -> Shape:
    for size in shape:
        if isinstance(size, int) and size < 0:
            raise ShapeError(f"{size} in {show(shape)} is not a size")
    result = broadcast(x, shape)
    if len(result) != len(shape):
        raise ShapeError(f"{show(x)} has more axes than {show(shape)}")
    for axis, (got, wanted) in enumerate(zip(result, shape, strict=True)):
        same(got, wanted, f"{show(x)} does not stretch to {show(shape)}: axis {axis}")
    return shape


def _broadcast_view(x: Spec, shape: Ints) -> View:
    lead = len(shape) - x.rank
    own = (0 if n == 1 != wanted else s for n, s, wanted in zip(x.shape, x.strides, shape[lead:], strict=True))
    return 0, ((0,) * lead + tuple(own))


def _batch_broadcast_to(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    x, shape = xs[0], attrs["shape"]
    ones = (1,) * (len(shape) - (len(x.shape) - 1))
    return op(x.reshape((x.shape[0], *ones, *x.shape[1:])), shape=(x.shape[0], *shape))


broadcast_to: Op = define(
    "broadcast_to",
    kind=MOVE,
    shape=_broadcast_shape,
    dtype=_same_dtype,
    view=_broadcast_view,
    batch=_batch_broadcast_to,
    vjp=(lambda g, x_spec: unbroadcast(g, x_spec),),
    jvp=(lambda dx, shape: dx.broadcast_to(shape),),
)


# --- permute_dims, matrix_transpose -----------------------------------------------------------------------------------


def _permute_shape(x: Shape, *, axes: tuple[int, ...]) -> Shape:
    if sorted(axes) != list(range(len(x))):
        raise ShapeError(f"axes {axes} are not a permutation of the {len(x)} axes of {show(x)}")
    return tuple(x[a] for a in axes)


def _permute_view(x: Spec, axes: tuple[int, ...]) -> View:
    return 0, tuple(x.strides[a] for a in axes)


def inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes this one."""
    return tuple(axes.index(i) for i in range(len(axes)))


def _batch_permute(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    return op(xs[0], axes=(0, *(a + 1 for a in attrs["axes"])))


permute_dims: Op = define(
    "permute_dims",
    kind=MOVE,
    shape=_permute_shape,
    dtype=_same_dtype,
    view=_permute_view,
    batch=_batch_permute,
    vjp=(lambda g, axes: g.permute_dims(inverse(axes)),),
    jvp=(lambda dx, axes: dx.permute_dims(axes),),
)


def _transpose_shape(x: Shape) -> Shape:
    if len(x) < 2:
        raise ShapeError(f"{show(x)} has no last two axes to swap: it needs at least 2 axes")
    return (*x[:-2], x[-1], x[-2])


def _transpose_view(x: Spec) -> View:
    return 0, (*x.strides[:-2], x.strides[-1], x.strides[-2])


matrix_transpose: Op = define(
    "matrix_transpose",
    kind=MOVE,
    shape=_transpose_shape,
    dtype=_same_dtype,
    view=_transpose_view,
    batch=batch_shifting(),
    vjp=(lambda g: g.mT,),
    jvp=(lambda dx: dx.mT,),
)


# --- slice and its transpose ------------------------------------------------------------------------------------------


def _slice_shape(x: Shape, *, bounds: tuple[Bounds, ...]) -> Shape:
    if len(bounds) > len(x):
        raise ShapeError(f"{len(bounds)} indices for the {len(x)} axes of {show(x)}")
    sliced = (slice_length(*b, n) for b, n in zip(bounds, x, strict=False))
    return (*sliced, *x[len(bounds) :])


def resolve(bounds: tuple[Bounds, ...], shape: Ints) -> tuple[tuple[int, int, int], ...]:
    """Start, stop and step of each sliced axis as `range` takes them."""
    return tuple(slice(*b).indices(n) for b, n in zip(bounds, shape, strict=False))


def _slice_view(x: Spec, bounds: tuple[Bounds, ...]) -> View | None:
    """Kernels walk forwards only, so that a negative step makes a copy."""
    ranges = [range(*r) for r in resolve(bounds, x.shape)]
    if any(r.step < 0 and len(r) > 1 for r in ranges) or 0 in map(len, ranges):
        return None
    offset = sum(r.start * s for r, s in zip(ranges, x.strides, strict=False))
    stepped = (s * abs(r.step) for r, s in zip(ranges, x.strides, strict=False))
    return offset, (*stepped, *x.strides[len(bounds) :])


def _batch_slice(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    return op(xs[0], bounds=(WHOLE, *attrs["bounds"]))


slice_: Op = define(
    "slice",
    kind=MOVE,
    shape=_slice_shape,
    dtype=_same_dtype,
    view=_slice_view,
    batch=_batch_slice,
    vjp=(lambda g, x_spec, bounds: slice_backward(g, shape=x_spec.shape, bounds=bounds),),
    jvp=(lambda dx, bounds: slice_(dx, bounds=bounds),),
)


def _unslice_shape(x: Shape, *, shape: Shape, bounds: tuple[Bounds, ...]) -> Shape:
    taken = _slice_shape(shape, bounds=bounds)
    if len(x) != len(taken):
        raise ShapeError(f"{show(x)} is not that slice of {show(shape)}: it has {len(x)} axes")
    for axis, (got, wanted) in enumerate(zip(x, taken, strict=True)):
        same(got, wanted, f"{show(x)} is not that slice of {show(shape)}: axis {axis}")
    return shape


def _batch_unslice(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    return op(xs[0], shape=(xs[0].shape[0], *attrs["shape"]), bounds=(WHOLE, *attrs["bounds"]))


slice_backward: Op = define(
    "slice_backward",
    kind=MOVE,
    shape=_unslice_shape,
    dtype=_same_dtype,
    batch=_batch_unslice,
    vjp=(lambda g, bounds: slice_(g, bounds=bounds),),
    jvp=(lambda dx, shape, bounds: slice_backward(dx, shape=shape, bounds=bounds),),
)


# --- concat, unstack --------------------------------------------------------------------------------------------------


def _concat_shape(*xs: Shape, axis: int) -> Shape:
    first = xs[0]
    normalise_axis(axis, len(first))
    total: Dim = 0
    common = list(first)
    for i, x in enumerate(xs):
        if len(x) != len(first):
            raise ShapeError(f"operand {i} has shape {show(x)}, operand 0 {show(first)}: their ranks differ")
        for a, (n, m) in enumerate(zip(first, x, strict=True)):
            if a != axis:
                differ = f"operands 0 and {i}, {show(first)} and {show(x)}, differ off axis {axis}: axis {a}"
                common[a] = same(common[a], same(n, m, differ), differ)
        total = total + x[axis]
    return (*common[:axis], total, *common[axis + 1 :])


def _concat_dtype(*xs: AnyDType) -> AnyDType:
    return promote(*xs)


def _part(g: Any, xs_spec: Sequence[Spec], index: int, axis: int) -> Any:
    """What the gradient says of operand `index`: a slice along the axis."""
    start = sum(s.shape[axis] for s in xs_spec[:index])
    own = xs_spec[index]
    part = slice_(g, bounds=(*(WHOLE,) * axis, (start, start + own.shape[axis], None)))
    return part if part.dtype is own.dtype else part.astype(own.dtype)


def _batch_concat(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    size = next(x.shape[0] for x, b in zip(xs, batched, strict=True) if b)
    full = [x if b else x.broadcast_to((size, *x.shape)) for x, b in zip(xs, batched, strict=True)]
    return op(*full, axis=attrs["axis"] + 1)


concat: Op = define(
    "concat",
    kind=MOVE,
    shape=_concat_shape,
    dtype=_concat_dtype,
    batch=_batch_concat,
    vjp=(lambda g, xs_spec, index, axis: _part(g, xs_spec, index, axis),),
    jvp=(lambda dxs, axis: concat(*dxs, axis=axis),),
)


def _unstack_shape(x: Shape, *, axis: int) -> list[Shape]:
    normalise_axis(axis, len(x))
    count = x[axis]
    if not isinstance(count, int):
        raise Undecidable(f"the length {count} of axis {axis} of {show(x)} is the number of outputs")
    return [(*x[:axis], *x[axis + 1 :])] * count


def _unstack_view(x: Spec, axis: int) -> list[View]:
    rest = (*x.strides[:axis], *x.strides[axis + 1 :])
    return [(i * x.strides[axis], rest) for i in range(x.shape[axis])]


def _stack(g: Sequence[Any], axis: int) -> Any:
    return concat(*(part.expand_dims(axis) for part in g), axis=axis)


unstack: Op = define(
    "unstack",
    kind=MOVE,
    shape=_unstack_shape,
    dtype=_same_dtype,
    view=_unstack_view,
    batch=batch_shifting("axis"),
    many=True,
    vjp=(lambda g, axis: _stack(g, axis),),
    jvp=(lambda dx, axis: dx.unstack(axis=axis),),
)
