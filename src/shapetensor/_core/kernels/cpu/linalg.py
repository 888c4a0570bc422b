"""Matrix multiplication: operands as they lie, the kernel that suits them, and pieces for threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...dtypes import AnyDType, Float
from ...op import Call
from ...spec import Ints, Spec, contiguous_strides
from .. import cache, threads, tile, vector
from ..formulas.elementwise import EXPRESSIONS, expression
from ..generate import product
from ..generate.expression import Expression, functions, rename
from ..generate.product import COLUMN, COPIED, DIRECT, DOTS, ELEMENT, NUMBER, ONE, TRANSPOSED, Sizes, Then, Tiles
from ..launch import Builder, Follower, Launch, Place, broadcast_strides, merge, storage
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
_EVEN = 4  # products for each thread, from which on it does not matter that one more makes a piece longer
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


def prepare_matmul(call: Call) -> Launch:
    """Operands as they lie, copied only where no kernel can walk them."""
    return _prepare(_matmul, call, ())


def prepare_linear(call: Call) -> Launch:
    """The product with the rows of weight, to which the kernel adds the bias."""
    return _prepare(_linear, call, ())


def prepare_compiled(start: Start, call: Call, followers: Sequence[Follower]) -> Launch:
    """A kernel for these sizes, or these rows of tiles, that does what follows, too."""
    return _prepare(start, call, followers, compiled=True)


def _prepare(start: Start, call: Call, followers: Sequence[Follower], *, compiled: bool = False) -> Launch:
    others = [spec for f in followers for spec in f.others(f.call.ins)]
    b = Builder(Call(call.op, call.attrs, (*call.ins, *others), call.outs, call.device, None))
    if call.outs[0].size:
        x, w, shape, added = start(b)
        _multiply(b, x, w, shape, [*added, *_following(b, len(call.ins), followers)], compiled=compiled)
    return b.done()


def _matmul(b: Builder) -> Product:
    out = b.call.outs[0]
    m, n = out.shape[-2:]
    x, w = (_matrix(b, i, out.dtype) for i in (0, 1))
    return x, w, Shape(out.size // (m * n), m, b.call.ins[0].shape[-1], n), []


def _linear(b: Builder) -> Product:
    out = b.call.outs[0]
    n, k = b.call.ins[1].shape
    bias = contiguous(b, 2, out.dtype)
    added = Stage(Expression(("product", "bias"), (), "product + bias"), {"bias": (bias, COLUMN)})
    x, w = (_of_rows(b, i, out.dtype) for i in (0, 1))
    return x, w.mT, Shape(1, out.size // n, k, n), [added]


class Stage(NamedTuple):
    """What becomes of each element of a product: the operands by name, where they are and what they have one of."""

    expression: Expression
    operands: dict[str, tuple[Place, str]]


Product = tuple[Matrix, Matrix, Shape, list[Stage]]
Start = Callable[[Builder], Product]


def can_follow(call: Call, follower: Follower) -> bool:
    """Whether the kernel of a product does this, too: an expression of its elements and of operands that it can walk.

    All are floats of one dtype.
    """
    out, then = call.outs[0], follower.call
    if then.op.name not in EXPRESSIONS or (then.outs[0].shape, then.outs[0].dtype) != (out.shape, out.dtype):
        return False
    others = follower.others(then.ins)
    alike = all(s.dtype.weak or (s.dtype is out.dtype and _stepped(s, out) is not None) for s in others)
    called = functions(expression(then.op.name, then.op.inputs, out.dtype)[1].texts)
    return alike and issubclass(out.dtype, Float) and not any(map(vector.has_fallback, called))


def _stepped(spec: Spec, out: Spec) -> str | None:
    """What an operand has one of; None where it lies in another way."""
    if spec.contiguous and spec.shape == out.shape:
        return ELEMENT
    *others, last = broadcast_strides(spec, out.shape)
    if any(others):
        return None
    return {0: ONE, 1: COLUMN}.get(last)


def _following(b: Builder, index: int, followers: Sequence[Follower]) -> Iterator[Stage]:
    """The steps of elementwise calls, whose operands begin with input `index`."""
    out = b.call.outs[0]
    for number, (call, places) in enumerate(followers):
        _, code = expression(call.op.name, call.op.inputs, out.dtype)
        operands, table = {}, {}
        for place, name in enumerate(call.op.inputs):
            if place in places:
                table[name] = "product"
                continue
            table[name] = f"{name}{number}"
            spec = b.call.ins[index]
            kind = NUMBER if spec.dtype.weak else _stepped(spec, out)
            assert kind is not None  # it can follow
            operands[table[name]] = b.scalar(index, out.dtype) if kind == NUMBER else b.ins[index], kind
            index += 1
        yield Stage(Expression(("product", *operands), (), rename(code.result, table)), operands)


def _multiply(b: Builder, x: Matrix, w: Matrix, shape: Shape, steps: Sequence[Stage], *, compiled: bool) -> None:
    """The launches of a product with what becomes of its elements."""
    then = [Then(s.expression, {n: _in_line(kind, shape) for n, (_, kind) in s.operands.items()}) for s in steps]
    others = [place for s in steps for place, _ in s.operands.values()]
    x, w, shape = _simplified(x, w, shape)
    out, dtype = b.call.outs[0], b.call.outs[0].dtype
    if w.column != 1 and shape.n > 1 and (w.row != 1 or _lanes(dtype) > _SQUARE):
        w = _in_c_order(b, w, shape.batch, shape.k, shape.n, dtype)
    kind = _kind(w, shape, dtype)
    if kind == DOTS and x.column != 1:
        x = _in_c_order(b, x, shape.batch, shape.m, shape.k, dtype)
    elif _transposes_pay(x, shape, dtype):
        x = _untransposed(b, x, shape, dtype)
    tiles = _tiles(kind, shape.n, dtype)
    sizes = _sizes(x, w, shape, kind, tiles.most)
    behind = out.size * sum(s.expression.weight() for s in steps)
    divided = shape.multiplications // _MULTIPLICATIONS_IN_AN_ADDITION + behind >= threads.WORTHWHILE
    fixed = sizes if compiled and not divided and shape.multiplications <= _SMALL else None
    rows = [r for r in (sizes.rows - 1, sizes.rows) if r] if compiled else []
    kernel = _kernel(kind, tiles, dtype, then, rows, fixed)
    table = [] if fixed else [np.array(sizes, np.int64)]
    panels = []
    if kind in (COPIED, TRANSPOSED):  # one for each thread
        pieces = min(threads.most(), shape.batch * -(-shape.m // sizes.rows) * -(-shape.n // tiles.wide))
        panels = [b.scratch((pieces if divided else 1) * _panel_size(tiles, shape.k), dtype)]
    if divided:
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


def _in_c_order(b: Builder, x: Matrix, batch: int, rows: int, columns: int, dtype: AnyDType) -> Matrix:
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


def _kernel(
    kind: str, tiles: Tiles, dtype: AnyDType, then: Sequence[Then], rows: Sequence[int], sizes: Sizes | None
) -> Callable[..., None]:
    """A kernel of the table, or one for tiles of these `rows`, or for these sizes only."""
    shape = f"{sizes.m}x{sizes.k}x{sizes.n}" if sizes else f"rows_{rows[-1]}" if rows else "table"
    name = f"product_{kind}_{tiles}_{'then_' if then else ''}{shape}"
    text = product.text(name, kind, tiles, dtype, then, rows, sizes)
    found: Callable[..., None] = getattr(cache.load(name, text), name)
    return found


def _panel_size(tiles: Tiles, k: int) -> int:
    return -(-min(k, product.DEPTH) // tiles.lanes) * tiles.lanes * tiles.wide


def _divided(whole: Sizes, tiles: Tiles, kind: str, pieces: int) -> NDArray[np.int64]:
    """Sizes of so many pieces, or fewer, one a line: parts of the batch, or else whole tiles."""
    if whole.batch % pieces == 0 or whole.batch >= _EVEN * pieces:
        cuts = _cuts(whole.batch, pieces)
        table = [_of_batches(whole, *cut) for cut in cuts]
    else:
        strips, edges = -(-whole.m // whole.rows), _edges(whole.n, tiles, kind)
        down, along = _grid(strips, len(edges) - 1, pieces, _PANEL_COST[kind])
        low = strips * whole.rows - whole.m  # so many strips, the last ones, have one row less
        starts = [i * whole.rows - max(0, i - (strips - low)) for i in range(strips + 1)]
        rows = [(starts[a], starts[b]) for a, b in _cuts(strips, down)]
        across = [(edges[a], edges[b]) for a, b in _cuts(len(edges) - 1, along)]
        table = [_of_tiles(whole, kind, r, c) for r in rows for c in across]
    size = _panel_size(tiles, whole.k)
    return np.array([piece._replace(panel_at=i * size) for i, piece in enumerate(table)], np.int64)


def _edges(n: int, tiles: Tiles, kind: str) -> list[int]:
    """Columns where pieces may begin or end. None is narrower than a tile of inner products, which would not fit."""
    if kind == DOTS:
        return [*range(0, n - tiles.across + 1, tiles.across), n]
    return [*range(0, n, tiles.wide), n]


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
PREPARE_COMPILED = {"matmul": partial(prepare_compiled, _matmul), "linear": partial(prepare_compiled, _linear)}
