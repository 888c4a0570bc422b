"""Matrix multiplication: operands as they lie, the kernel that suits them, and pieces for threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...dtypes import AnyDType
from ...op import Call
from ...spec import Ints, contiguous_strides
from .. import cache, threads, tile
from ..generate import product
from ..generate.expression import Expression
from ..generate.product import COLUMN, COPIED, DIRECT, DOTS, ONE, TRANSPOSED, Sizes, Tail, Tiles
from ..launch import Builder, Launch, Place, broadcast_strides, merge, storage
from .operands import contiguous, copy

# Threads pay from this many multiplications on, in the additions that threads.WORTHWHILE counts.
_MULTIPLICATIONS_IN_AN_ADDITION = 64
# A compiled function has a kernel of its own for a product of no more multiplications. Benchmarks: from there on
# constant sizes gain less than 3 %.
_SMALL = 64**3
# So many rows of x use a panel of w so often, and so many of w make it so long, that copying it first pays.
_COPIED_ROWS, _COPIED_DEPTH = 256, 512
# Rows that are a multiple of so many bytes apart, over more than the second cache, share few lines of the caches: then
# fewer rows of x are enough, and an x of such columns is transposed first for so many columns of the output.
_CONFLICT, _CONFLICT_BYTES, _CONFLICT_ROWS, _CONFLICT_COLUMNS = 1024, 1 << 21, 64, 48
# An inner product pays for adding up the lanes of its vector if it is this many times as long as x has rows.
_DOTS = 16
_FEW = 256  # numbers of an output that are done sooner than a panel is found
# Time to make a panel, which each piece has of its own, as a multiple of that of a strip's tiles in it.
_PANEL_COST = {DIRECT: 0, DOTS: 0, COPIED: 0.5, TRANSPOSED: 1.5}
_SQUARE = 16  # lanes of the widest vectors that are transposed in registers


class Matrix(NamedTuple):
    """An operand as it lies: its strides along the batch, rows and columns."""

    place: Place
    batch: int
    row: int
    column: int

    @property
    def mT(self) -> Matrix:
        return Matrix(self.place, self.batch, self.column, self.row)


class Shape(NamedTuple):
    """`batch` products of (m, k) @ (k, n)."""

    batch: int
    m: int
    k: int
    n: int

    @property
    def multiplications(self) -> int:
        return self.batch * self.m * self.k * self.n


def prepare_matmul(call: Call, *, constant: bool = False) -> Launch:
    """Operands as they lie, copied only where no kernel can walk them.

    With `constant` small products have kernels of their own, for their sizes only.
    """
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        m, n = out.shape[-2:]
        shape = Shape(out.size // (m * n), m, call.ins[0].shape[-1], n)
        x, w = (_matrix(b, i, out.dtype) for i in (0, 1))
        _multiply(b, x, w, shape, constant=constant)
    return b.done()


def prepare_linear(call: Call, *, constant: bool = False) -> Launch:
    """The product with the rows of weight, to which the kernel adds the bias."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        n, k = call.ins[1].shape
        shape = Shape(1, out.size // n, k, n)
        x, w = _of_rows(b, 0, out.dtype), _of_rows(b, 1, out.dtype).mT
        bias = Operand(contiguous(b, 2, out.dtype), COLUMN)
        _multiply(b, x, w, shape, _ADDED, {"bias": bias}, constant=constant)
    return b.done()


class Operand(NamedTuple):
    """What becomes of a product depends on this, too: where it is, and what it has one of."""

    place: Place
    kind: str


_ADDED = Expression(("product", "bias"), (), "product + bias")


def _multiply(
    b: Builder,
    x: Matrix,
    w: Matrix,
    shape: Shape,
    then: Expression | None = None,
    operands: Mapping[str, Operand] = MappingProxyType({}),
    *,
    constant: bool,
) -> None:
    """The steps of a product, and of what becomes of its elements `then`."""
    tail = then and Tail(then, {n: _in_line(o.kind, shape) for n, o in operands.items()})
    x, w, shape = _simplified(x, w, shape)
    dtype = b.call.outs[0].dtype
    if w.column != 1 and shape.n > 1 and (w.row != 1 or _lanes(dtype) > _SQUARE):
        w = _copied(b, w, shape.batch, shape.k, shape.n, dtype)
    kind = _kind(w, shape, dtype)
    if kind == DOTS and x.column != 1:
        x = _copied(b, x, shape.batch, shape.m, shape.k, dtype)
    elif _transposes_pay(x, shape, dtype):
        x = _untransposed(b, x, shape, dtype)
    tiles = _tiles(kind, shape.n, dtype)
    sizes = _sizes(x, w, shape, kind, tiles.most)
    fixed = sizes if constant and shape.multiplications <= _SMALL else None
    kernel = _kernel(kind, tiles, dtype, tail, fixed)
    panels = _panels(b, kind, tiles, shape, dtype)
    others = [o.place for o in operands.values()]
    table = [] if fixed else [np.array(sizes, np.int64)]
    if not fixed and shape.multiplications // _MULTIPLICATIONS_IN_AN_ADDITION >= threads.WORTHWHILE:
        place, count = 2 + len(others), 4 + len(others) + len(panels)
        kernel = threads.Divided(kernel, count, place, partial(_divided, sizes, tiles, kind))
    b.step(kernel, x.place, w.place, *others, *table, *panels, b.outs[0])


def _in_line(kind: str, shape: Shape) -> str:
    """What an operand has one of where an output of one column is computed as one row."""
    return ONE if kind == COLUMN and shape.n == 1 else kind


def _simplified(x: Matrix, w: Matrix, shape: Shape) -> tuple[Matrix, Matrix, Shape]:
    """The same product with as few batches and columns as possible."""
    batch, m, k, n = shape
    if w.batch == 0 and (m == 1 or x.batch == m * x.row):
        x = x._replace(row=x.batch if m == 1 else x.row)
        batch, m = 1, batch * m
    if n == 1 and m > 1:
        x, w, m, n = w.mT, x.mT, n, m
    if k == 0:
        w = w._replace(column=1)  # nothing of it is read: the kernel that leaves zeros will do
    return x, w, Shape(batch, m, k, n)


def _kind(w: Matrix, shape: Shape, dtype: AnyDType) -> str:
    """Which kernel reads w: its rows are contiguous, or its columns."""
    if w.row == 1 and (shape.n == 1 or w.column != 1):
        return DOTS if _dots_pay(shape) else TRANSPOSED
    return COPIED if _copies_pay(w, shape, dtype) else DIRECT


def _dots_pay(shape: Shape) -> bool:
    _, m, k, n = shape
    return n == 1 or m * _DOTS <= k or m * n <= _FEW


def _copies_pay(w: Matrix, shape: Shape, dtype: AnyDType) -> bool:
    needed = _CONFLICT_ROWS if _conflict(w.row, shape.k, dtype) else _COPIED_ROWS
    return shape.k >= _COPIED_DEPTH and shape.m >= needed


def _conflict(stride: int, count: int, dtype: AnyDType) -> bool:
    """Whether so many rows of a matrix push each other out of the caches."""
    apart = stride * storage(dtype).itemsize
    return apart % _CONFLICT == 0 and apart * count >= _CONFLICT_BYTES


def _lanes(dtype: AnyDType) -> int:
    return tile.vector_bytes() // storage(dtype).itemsize


def _transposes_pay(x: Matrix, shape: Shape, dtype: AnyDType) -> bool:
    """Whether each step of a tile would read x from another page, and from the same few lines of the caches."""
    far = x.row == 1 and _conflict(x.column, shape.k, dtype)
    return far and shape.n >= _CONFLICT_COLUMNS and _lanes(dtype) <= _SQUARE


def _untransposed(b: Builder, x: Matrix, shape: Shape, dtype: AnyDType) -> Matrix:
    """x with contiguous rows, in scratch."""
    lanes = _lanes(dtype)
    row = (-(-shape.k // lanes) + 1) * lanes  # one more vector, so that rows do not conflict in turn
    matrix = -(-shape.m // lanes) * lanes * row
    place = b.scratch((shape.batch if x.batch else 1) * matrix, dtype)
    kernel = cache.load("transpose", product.TRANSPOSE.format(lanes=lanes)).transpose
    b.step(kernel, x.place, shape.batch if x.batch else 1, shape.k, shape.m, x.batch, x.column, matrix, row, place)
    return Matrix(place, matrix if x.batch else 0, row, 1)


def _matrix(b: Builder, index: int, dtype: AnyDType) -> Matrix:
    """An operand of this dtype along the batch of the output; copied if it takes several strides to walk the batch."""
    spec = b.call.ins[index]
    lead = b.call.outs[0].shape[:-2]
    shape = (*lead, *spec.shape[-2:])
    strides = broadcast_strides(spec, shape)
    step = _batch_stride(lead, strides[:-2])
    if spec.dtype is dtype and step is not None:
        return Matrix(b.ins[index], step, *strides[-2:])
    if all(s == 0 or n == 1 for n, s in zip(lead, strides[:-2], strict=True)):
        shape, strides = shape[-2:], strides[-2:]
    place = contiguous(b, index, dtype, shape, strides)
    own = shape[-2] * shape[-1] if len(shape) > 2 else 0
    return Matrix(place, own, *contiguous_strides(shape)[-2:])


def _of_rows(b: Builder, index: int, dtype: AnyDType) -> Matrix:
    """An operand of this dtype as one matrix of the rows along its last axis."""
    spec = b.call.ins[index]
    strides = broadcast_strides(spec, spec.shape)
    row = _batch_stride(spec.shape[:-1], strides[:-1])
    if spec.dtype is dtype and row is not None:
        return Matrix(b.ins[index], 0, row, strides[-1])
    return Matrix(contiguous(b, index, dtype), 0, spec.shape[-1], 1)


def _copied(b: Builder, x: Matrix, batch: int, rows: int, columns: int, dtype: AnyDType) -> Matrix:
    """The matrices in C order, in scratch; one is enough where all of the batch share it."""
    number = batch if x.batch else 1
    place = b.scratch(number * rows * columns, dtype)
    copy(b, x.place, (number, rows, columns), x[1:], place)
    return Matrix(place, rows * columns if x.batch else 0, columns, 1)


def _batch_stride(lead: Ints, strides: Ints) -> int | None:
    """The one stride that walks all leading axes, 0 if there is nothing to walk; None if it takes more than one."""
    merged, (steps,) = merge(lead, strides)
    if not merged:
        return 0
    return steps[0] if len(merged) == 1 else None


def _tiles(kind: str, n: int, dtype: AnyDType) -> Tiles:
    choose = product.inner_tiles if kind == DOTS else product.tiles
    return choose(n, _lanes(dtype), tile.registers())


def _sizes(x: Matrix, w: Matrix, shape: Shape, kind: str, most: int) -> Sizes:
    line = w.column if kind in (DOTS, TRANSPOSED) else w.row
    rows = product.strips(shape.m, most)
    return Sizes(0, 0, 0, 0, 0, *shape, rows, *x[1:], w.batch, line, shape.m * shape.n, shape.n)


def _kernel(kind: str, tiles: Tiles, dtype: AnyDType, tail: Tail | None, sizes: Sizes | None) -> Callable[..., None]:
    """A kernel of the table, or the one for these sizes only."""
    shape = "_" + "x".join(map(str, sizes[6:9])) if sizes else ""
    name = f"product_{kind}_{tiles}{'_then' if tail else ''}{shape}"
    found: Callable[..., None] = getattr(cache.load(name, product.text(name, kind, tiles, dtype, tail, sizes)), name)
    return found


def _panels(b: Builder, kind: str, tiles: Tiles, shape: Shape, dtype: AnyDType) -> list[Place]:
    """Room for a panel of each thread."""
    if kind in (DIRECT, DOTS):
        return []
    return [b.scratch(threads.most() * _panel_size(tiles, shape.k), dtype)]


def _panel_size(tiles: Tiles, k: int) -> int:
    return -(-min(k, product.DEPTH) // tiles.lanes) * tiles.lanes * tiles.wide


def _divided(whole: Sizes, tiles: Tiles, kind: str, pieces: int) -> NDArray[np.int64]:
    """Sizes of so many pieces, or fewer, one a line: parts of the batch, or else whole tiles."""
    if whole.batch >= pieces:
        cuts = _cuts(whole.batch, pieces)
        table = [_of_batches(whole, *cut) for cut in cuts]
    else:
        least = tiles.across if kind == DOTS else 1  # columns of a piece, so that no tile of it reaches into another's
        strips, columns = -(-whole.m // whole.rows), -(-(whole.n - least + 1) // tiles.wide)
        down, along = _grid(strips, columns, pieces, _PANEL_COST[kind])
        low = strips * whole.rows - whole.m  # so many strips, the last ones, have one row less
        starts = [i * whole.rows - max(0, i - (strips - low)) for i in range(strips + 1)]
        rows = [(starts[a], starts[b]) for a, b in _cuts(strips, down)]
        across = [(a * tiles.wide, whole.n if b == columns else b * tiles.wide) for a, b in _cuts(columns, along)]
        table = [_of_tiles(whole, kind, r, c) for r in rows for c in across]
    size = _panel_size(tiles, whole.k)
    return np.array([piece._replace(panel_at=i * size) for i, piece in enumerate(table)], np.int64)


def _cuts(count: int, pieces: int) -> list[tuple[int, int]]:
    """The range of `count` things in equal parts."""
    pieces = min(count, pieces)
    ends = [count * i // pieces for i in range(pieces + 1)]
    return list(pairwise(ends))


def _grid(strips: int, columns: int, pieces: int, panel: float) -> tuple[int, int]:
    """How often to cut rows and columns of tiles, so that the greatest piece is the least."""
    grids = [(down, pieces // down) for down in range(1, pieces + 1)]
    return min(grids, key=lambda grid: -(-columns // grid[1]) * (-(-strips // grid[0]) + panel))


def _of_batches(whole: Sizes, first: int, last: int) -> Sizes:
    return whole._replace(x_at=first * whole.xb, w_at=first * whole.wb, out_at=first * whole.ob, batch=last - first)


def _of_tiles(whole: Sizes, kind: str, rows: tuple[int, int], columns: tuple[int, int]) -> Sizes:
    (top, bottom), (left, right) = rows, columns
    step = whole.wl if kind in (TRANSPOSED, DOTS) else 1
    return whole._replace(
        x_at=top * whole.xm,
        w_at=left * step,
        out_at=top * whole.om + left,
        column=left,
        m=bottom - top,
        n=right - left,
    )


PREPARE = {"matmul": prepare_matmul, "linear": prepare_linear}
PREPARE_COMPILED = {name: partial(prepare, constant=True) for name, prepare in PREPARE.items()}
