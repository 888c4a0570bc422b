"""The same elements in another arrangement: views of the same memory wherever strides can say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from .._core.apply import apply
from .._core.dims import Poly, as_size
from .._core.errors import ShapeError
from .._core.ops import creation
from .._core.ops import movement as ops
from ..methods.base import DT, Shape, axis_of
from ..methods.movement import as_shape
from ..tensor import AnyTensor, Tensor
from .operands import operand


@overload
def reshape(x: Tensor[DT, *tuple[Any, ...]], /, shape: int | Sequence[int]) -> Tensor[DT, *tuple[Any, ...]]: ...
@overload
def reshape(x: Tensor[DT, *tuple[Any, ...]], /, shape: tuple[*Shape]) -> Tensor[DT, *Shape]: ...
def reshape(x: Any, /, shape: Any) -> Any:
    """The elements in C order in another shape; one size may be -1 and follows from the others.

    Shape: `(...) -> shape`.

    Dtypes: any; kept.

    Raises:
        ShapeError: if the numbers of elements differ.

    Example:
        >>> import shapetensor as st
        >>> st.reshape(st.tensor([1, 2, 3, 4]), (2, -1))
        Tensor[I64, 2, 2]([[1, 2],
                           [3, 4]])
    """
    return operand("reshape", x).reshape(shape)


def expand_dims(x: Tensor[DT, *tuple[Any, ...]], /, axis: int = 0) -> Tensor[DT, *tuple[Any, ...]]:
    """A new axis of size 1 that will stand at `axis`.

    Shape: `(..., n) -> (..., 1, n)`.

    Dtypes: any; kept.

    Raises:
        ShapeError: if the result has no such axis.

    Example:
        >>> import shapetensor as st
        >>> st.expand_dims(st.ones((2, 3)), -1).shape
        (2, 3, 1)
    """
    return operand("expand_dims", x).expand_dims(axis)


def squeeze(x: Tensor[DT, *tuple[Any, ...]], /, axis: int | tuple[int, ...]) -> Tensor[DT, *tuple[Any, ...]]:
    """Without the named axes, which must have size 1.

    Shape: `(..., 1, n) -> (..., n)`.

    Dtypes: any; kept.

    Raises:
        ShapeError: for an axis of another size, one that x does not have, or one named twice.

    Example:
        >>> import shapetensor as st
        >>> st.squeeze(st.ones((1, 3, 1)), (0, 2)).shape
        (3,)
    """
    return operand("squeeze", x).squeeze(axis)


@overload
def broadcast_to(x: Tensor[DT, *tuple[Any, ...]], /, shape: int | Sequence[int]) -> Tensor[DT, *tuple[Any, ...]]: ...
@overload
def broadcast_to(x: Tensor[DT, *tuple[Any, ...]], /, shape: tuple[*Shape]) -> Tensor[DT, *Shape]: ...
def broadcast_to(x: Any, /, shape: Any) -> Any:
    """Stretched to a shape by NumPy's rules, without copying.

    Shape: `(...) -> shape`.

    Dtypes: any; kept.

    Raises:
        ShapeError: if x does not stretch to the shape.

    Example:
        >>> import shapetensor as st
        >>> st.broadcast_to(st.tensor([1, 2]), (3, 2))
        Tensor[I64, 3, 2]([[1, 2],
                           [1, 2],
                           [1, 2]])
    """
    return operand("broadcast_to", x).broadcast_to(shape)


def permute_dims(x: Tensor[DT, *tuple[Any, ...]], /, axes: Sequence[int]) -> Tensor[DT, *tuple[Any, ...]]:
    """Axes in another order: axis i of the result is axis `axes[i]` of x.

    Shape: `(a, b, c) -> (c, a, b)` for `axes=(2, 0, 1)`.

    Dtypes: any; kept.

    Raises:
        ShapeError: if `axes` is no permutation of the axes of x.

    Example:
        >>> import shapetensor as st
        >>> st.permute_dims(st.ones((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    return operand("permute_dims", x).permute_dims(axes)


def matrix_transpose(x: Tensor[DT, *tuple[Any, ...]], /) -> Tensor[DT, *tuple[Any, ...]]:
    """The last two axes swapped: `x.mT`.

    Shape: `(..., m, n) -> (..., n, m)`.

    Dtypes: any; kept.

    Raises:
        ShapeError: if x has fewer than 2 axes.

    Example:
        >>> import shapetensor as st
        >>> st.matrix_transpose(st.tensor([[1, 2], [3, 4]]))
        Tensor[I64, 2, 2]([[1, 3],
                           [2, 4]])
    """
    return apply(ops.matrix_transpose, (x,))


def concat(arrays: Sequence[AnyTensor], /, *, axis: int | None = 0) -> AnyTensor:
    """Tensors behind one another along an axis they have; flattened first where the axis is None.

    Shape: `(..., m, ...), (..., n, ...) -> (..., m + n, ...)`.

    Dtypes: promoted.

    Raises:
        ShapeError: for no tensors, for an axis that they do not have, and if they differ off the axis.

    Example:
        >>> import shapetensor as st
        >>> st.concat([st.tensor([1, 2]), st.tensor([3])])
        Tensor[I64, 3]([1, 2, 3])
    """
    xs = _operands("concat", arrays)
    if axis is None:
        xs, axis = [x.reshape(-1) for x in xs], 0
    return apply(ops.concat, tuple(xs), (axis_of("concat", axis, xs[0]),))


def stack(arrays: Sequence[AnyTensor], /, *, axis: int = 0) -> AnyTensor:
    """Tensors of one shape beside one another along a new axis.

    Shape: k times `(..., n) -> (..., k, n)`.

    Dtypes: promoted.

    Raises:
        ShapeError: for no tensors, if the result has no such axis, and if shapes differ.

    Example:
        >>> import shapetensor as st
        >>> st.stack([st.tensor([1, 2]), st.tensor([3, 4])], axis=1)
        Tensor[I64, 2, 2]([[1, 3],
                           [2, 4]])
    """
    xs = _operands("stack", arrays)
    for i, x in enumerate(xs):
        if x.shape != xs[0].shape:
            raise ShapeError(f"stack: operand {i} has shape {x.shape}, operand 0 {xs[0].shape}: they must be one shape")
    place = axis_of("stack", axis, xs[0], extra=1)
    return apply(ops.concat, tuple(x.expand_dims(place) for x in xs), (place,))


def unstack(x: Tensor[DT, *tuple[Any, ...]], /, *, axis: int = 0) -> tuple[Tensor[DT, *tuple[Any, ...]], ...]:
    """The slices along an axis, each without it; iteration over a tensor gives those along axis 0.

    Shape: `(..., k, n) -> (..., n)`, k times.

    Dtypes: any; kept.

    Raises:
        ShapeError: for an axis that x does not have.

    Example:
        >>> import shapetensor as st
        >>> st.unstack(st.tensor([[1, 2], [3, 4]]), axis=1)
        (Tensor[I64, 2]([1, 3]), Tensor[I64, 2]([2, 4]))
    """
    return tuple(operand("unstack", x).unstack(axis=axis))


def _operands(name: str, arrays: Sequence[AnyTensor]) -> list[AnyTensor]:
    xs = [operand(name, x) for x in arrays]
    if not xs:
        raise ShapeError(f"{name}: there is nothing to put together: it needs at least one tensor")
    return xs


def split(
    x: Tensor[DT, *tuple[Any, ...]], /, sections: int | Sequence[int], *, axis: int = 0
) -> tuple[Tensor[DT, *tuple[Any, ...]], ...]:
    """x in pieces along an axis: so many equal ones, or cut before these positions, as NumPy does it.

    An int is the number of pieces; torch's `split` takes their size, which is `range(size, n, size)` here.

    Shape: `(..., n, ...) -> (..., n1, ...), (..., n2, ...), ...`.

    Dtypes: any; kept.

    Raises:
        ShapeError: for an axis that x does not have, and for a size that does not divide.

    Example:
        >>> import shapetensor as st
        >>> st.split(st.tensor([1, 2, 3, 4]), 2)
        (Tensor[I64, 2]([1, 2]), Tensor[I64, 2]([3, 4]))
        >>> [part.shape for part in st.split(st.ones((10, 3)), [2, 5])]
        [(2, 3), (3, 3), (5, 3)]
    """
    source = operand("split", x)
    place = axis_of("split", axis, source)
    n, lead = source.shape[place], (slice(None),) * place
    if isinstance(sections, Sequence):
        cuts = [as_size(i) for i in sections]
        bounds = list(zip([None, *cuts], [*cuts, None], strict=True))
    else:
        count = as_size(sections)
        if count < 1 or n % count:
            raise ShapeError(
                f"split: axis {place} of {source.shape} has size {n}, which {count} equal parts do not make: "
                "say where to cut, as in st.split(x, [1, 3])"
            )
        bounds = [(i * (n // count), (i + 1) * (n // count)) for i in range(count)]
    return tuple(source[(*lead, slice(a, b))] for a, b in bounds)


def pad(
    x: Tensor[DT, *tuple[Any, ...]], /, pad_width: int | Sequence[int] | Sequence[Sequence[int]], *, value: float = 0
) -> Tensor[DT, *tuple[Any, ...]]:
    """x with elements of one value put around it.

    Shape: `(n, ...) -> (before + n + after, ...)`.

    Dtypes: any; kept.

    Args:
        x: what to put in the middle.
        pad_width: how many before and behind: an int or `(before, after)` for all axes, or one such pair for each axis.
        value: a Python number.

    Raises:
        ShapeError: for negative widths, and for pairs of widths that are not as many as axes.
        OverflowError: for an int outside the range of the dtype.

    Example:
        >>> import shapetensor as st
        >>> st.pad(st.tensor([1, 2]), (1, 2), value=7)
        Tensor[I64, 5]([7, 1, 2, 7, 7])
        >>> st.pad(st.ones((2, 3)), ((0, 0), (1, 1))).shape
        (2, 5)
    """
    source = operand("pad", x)
    widths = _pad_widths(pad_width, source)
    if value == 0:
        shape = tuple(a + n + b for n, (a, b) in zip(source.shape, widths, strict=True))
        bounds = tuple((a, a + n, None) for n, (a, _) in zip(source.shape, widths, strict=True))
        return apply(ops.slice_backward, (source,), (shape, bounds))
    for axis, pair in enumerate(widths):
        shape = source.shape
        ends = [_block(source, (*shape[:axis], n, *shape[axis + 1 :]), value) for n in pair]
        source = apply(ops.concat, (ends[0], source, ends[1]), (axis,))
    return source


def flip(x: Tensor[DT, *Shape], /, *, axis: int | tuple[int, ...] | None = None) -> Tensor[DT, *Shape]:
    """The elements in reverse order along axes, all of them where none is named.

    Shape: `(...) -> (...)`.

    Dtypes: any; kept.

    Raises:
        ShapeError: for an axis that x does not have, or one named twice.

    Example:
        >>> import shapetensor as st
        >>> st.flip(st.tensor([[1, 2], [3, 4]]), axis=1)
        Tensor[I64, 2, 2]([[2, 1],
                           [4, 3]])
    """
    return operand("flip", x).flip(axis=axis)


def roll(
    x: Tensor[DT, *Shape], /, shift: int | tuple[int, ...], *, axis: int | tuple[int, ...] | None = None
) -> Tensor[DT, *Shape]:
    """The elements moved on by so many places; what leaves at the end comes in at the front.

    Shape: `(...) -> (...)`.

    Dtypes: any; kept.

    Args:
        x: the elements.
        shift: places to move on, one for all axes or one for each; negative ones move back.
        axis: along which axes; None: in the flattened tensor.

    Raises:
        ShapeError: for an axis that x does not have, and where there are not as many shifts as axes.

    Example:
        >>> import shapetensor as st
        >>> st.roll(st.tensor([1, 2, 3, 4]), 1)
        Tensor[I64, 4]([4, 1, 2, 3])
    """
    return operand("roll", x).roll(shift, axis=axis)


def tile(x: Tensor[DT, *tuple[Any, ...]], /, repetitions: int | tuple[int, ...]) -> Tensor[DT, *tuple[Any, ...]]:
    """x as a whole, so many times along each axis, like tiles.

    torch calls it `repeat`; for each element several times see `repeat`.

    Shape: `(m, n) -> (i * m, j * n)` for `repetitions=(i, j)`.

    Dtypes: any; kept.

    Args:
        x: what to repeat.
        repetitions: how often along each axis; fewer numbers than axes count for the last axes, more add axes in front.

    Raises:
        ShapeError: for negative numbers.

    Example:
        >>> import shapetensor as st
        >>> st.tile(st.tensor([1, 2]), 2)
        Tensor[I64, 4]([1, 2, 1, 2])
        >>> st.tile(st.ones((2, 3)), (3, 1, 2)).shape
        (3, 2, 6)
    """
    source, times = operand("tile", x), as_shape(repetitions)
    if any(n < 0 for n in times):
        raise ShapeError(f"tile: {times} has a negative number of repetitions; the shape is {source.shape}")
    rank = max(len(times), source.ndim)
    shape, times = (1,) * (rank - source.ndim) + source.shape, (1,) * (rank - len(times)) + times
    apart = source.reshape(tuple(k for n in shape for k in (1, n)))
    spread = apart.broadcast_to(tuple(k for pair in zip(times, shape, strict=True) for k in pair))
    return spread.reshape(tuple(t * n for t, n in zip(times, shape, strict=True)))


def repeat(
    x: Tensor[DT, *tuple[Any, ...]], /, repeats: int, *, axis: int | None = None
) -> Tensor[DT, *tuple[Any, ...]]:
    """Each element so many times, one behind the other.

    torch calls it `repeat_interleave`; for the whole tensor several times see `tile`.

    Shape: `(..., n, ...) -> (..., n * repeats, ...)`.

    Dtypes: any; kept.

    Args:
        x: the elements.
        repeats: how often.
        axis: along which axis; None: in the flattened tensor.

    Raises:
        ShapeError: for an axis that x does not have, and for anything but one number that is not negative.

    Example:
        >>> import shapetensor as st
        >>> st.repeat(st.tensor([[1, 2], [3, 4]]), 2, axis=1)
        Tensor[I64, 2, 4]([[1, 1, 2, 2],
                           [3, 3, 4, 4]])
    """
    source, times = operand("repeat", x), as_shape(repeats)
    if len(times) != 1 or times[0] < 0:
        raise ShapeError(f"repeat: {repeats} is no number of repetitions: it is one int, not negative")
    if axis is None:
        source, axis = source.reshape(-1), 0
    place, shape = axis_of("repeat", axis, source), source.shape
    apart = source.expand_dims(place + 1).broadcast_to((*shape[: place + 1], *times, *shape[place + 1 :]))
    return apart.reshape((*shape[:place], shape[place] * times[0], *shape[place + 1 :]))


def moveaxis(
    x: Tensor[DT, *tuple[Any, ...]], /, source: int | tuple[int, ...], destination: int | tuple[int, ...]
) -> Tensor[DT, *tuple[Any, ...]]:
    """Axes at other places; the others keep their order.

    Shape: `(a, b, c) -> (b, c, a)` for `source=0, destination=-1`.

    Dtypes: any; kept.

    Raises:
        ShapeError: for an axis that x does not have, one named twice, and where the two are not as many.

    Example:
        >>> import shapetensor as st
        >>> st.moveaxis(st.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    return operand("moveaxis", x).moveaxis(source, destination)


def _pad_widths(given: Any, x: AnyTensor) -> list[tuple[int, int]]:
    """Widths before and behind for each axis.

    Raises:
        ShapeError: with what was given and the shape.
    """
    pair = (given, given) if isinstance(given, (int, Poly)) else given
    nested = isinstance(pair, Sequence) and any(isinstance(w, Sequence) for w in pair)
    pairs = [tuple(w) if isinstance(w, Sequence) else (w, w) for w in pair] if nested else [tuple(pair)] * x.ndim
    if len(pairs) != x.ndim or any(len(p) != 2 or p[0] < 0 or p[1] < 0 for p in pairs):
        raise ShapeError(
            f"pad: pad_width {given} does not say how many to put before and behind each axis of {x.shape}: "
            "use an int, (before, after), or such a pair for each axis, none negative"
        )
    return [(as_size(a), as_size(b)) for a, b in pairs]


def _block(x: AnyTensor, shape: tuple[int, ...], value: float) -> AnyTensor:
    one: AnyTensor = apply(creation.full, (value,), ((), x.dtype, x.device))
    return one.broadcast_to(shape)
