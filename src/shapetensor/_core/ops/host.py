"""Operations that NumPy does on the host; a compiled program cannot hold them."""

from __future__ import annotations

from typing import Any

from ..dims import Shape, normalise_axis
from ..dtypes import I64, AnyDType, require_compute
from ..op import HOST, Op, define
from .index import scatter_add_along_axis, take_along_axis
from .rules import batch_shifting


def _sort_shape(x: Shape, *, axis: int) -> list[Shape]:
    normalise_axis(axis, len(x))
    return [x, x]


def _sort_dtype(x: AnyDType) -> tuple[AnyDType, AnyDType]:
    require_compute("sort", x)
    return x, I64


def _unsort(g: Any, out: Any, axis: int) -> Any:
    """Send each sorted element's gradient back to where the element came from."""
    order = out[1]
    return scatter_add_along_axis(g[0], order, axis=axis, size=order.shape[axis])


# Outputs: the sorted elements, and where each stood before; equal elements keep their order.
sort: Op = define(
    "sort",
    kind=HOST,
    shape=_sort_shape,
    dtype=_sort_dtype,
    batch=batch_shifting("axis"),
    many=True,
    vjp=(_unsort,),
    jvp=(lambda dx, out, axis: [take_along_axis(dx, out[1], axis=axis), None],),
)
