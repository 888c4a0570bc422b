"""Gradients by tape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.gradients import Gradients, backward, on_new_tape
from .base import DT, Base, Shape

if TYPE_CHECKING:
    from ..tensor import Tensor


class Differentiate(Base[DT, *Shape]):
    """`x.traced()` puts a tensor on a new tape; `loss.backward(wrt=...)` walks it."""

    __slots__ = ()

    def traced(self) -> Tensor[DT, *Shape]:
        """The same value at the start of a new tape; see `shapetensor.traced` for several at once."""
        return on_new_tape([self])[0]  # type: ignore[no-any-return]

    def backward(self, *, wrt: Any) -> Gradients:
        """Gradients of this scalar with respect to what came from `traced`; a tape can be walked once.

        Raises:
            ShapeError: if this is not a scalar.
            ValueError: if something in `wrt` did not come from `traced`.
        """
        return backward(self, wrt)
