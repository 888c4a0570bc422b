"""The same elements in another arrangement: views of the same memory wherever strides can say it."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.apply import apply
from .._core.errors import ShapeError
from .._core.ops import movement as ops
from ..methods.base import axis_of
from ..tensor import AnyTensor
from .operands import operand


def reshape(x: AnyTensor, /, shape: int | tuple[int, ...]) -> AnyTensor:
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


def expand_dims(x: AnyTensor, /, axis: int = 0) -> AnyTensor:
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


def squeeze(x: AnyTensor, /, axis: int | tuple[int, ...]) -> AnyTensor:
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


def broadcast_to(x: AnyTensor, /, shape: tuple[int, ...]) -> AnyTensor:
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


def permute_dims(x: AnyTensor, /, axes: tuple[int, ...]) -> AnyTensor:
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


def matrix_transpose(x: AnyTensor, /) -> AnyTensor:
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


def unstack(x: AnyTensor, /, *, axis: int = 0) -> tuple[AnyTensor, ...]:
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
