"""Products of matrices: a block of 16 x 16 threads for a tile of the result, operands by way of shared memory.

Each thread computes one element of the tile, or 4 x 4 of them where the result is large: then a number read from
shared memory serves four multiplications. (Volkov and Demmel, "Benchmarking GPUs to tune dense linear
algebra", SC 2008.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dtypes import F32, F64, I32, I64, U8, AnyDType
from ...op import Call
from ...spec import Ints
from ..launch import Launch, Place, broadcast_strides, merge
from . import compat
from .compat import array, cuda, device_function, int32, uint32
from .kernel import Kernel
from .operands import Builder, contiguous, of

SIDE = 16  # threads along each side of a block, and terms of the sums that are in shared memory at a time
_PAD = 1  # elements behind each row there, so that a column of it is not in one bank
_LARGE = 64  # rows and columns from which on a thread computes several elements


@device_function
def corner(block: Any, m: Any, n: Any, tile: Any) -> Any:
    """Which product a block has a tile of, and the row and column where that begins."""
    across, down = int32((n + tile - 1) // tile), int32((m + tile - 1) // tile)
    line = int32(uint32(block) // uint32(across))
    batch = int32(uint32(line) // uint32(down))
    return batch, int32(int32(line - batch * down) * tile), int32(int32(block - line * across) * tile)


def _matmul(kind: Any, each: int, biased: bool) -> Callable[..., None]:
    """Kernel `(x, w, sizes, bias, out)`: sizes are m, k, n and the strides of x and w along batch, rows and columns.

    Where no bias is added any array will do in its place.
    """
    tile = SIDE * each
    wide = tile + _PAD

    def product(x: Any, w: Any, sizes: Any, bias: Any, out: Any) -> None:
        xs = cuda.shared.array((SIDE, wide), kind)
        ws = cuda.shared.array((SIDE, wide), kind)
        sums = cuda.local.array((each, each), kind)
        column, row = int32(cuda.threadIdx.x), int32(cuda.threadIdx.y)
        m, k, n = sizes[0], sizes[1], sizes[2]
        batch, first_row, first_column = corner(int32(cuda.blockIdx.x), m, n, int32(tile))
        x_start, w_start = int32(batch * sizes[3]), int32(batch * sizes[6])
        for a in range(each):
            for b in range(each):
                sums[a, b] = kind(0)
        for first in range(0, k, SIDE):
            for part in range(0, tile, SIDE):
                a, b = (column, row) if sizes[5] == 1 else (row, column)  # neighbours read what lies side by side
                i, p = int32(first_row + b + part), int32(first + a)
                inside = i < m and p < k
                xs[a, b + part] = x[int32(x_start + i * sizes[4] + p * sizes[5])] if inside else kind(0)
                a, b = (row, column) if sizes[8] == 1 else (column, row)
                p, j = int32(first + a), int32(first_column + b + part)
                inside = p < k and j < n
                ws[a, b + part] = w[int32(w_start + p * sizes[7] + j * sizes[8])] if inside else kind(0)
            cuda.syncthreads()
            for p in range(SIDE):
                for a in range(each):
                    for b in range(each):
                        sums[a, b] += xs[p, row + a * SIDE] * ws[p, column + b * SIDE]
            cuda.syncthreads()
        for a in range(each):
            i = int32(first_row + row + a * SIDE)
            for b in range(each):
                j = int32(first_column + column + b * SIDE)
                if i < m and j < n:
                    place = int32((batch * m + i) * n + j)
                    out[place] = sums[a, b] + bias[j] if biased else sums[a, b]

    return product


def _kernels(name: str, each: int, biased: bool) -> dict[str, Kernel]:
    found = {}
    for dtype in (F32, F64, I32, I64, U8):
        kind = compat.TYPES[dtype.storage]
        flat = array(kind)
        function = _matmul(kind, each, biased)
        full = f"{name}_{SIDE * each}_{dtype.storage}"
        found[dtype.storage] = Kernel(full, function, flat, flat, array(int32), flat, flat, threads=(SIDE, SIDE))
    return found


# By the side of a thread's part of the tile and whether a bias is added
PRODUCTS = {(e, b): _kernels("linear" if b else "matmul", e, b) for e in (1, 4) for b in (False, True)}
KERNELS = [kernel for kernels in PRODUCTS.values() for kernel in kernels.values()]


def prepare_matmul(call: Call) -> Launch:
    """Operands as they lie, copied only where one stride does not walk their batch."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        m, n = out.shape[-2:]
        x, xs = _matrix(b, 0, out.dtype)
        w, ws = _matrix(b, 1, out.dtype)
        _multiply(b, x, w, (m, call.ins[0].shape[-1], n, *xs, *ws), x, biased=False)
    return b.done()


def prepare_linear(call: Call) -> Launch:
    """The product with the rows of weight, to which the kernel adds the bias."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        n, k = call.ins[1].shape
        x, weight, bias = (contiguous(b, i, out.dtype) for i in range(3))
        _multiply(b, x, weight, (out.size // n, k, n, 0, k, 1, 0, 1, k), bias, biased=True)
    return b.done()


def _multiply(b: Builder, x: Place, w: Place, sizes: Ints, bias: Place, *, biased: bool) -> None:
    out = b.call.outs[0]
    m, _, n = sizes[:3]
    each = 4 if min(m, n) >= _LARGE else 1
    tile = SIDE * each
    count = out.size // (m * n) * -(-m // tile) * -(-n // tile)
    kernel = of(PRODUCTS[each, biased], b.call.op.name, out.dtype)
    b.blocks(kernel, count, x, w, b.table(*sizes), bias, b.outs[0])


def _matrix(b: Builder, index: int, dtype: AnyDType) -> tuple[Place, Ints]:
    """An operand of this dtype, and its strides along the batch of the output, its rows and its columns."""
    spec = b.call.ins[index]
    lead, matrix = b.call.outs[0].shape[:-2], spec.shape[-2:]
    strides = broadcast_strides(spec, (*lead, *matrix))
    batch = _batch_stride(lead, strides[:-2])
    if batch is not None and spec.dtype is dtype:
        return b.ins[index], (batch, *spec.strides[-2:])
    own = matrix if batch == 0 else (*lead, *matrix)  # one matrix for all, or one for each
    walked = strides[-len(own) :]
    return contiguous(b, index, dtype, own, walked), (matrix[0] * matrix[1] if batch != 0 else 0, matrix[1], 1)


def _batch_stride(lead: Ints, strides: Ints) -> int | None:
    """The one stride that walks these axes; None if there is none."""
    merged, (steps,) = merge(lead, strides)
    return None if len(merged) > 1 else steps[0] if merged else 0


PREPARE = {"matmul": prepare_matmul, "linear": prepare_linear}
