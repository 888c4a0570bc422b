"""Matrix products and transposes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.apply import apply
from .._core.errors import ShapeError
from .._core.ops import linalg, movement
from .base import DT, Base, Shape

if TYPE_CHECKING:
    from ..tensor import AnyTensor


class Linalg(Base[DT, *Shape]):
    """`@`, `.mT` and `.T`."""

    __slots__ = ()

    def __matmul__(self, other: AnyTensor) -> AnyTensor:
        return apply(linalg.matmul, (self, other))

    def __rmatmul__(self, other: Any) -> AnyTensor:
        return apply(linalg.matmul, (other, self))

    @property
    def mT(self) -> AnyTensor:
        """The last two axes swapped: `(..., m, n) -> (..., n, m)`, a view."""
        return apply(movement.matrix_transpose, (self,))

    @property
    def T(self) -> AnyTensor:
        """The transpose of a matrix; for more axes use `.mT` or `permute_dims`."""
        if self.ndim != 2:
            raise ShapeError(f"T: {self.shape} has {self.ndim} axes, not 2: use x.mT or x.permute_dims(...)")
        return apply(movement.matrix_transpose, (self,))
