"""Matrix products and transposes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, overload

from .._core.apply import apply
from .._core.dims import same
from .._core.errors import ShapeError
from .._core.ops import linalg, movement
from .base import DT, Base, Shape

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor
    from .base import IntFirst, IntLast, Unknown

K = TypeVar("K", bound=int)
N = TypeVar("N", bound=int)
Rows = TypeVarTuple("Rows")


class Linalg(Base[DT, *Shape]):
    """`@`, `.mT` and `.T`."""

    __slots__ = ()

    # Sizes of two matrices must agree; what cannot be told is let through.
    @overload
    def __matmul__(self, other: Tensor[Any, Unknown, *tuple[Unknown, ...]]) -> AnyTensor: ...
    @overload
    def __matmul__(self: Base[Any, *Rows, K], other: Tensor[Any, K, N]) -> Tensor[Any, *Rows, N]: ...
    @overload
    def __matmul__(self: Base[Any, *Rows, K], other: Tensor[Any, K]) -> Tensor[Any, *Rows]: ...
    @overload
    def __matmul__(self, other: Tensor[Any, Any, Any, Any, *tuple[Any, ...]]) -> AnyTensor: ...
    @overload
    def __matmul__(self, other: IntFirst) -> AnyTensor: ...
    @overload
    def __matmul__(self: IntLast, other: AnyTensor) -> AnyTensor: ...
    def __matmul__(self, other: Any) -> AnyTensor:
        try:  # as in `product`, without its call: matrices lose no time to vectors
            return apply(linalg.matmul, (self, other))
        except ShapeError:
            if self.ndim > 1 and getattr(other, "ndim", 0) > 1:
                raise
        return _vector_product(self, other)

    if not TYPE_CHECKING:  # nothing but a tensor has such a product; a checker would try this one after `__matmul__`

        def __rmatmul__(self, other: Any) -> AnyTensor:
            return product(other, self)

    @property
    def mT(self) -> Tensor[DT, *tuple[Any, ...]]:
        """The last two axes swapped: `(..., m, n) -> (..., n, m)`, a view."""
        return apply(movement.matrix_transpose, (self,))

    @property
    def T(self) -> Tensor[DT, *tuple[Any, ...]]:
        """The transpose of a matrix; for more axes use `.mT` or `permute_dims`."""
        if self.ndim != 2:
            raise ShapeError(f"T: {self.shape} has {self.ndim} axes, not 2: use x.mT or x.permute_dims(...)")
        return apply(movement.matrix_transpose, (self,))


def product(x: Any, w: Any) -> AnyTensor:
    """The matrix product; vectors are looked for only where there are no matrices.

    Raises:
        ShapeError: if shapes do not fit.
    """
    try:
        return apply(linalg.matmul, (x, w))
    except ShapeError:
        if getattr(x, "ndim", 0) > 1 and getattr(w, "ndim", 0) > 1:
            raise
    return _vector_product(x, w)


def _vector_product(x: Any, w: Any) -> AnyTensor:
    """A vector in front is a row, one behind a column; that axis goes again."""
    shapes = [getattr(v, "shape", ()) for v in (x, w)]  # Python numbers have none
    if () in shapes:
        raise ShapeError(f"matmul: {shapes[0]} @ {shapes[1]}: a scalar has no axes to multiply along: use x * w")
    inner = w.shape[-2] if w.ndim > 1 else w.shape[0]
    same(x.shape[-1], inner, f"matmul: {x.shape} @ {w.shape}: inner dimensions differ")
    row = x.expand_dims(0) if x.ndim == 1 else x
    column = w.expand_dims(1) if w.ndim == 1 else w
    out = apply(linalg.matmul, (row, column))
    rows = x.shape[-2:-1]  # none of a vector, and columns likewise
    columns = w.shape[-1:] if w.ndim > 1 else ()
    return out.reshape((*out.shape[:-2], *rows, *columns))
