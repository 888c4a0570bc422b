"""Linear algebra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dims import Shape, broadcast, is_identical, product, same, show
from ..dtypes import AnyDType, Bool, promote, require_compute
from ..errors import DTypeError, ShapeError
from ..op import CONTRACT, Call, Op, define
from .rules import Attrs, Batched, align, batch_broadcasting, stretch, unbroadcast


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


def _product_dtype(name: str, x: AnyDType, w: AnyDType) -> AnyDType:
    require_compute(name, x, w)
    result = promote(x, w)
    if result is Bool:
        raise DTypeError(f"{name}: Bool has no products to sum: write x.astype(I32) or F32 first")
    return result


def _matmul_dtype(x: AnyDType, w: AnyDType) -> AnyDType:
    return _product_dtype("matmul", x, w)


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


def _linear_shape(x: Shape, weight: Shape, bias: Shape) -> Shape:
    both = f"x {show(x)} and weight {show(weight)}"
    if not x or len(weight) != 2:
        raise ShapeError(f"{both} should be (..., in) and (out, in); use expand_dims or reshape")
    try:
        same(x[-1], weight[1], f"the last axes of {both} differ")
    except ShapeError as error:
        swapped = f"; did you mean `weight.mT` with shape {show(weight[::-1])}?"
        raise ShapeError(f"{error}{swapped if is_identical(x[-1], weight[0]) else ''}") from None
    both = f"weight {show(weight)} and bias {show(bias)}"
    if len(bias) != 1:
        raise ShapeError(f"{both} should be (out, in) and (out,); write x @ weight.mT + bias for one that broadcasts")
    return (*x[:-1], same(weight[0], bias[0], f"the first axes of {both} differ"))


def _linear_dtype(x: AnyDType, weight: AnyDType, bias: AnyDType) -> AnyDType:
    require_compute("linear", bias)
    return promote(_product_dtype("linear", x, weight), bias)


def _linear_flops(call: Call) -> int:
    """Those of the product, and the addition of the bias."""
    return call.outs[0].size * (2 * call.ins[0].shape[-1] + 1)


def _rows(x: Any) -> Any:
    """The matrix of all rows, whatever axes they lie along."""
    return x if len(x.shape) == 2 else x.reshape((product(x.shape[:-1]), x.shape[-1]))


def rows_times(x: Any, w: Any) -> Any:
    """`x @ w` for one matrix w, as one product of matrices: x may have any leading axes, or none."""
    y = _rows(x) @ w
    return y if len(x.shape) == 2 else y.reshape((*x.shape[:-1], y.shape[-1]))


def _batch_linear(op: Op, xs: Sequence[Any], batched: Batched, attrs: Attrs) -> Any:
    """One call where the examples share weight and bias: to x they are one more leading axis."""
    x, weight, bias = xs
    if not any(batched[1:]):
        return op(x, weight, bias)
    dtype = op.dtype(x.dtype, weight.dtype, bias.dtype)  # the product has it too, whatever bias is
    x = x if x.dtype is dtype else x.astype(dtype)
    if batched[1]:
        lead = x.shape[batched[0] : -1]
        y = x.reshape((*x.shape[: batched[0]], product(lead), x.shape[-1])) @ weight.mT
        y = y.reshape((y.shape[0], *lead, y.shape[-1]))
    else:
        y = rows_times(x, weight.mT)
    y, bias = align((y, bias), (batched[0] or batched[1], batched[2]))
    return y + bias


# x @ weight.mT + bias, computed in the dtype of the result
linear: Op = define(
    "linear",
    kind=CONTRACT,
    shape=_linear_shape,
    dtype=_linear_dtype,
    flops=_linear_flops,
    batch=_batch_linear,
    vjp=(
        lambda g, weight, x_spec: unbroadcast(rows_times(g, weight), x_spec),
        lambda g, x, weight_spec: unbroadcast(_rows(g).mT @ _rows(x), weight_spec),
        lambda g, bias_spec: unbroadcast(g, bias_spec),
    ),
    jvp=(
        lambda dx, weight, out_spec: stretch(rows_times(dx, weight.mT), out_spec),
        lambda x, dweight, out_spec: stretch(rows_times(x, dweight.mT), out_spec),
        lambda dbias, out_spec: stretch(dbias, out_spec),
    ),
)
