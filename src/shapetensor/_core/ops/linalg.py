"""Linear algebra."""

from __future__ import annotations

from ..dims import Shape, broadcast, same, show
from ..dtypes import AnyDType, Bool, promote, require_compute
from ..errors import DTypeError, ShapeError
from ..op import CONTRACT, Call, Op, define
from .rules import batch_broadcasting, unbroadcast


def _matmul_shape(x: Shape, w: Shape) -> Shape:
    for operand in (x, w):
        if len(operand) < 2:
            raise ShapeError(f"{show(x)} @ {show(w)}: {show(operand)} has fewer than 2 axes; use expand_dims")
    if len(w) == 2 and isinstance(x[-1], int) and w[-1] == x[-1] != w[-2]:
        hint = f"; did you mean `w.mT` with shape {show((w[-1], w[-2]))}?"
    else:
        hint = ""
    try:
        same(x[-1], w[-2], "inner dimensions differ")
        batch = broadcast(x[:-2], w[:-2])
    except ShapeError as error:
        raise ShapeError(f"{show(x)} @ {show(w)}: {error}{hint}") from None
    return (*batch, x[-2], w[-1])


def _matmul_dtype(x: AnyDType, w: AnyDType) -> AnyDType:
    require_compute("matmul", x, w)
    result = promote(x, w)
    if result is Bool:
        raise DTypeError("matmul: Bool has no products to sum: write x.astype(I32) or F32 first")
    return result


def _matmul_flops(call: Call) -> int:
    """One multiplication and one addition for each term of each inner product."""
    return 2 * call.outs[0].size * call.ins[0].shape[-1]


matmul: Op = define(
    "matmul",
    kind=CONTRACT,
    shape=_matmul_shape,
    dtype=_matmul_dtype,
    flops=_matmul_flops,
    batch=batch_broadcasting,
    vjp=(
        lambda g, w, x_spec: unbroadcast(g @ w.mT, x_spec),
        lambda g, x, w_spec: unbroadcast(x.mT @ g, w_spec),
    ),
    jvp=(lambda dx, w: dx @ w, lambda x, dw: x @ dw),
)
