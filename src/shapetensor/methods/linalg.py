"""Matrix products and transposes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import TypeVarTuple, Unpack

from .._core.apply import apply
from .._core.dtypes import DType
from .._core.errors import ShapeError
from .._core.ops import linalg, movement

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor

DT = TypeVar("DT", bound=DType)
Shape = TypeVarTuple("Shape")


class Linalg(Generic[DT, Unpack[Shape]]):
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
    def T(self: Tensor[DT, Unpack[Shape]]) -> AnyTensor:
        """The transpose of a matrix; for more axes use `.mT` or `permute_dims`."""
        if self.ndim != 2:
            raise ShapeError(f"T: {self.shape} has {self.ndim} axes, not 2: use x.mT or x.permute_dims(...)")
        return apply(movement.matrix_transpose, (self,))
