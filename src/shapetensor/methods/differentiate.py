"""Gradients by tape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import TypeVarTuple, Unpack

from .._core.dtypes import DType
from .._core.gradients import Gradients, backward, on_new_tape

if TYPE_CHECKING:
    from ..tensor import Tensor

DT = TypeVar("DT", bound=DType)
Shape = TypeVarTuple("Shape")


class Differentiate(Generic[DT, Unpack[Shape]]):
    """`x.traced()` puts a tensor on a new tape; `loss.backward(wrt=...)` walks it."""

    __slots__ = ()

    def traced(self: Tensor[DT, Unpack[Shape]]) -> Tensor[DT, Unpack[Shape]]:
        """The same value at the start of a new tape; see `shapetensor.traced` for several at once."""
        return on_new_tape([self])[0]  # type: ignore[no-any-return]

    def backward(self: Tensor[DT, Unpack[Shape]], *, wrt: Any) -> Gradients:
        """Gradients of this scalar with respect to what came from `traced`; a tape can be walked once.

        Raises:
            ShapeError: if this is not a scalar.
            ValueError: if something in `wrt` did not come from `traced`.
        """
        return backward(self, wrt)
