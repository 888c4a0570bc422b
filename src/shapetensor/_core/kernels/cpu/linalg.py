"""Matrix multiplication."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...buffers import Flat
from ...dtypes import AnyDType
from ...op import Call
from ...spec import Ints, contiguous_strides
from ..generate.elementwise import RANK
from ..launch import Builder, Launch, Place, broadcast_strides, merge, pad
from ..source import kernel
from .elementwise import expression, strided_kernel
from .operands import contiguous

# Below this many multiplications the plain loop over strides wins against a copy of a transposed operand.
_SMALL = 4096


@kernel()
def add_scaled(a: Any, w: Flat, first: Any, out: Flat, to: Any, n: Any) -> None:
    for j in range(n):
        out[to + j] += a * w[first + j]


@kernel()
def add_two_rows(x: Flat, at: Any, xm: Any, xk: Any, w: Flat, first: Any, wk: Any, out: Flat, to: Any, n: Any) -> None:
    """Two rows of the output get four rows of w each, so that a load of w serves two multiplications."""
    a0, b0 = x[at], x[at + xm]
    a1, b1 = x[at + xk], x[at + xk + xm]
    a2, b2 = x[at + xk + xk], x[at + xk + xk + xm]
    a3, b3 = x[at + xk + xk + xk], x[at + xk + xk + xk + xm]
    second = first + wk
    third = second + wk
    fourth = third + wk
    below = to + n
    for j in range(n):
        w0 = w[first + j]
        w1 = w[second + j]
        w2 = w[third + j]
        w3 = w[fourth + j]
        out[to + j] += a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3
        out[below + j] += b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3


@kernel(add_scaled, add_two_rows)
def matmul_rows(
    x: Flat, w: Flat, batch: int, m: int, k: int, n: int, xb: int, xm: int, xk: int, wb: int, wk: int, out: Flat
) -> None:
    """w's rows are contiguous. Indices are unsigned, so that Numba adds no test for negative ones."""
    for j in range(out.size):
        out[j] = 0
    columns, down, along, skip = np.uint64(n), np.uint64(xm), np.uint64(xk), np.uint64(wk)
    for b in range(batch):
        for i in range(0, m - m % 2, 2):
            to = np.uint64((b * m + i) * n)
            for p in range(0, k - k % 4, 4):
                at = np.uint64(b * xb + i * xm + p * xk)
                add_two_rows(x, at, down, along, w, np.uint64(b * wb + p * wk), skip, out, to, columns)
            for p in range(k - k % 4, k):
                at = np.uint64(b * xb + i * xm + p * xk)
                add_scaled(x[at], w, np.uint64(b * wb + p * wk), out, to, columns)
                add_scaled(x[at + down], w, np.uint64(b * wb + p * wk), out, to + columns, columns)
        for i in range(m - m % 2, m):
            for p in range(k):
                at = np.uint64(b * xb + i * xm + p * xk)
                add_scaled(x[at], w, np.uint64(b * wb + p * wk), out, np.uint64((b * m + i) * n), columns)


@kernel()
def matmul_strided(
    x: Flat,
    w: Flat,
    batch: int,
    m: int,
    k: int,
    n: int,
    xb: int,
    xm: int,
    xk: int,
    wb: int,
    wk: int,
    wn: int,
    out: Flat,
) -> None:
    """Any strides, one inner product after the other."""
    zero = out.dtype.type(0)
    for b in range(batch):
        for i in range(m):
            for j in range(n):
                total = zero
                for p in range(k):
                    total += x[b * xb + i * xm + p * xk] * w[b * wb + p * wk + j * wn]
                out[(b * m + i) * n + j] = total


def prepare_matmul(call: Call) -> Launch:
    """Operands as they lie where the kernel can walk them, else copied to C order."""
    b = Builder(call)
    out = call.outs[0]
    if out.size == 0:
        return b.done()
    m, n = out.shape[-2:]
    k = call.ins[0].shape[-1]
    batch = out.size // (m * n)
    x, xs = _matrix(b, 0, out.dtype, any_columns=True)
    small = batch * m * n * k <= _SMALL
    w, ws = _matrix(b, 1, out.dtype, any_columns=small)
    sizes = (batch, m, k, n)
    if ws[2] == 1:
        b.step(matmul_rows.load(), x, w, *sizes, *xs, *ws[:2], b.outs[0])
    else:
        b.step(matmul_strided.load(), x, w, *sizes, *xs, *ws, b.outs[0])
    return b.done()


def _matrix(b: Builder, index: int, dtype: AnyDType, *, any_columns: bool) -> tuple[Place, tuple[int, int, int]]:
    """An operand and its strides along the batch, rows and columns."""
    spec = b.call.ins[index]
    lead = b.call.outs[0].shape[:-2]
    shape = (*lead, *spec.shape[-2:])
    strides = broadcast_strides(spec, shape)
    step = _batch_stride(lead, strides[:-2])
    if spec.dtype is dtype and step is not None and (any_columns or strides[-1] == 1 or shape[-1] == 1):
        columns = 1 if shape[-1] == 1 else strides[-1]
        return b.ins[index], (step, strides[-2], columns)
    return _copied(b, index, dtype, shape, strides)


def _copied(b: Builder, index: int, dtype: AnyDType, shape: Ints, strides: Ints) -> tuple[Place, tuple[int, int, int]]:
    """A copy in C order; one matrix is enough where all of the batch share it."""
    if all(s == 0 or n == 1 for n, s in zip(shape[:-2], strides[:-2], strict=True)):
        shape, strides = shape[-2:], strides[-2:]
    place = contiguous(b, index, dtype, shape, strides)
    steps = contiguous_strides(shape)
    own = shape[-2] * shape[-1] if len(shape) > 2 else 0
    return place, (own, steps[-2], steps[-1])


def _batch_stride(lead: Ints, strides: Ints) -> int | None:
    """The one stride that walks all leading axes; None if it takes more than one."""
    merged, (steps,) = merge(lead, strides)
    if not merged:
        return 0
    return steps[0] if len(merged) == 1 else None


def prepare_linear(call: Call) -> Launch:
    """The product with the axes of weight swapped, then the bias added to every row."""
    b = Builder(call)
    out, dtype = call.outs[0], call.outs[0].dtype
    if out.size == 0:
        return b.done()
    n, k = call.ins[1].shape
    m = out.size // n
    x, product = contiguous(b, 0, dtype), b.scratch(out.size, dtype)
    if m * n * k <= _SMALL:
        w = contiguous(b, 1, dtype)
        b.step(matmul_strided.load(), x, w, 1, m, k, n, 0, k, 1, 0, 1, k, product)
    else:
        w = contiguous(b, 1, dtype, (k, n), call.ins[1].strides[::-1])
        b.step(matmul_rows.load(), x, w, 1, m, k, n, 0, k, 1, 0, n, product)
    add = strided_kernel(*expression("add", ("x", "y"), dtype), dtype, out.size)
    steps = (pad(s, RANK, 0) for s in ((n, 1), (0, 1)))
    b.step(add, product, contiguous(b, 2, dtype), pad((m, n), RANK, 1), *steps, b.outs[0])
    return b.done()


PREPARE = {"matmul": prepare_matmul, "linear": prepare_linear}
