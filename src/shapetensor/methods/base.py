"""What all mixins of Tensor build on: its attributes."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, TypeVarTuple

from .._core.dims import normalise_axes, normalise_axis
from .._core.dtypes import AnyDType, DType
from .._core.errors import ShapeError

if TYPE_CHECKING:
    from .._core.device import Device
    from .._core.spec import Spec
    from ..tensor import AnyTensor

DT = TypeVar("DT", bound=DType, covariant=True)
Shape = TypeVarTuple("Shape")

if TYPE_CHECKING:  # what overloads need for checkers without the plugin: they see sizes as types, and nothing else

    class Unknown(int):
        """A size that no axis has: where it is asked for, only Any fits, and so tensors of unknown rank."""

    class IntFirst(Protocol):
        """A tensor whose first size is `int`, and not a type below it: sizes stand in a parameter."""

        def _takes(self, shape: tuple[int, *tuple[Any, ...]], /) -> None: ...

    class IntLast(Protocol):
        """A tensor whose last size is `int`."""

        def _takes(self, shape: tuple[*tuple[Any, ...], int], /) -> None: ...


class Base(Generic[DT, *Shape]):
    """Shape, dtype and device of a tensor."""

    __slots__ = ()
    if TYPE_CHECKING:  # the slots themselves are Tensor's
        _buffer: Any  # what the device computes on
        _spec: Spec
        _marks: tuple[tuple[Any, Any], ...]  # (tape, node), the oldest tape first

        def _takes(self, shape: tuple[*Shape], /) -> None:
            """What `IntFirst` and `IntLast` look for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self._spec.shape

    @property
    def dtype(self) -> AnyDType:
        """The element type, such as `F32`."""
        return self._spec.dtype

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return self._spec.device

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._spec.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._spec.size

    @property
    def nbytes(self) -> int:
        """Bytes that the elements take."""
        return self._spec.size * self._spec.dtype.itemsize

    @property
    def _any(self) -> AnyTensor:
        """This tensor with the methods of all mixins, for the type checker."""
        return self  # type: ignore[return-value]


if TYPE_CHECKING:
    # Any tensor but one whose axes are a bare `*S`, which no size can be added to without saying so.
    Ranked = Base[Any] | Base[Any, Any, *tuple[Any, ...]]


def axis_of(op: str, axis: int, x: Base[Any, *tuple[Any, ...]], *, extra: int = 0) -> int:
    """The axis counted from the front; `extra` places more are valid where an axis is inserted.

    Raises:
        ShapeError: with the op's name and the shape.
    """
    try:
        return normalise_axis(operator.index(axis), x.ndim + extra)
    except ShapeError as error:
        raise ShapeError(f"{op}: {error}; the shape is {x.shape}") from None


def axes_of(op: str, axes: int | tuple[int, ...] | None, x: Base[Any, *tuple[Any, ...]]) -> tuple[int, ...]:
    """The axes counted from the front and sorted; None means all of them.

    Raises:
        ShapeError: with the op's name and the shape.
    """
    try:
        return normalise_axes(axes, x.ndim)
    except ShapeError as error:
        raise ShapeError(f"{op}: {error}; the shape is {x.shape}") from None
