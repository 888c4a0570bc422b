"""Reductions: those of formulas/reduce.py, over the middle axis of (outer, n, inner) in C order.

  rows       inner is 1: a block of threads for each result
  columns    a thread for each result, neighbours beside each other in memory

Long axes are cut: each piece gives a partial result, and these are reduced in turn. So results depend on shapes alone,
and rounding errors of sums stay small without compensation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...dtypes import F32, F64, I32, I64, U8, AnyDType, Bool
from ...op import Call
from ...spec import Ints
from ..formulas.reduce import LOGSUMEXP, MAX, MEAN, REDUCTIONS, VARIANCE, inverse
from ..generate.expression import rename
from ..generate.reduction import Reduction
from ..launch import Launch, Place, storage
from . import compat
from .compat import array, cuda, int32, int64, uint32
from .kernel import LONG, WARP, WIDE, Kernel, once
from .operands import Builder, contiguous, fill, i32, of
from .source import halved, load

_PIECE = {True: 1 << 14, False: 1 << 8}  # elements of the axis that become one partial result: of rows, of columns
_ANY = (F32, F64, I32, I64, U8, Bool)
_FLOATS = (F32, F64)
_FORMS = (WARP, WIDE, 0)  # rows with so many threads each, and columns


class Kind(NamedTuple):
    """What a kernel does, for which dtypes, and in which forms."""

    reduction: Reduction
    dtypes: tuple[AnyDType, ...]
    forms: tuple[int, ...] = _FORMS


_KINDS = {
    **{name: Kind(REDUCTIONS[name], (F32, F64, I64)) for name in ("sum", "prod")},
    **{name: Kind(REDUCTIONS[name], _ANY) for name in ("max", "min")},
    **{name: Kind(REDUCTIONS[name], (Bool,)) for name in ("any", "all")},
    "mean": Kind(MEAN, _FLOATS),
    "variance": Kind(VARIANCE, _FLOATS),
    "squares": Kind(VARIANCE.partial(), _FLOATS, (WIDE, 0)),  # of pieces, which are long
    "logsumexp": Kind(LOGSUMEXP, _FLOATS),
    "exponentials": Kind(LOGSUMEXP.partial(), _FLOATS, (WIDE, 0)),
    "logarithm": Kind(LOGSUMEXP.rest(), _FLOATS, (WARP, 0)),  # of partial results, which are few
}
_NAMES = {kind.reduction: name for name, kind in _KINDS.items()}


def _parameters(r: Reduction) -> tuple[str, str]:
    """`y, ` and `scale, ` where the reduction has them."""
    given = r.operands()
    return ("y, " if "y" in given else ""), ("scale, " if "scale" in given else "")


def rows(name: str, r: Reduction, dtype: AnyDType, threads: int) -> str:
    """Kernel `name(x, [y], n, piece, pieces, [scale], out)`; block b is piece b % pieces of row b // pieces."""
    r = r.typed(dtype)
    y, scale = _parameters(r)
    value = rename(r.value, {"y": "y_"})
    start = f"kind({r.empty})" if r.empty is not None else rename(value, {"v": "kind(x[o])"})
    halves = "".join(f"    {line}\n" for line in halved("a_", r.combine, threads))
    return f"""\
def {name}(x, {y}n, piece, pieces, {scale}out):
    part = cuda.shared.array({threads}, kind)
    t = int32(cuda.threadIdx.x)
    block = int32(cuda.blockIdx.x)
    p = int32(uint32(block) // uint32(pieces))
    first = int32((block - p * pieces) * piece)
    last = min(n, int32(first + piece))
    o = int32(p * n + first)
    {"y_ = y[p]" if y else ""}
    a_ = {start}
    for j in range(int32(o + t), int32(o + (last - first)), {threads}):
        v_ = kind(x[j])
        a_ = {rename(r.combine, {"a": "a_", "b": f"({rename(value, {'v': 'v_'})})"})}
{halves}    if t == 0:
        out[block] = {rename(r.finish, {"a": "a_", "y": "y_"})}
"""


def columns(name: str, r: Reduction, dtype: AnyDType) -> str:
    """Kernel `name(x, [y], n, inner, piece, pieces, [scale], out)`; out is of (outer, pieces, inner)."""
    r = r.typed(dtype)
    y, scale = _parameters(r)
    value = rename(r.value, {"y": "y_"})
    start = f"kind({r.empty})" if r.empty is not None else rename(value, {"v": "kind(x[o])"})
    return f"""\
def {name}(x, {y}n, inner, piece, pieces, {scale}out):
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        line = int32(uint32(i) // uint32(inner))
        j = int32(i - line * inner)
        p = int32(uint32(line) // uint32(pieces))
        first = int32((line - p * pieces) * piece)
        o = int32((p * n + first) * inner + j)
        {"y_ = y[int32(p * inner + j)]" if y else ""}
        a_ = {start}
        for k in range(min(piece, int32(n - first))):
            v_ = kind(x[int32(o + k * inner)])
            a_ = {rename(r.combine, {"a": "a_", "b": f"({rename(value, {'v': 'v_'})})"})}
        out[i] = {rename(r.finish, {"a": "a_", "y": "y_"})}
"""


@once
def kernel(r: Reduction, dtype: AnyDType, threads: int) -> Kernel:
    """The kernel for rows with so many threads each, or, with 0, for columns."""
    kind = compat.TYPES[dtype.storage]
    given = r.operands()
    ys, scales = [array(kind)] * ("y" in given), [kind] * ("scale" in given)
    name = f"{_NAMES[r]}_{f'rows_{threads}' if threads else 'columns'}_{dtype.storage}"
    text = rows(name, r, dtype, threads) if threads else columns(name, r, dtype)
    sizes = [int32] * (3 if threads else 4)
    function = load(name, text, dtype)
    return Kernel(name, function, array(kind), *ys, *sizes, *scales, array(kind), threads=threads or None)


def kernels() -> Iterator[Kernel]:
    """One for each reduction, dtype and form."""
    for r, dtypes, forms in _KINDS.values():
        for dtype in dtypes:
            yield from (kernel(r, dtype, threads) for threads in forms)


def _reduce(
    b: Builder, r: Reduction, x: Place, sizes: tuple[int, int, int], dtype: AnyDType, out: Place, *more: Any
) -> None:
    """Reduce x, of (outer, n, inner), to out; `more` is y and the scale, as far as the reduction has them."""
    outer, n, inner = sizes
    piece = _PIECE[inner == 1]
    pieces = -(-n // piece)
    if pieces <= 1:
        return _launch(b, r, x, sizes, n or 1, dtype, out, more)
    partial, rest = r.partial(), r.rest()
    part = b.scratch(outer * pieces * inner, dtype)
    named = dict(zip(r.operands(), more, strict=True))
    given = [named[name] for name in partial.operands()]
    _launch(b, partial, x, sizes, piece, dtype, part, given)
    return _reduce(b, rest, part, (outer, pieces, inner), dtype, out, *(named[name] for name in rest.operands()))


def _launch(
    b: Builder, r: Reduction, x: Place, sizes: tuple[int, int, int], piece: int, dtype: AnyDType, out: Place, more: Any
) -> None:
    outer, n, inner = sizes
    pieces = max(1, -(-n // piece))
    y = more[:1] if "y" in r.operands() else ()
    scale = more[len(y) :]
    if inner == 1:
        forms = _KINDS[_NAMES[r]].forms
        run = kernel(r, dtype, WIDE if WARP not in forms or (n > LONG and WIDE in forms) else WARP)
        b.blocks(run, outer * pieces, x, *y, i32(n), i32(piece), i32(pieces), *scale, out)
    else:
        numbers = i32(n), i32(inner), i32(piece), i32(pieces)
        b.over(kernel(r, dtype, 0), outer * pieces * inner, x, *y, *numbers, *scale, out)


def _operand(b: Builder, axes: Ints, dtype: AnyDType) -> tuple[Place, tuple[int, int, int]]:
    """Operand 0 with the reduced axes together, and (outer, n, inner); moved behind the others if they are apart."""
    spec = b.call.ins[0]
    runs = [i in axes for i in range(spec.rank) if spec.shape[i] != 1]
    if sum(gone and not before for before, gone in zip([False, *runs], runs, strict=False)) > 1:
        order = (*(i for i in range(spec.rank) if i not in axes), *axes)
        shape, strides = tuple(spec.shape[i] for i in order), tuple(spec.strides[i] for i in order)
        n = math.prod(spec.shape[i] for i in axes)
        return contiguous(b, 0, dtype, shape, strides), (spec.size // n, n, 1)
    gone = [i for i in axes if spec.shape[i] != 1]
    first, last = (gone[0], gone[-1] + 1) if gone else (spec.rank, spec.rank)
    parts = spec.shape[:first], spec.shape[first:last], spec.shape[last:]
    outer, n, inner = (math.prod(part) for part in parts)
    return contiguous(b, 0, dtype), (outer, n, inner)


def prepare(call: Call) -> Launch:
    """Reduce to one result for each place of the axes that stay."""
    b = Builder(call)
    out, name = call.outs[0], call.op.name
    if not out.size:
        return b.done()
    if not call.ins[0].size:
        fill(b, b.device.constant(REDUCTIONS[name].empty, out.dtype), out.size, out.dtype, b.outs[0])
        return b.done()
    x, sizes = _operand(b, call.attrs[0], out.dtype)
    _reduce(b, REDUCTIONS[name], x, sizes, out.dtype, b.outs[0])
    return b.done()


def prepare_var(call: Call) -> Launch:
    """The mean, and then the mean square distance from it."""
    b = Builder(call)
    out, named = call.outs[0], call.named_attrs()
    if out.size:
        x, sizes = _operand(b, named["axes"], out.dtype)
        mean = b.scratch(out.size, out.dtype)
        number = storage(out.dtype).type
        n = math.prod(call.ins[0].shape[i] for i in named["axes"])
        _reduce(b, MEAN, x, sizes, out.dtype, mean, number(inverse(n)))
        _reduce(b, VARIANCE, x, sizes, out.dtype, b.outs[0], mean, number(inverse(max(n - named["correction"], 0))))
    return b.done()


def prepare_logsumexp(call: Call) -> Launch:
    """The largest element, and the logarithm of the sum of what is left."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        x, sizes = _operand(b, call.attrs[0], out.dtype)
        top = b.scratch(out.size, out.dtype)
        _reduce(b, MAX, x, sizes, out.dtype, top)
        _reduce(b, LOGSUMEXP, x, sizes, out.dtype, b.outs[0], top)
    return b.done()


def _extreme(largest: bool) -> Callable[..., None]:
    """Kernel `(x, n, inner, out)`: where the first of the extreme elements is, a thread for each result."""

    def place(x: Any, n: Any, inner: Any, out: Any) -> None:
        for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
            p = int32(uint32(i) // uint32(inner))
            o = int32(p * n * inner + int32(i - p * inner))
            best, found = x[o], int32(0)
            for k in range(n):
                v = x[int32(o + k * inner)]
                better = v > best if largest else v < best
                if better or (v != v and best == best):  # the first NaN wins, as in NumPy
                    best, found = v, k
            out[i] = found

    return place


def _cumulative_sum(x: Any, n: Any, inner: Any, out: Any) -> None:
    """One thread for a whole sum, in groups of 64, and what was lost between them (Kahan 1965) while that is finite."""
    for i in range(int32(cuda.grid(1)), int32(uint32(out.size) // uint32(n)), int32(cuda.gridsize(1))):
        p = int32(uint32(i) // uint32(inner))
        o = int32(p * n * inner + int32(i - p * inner))
        before = lost = total = out.dtype.type(0)
        for k in range(n):
            at = int32(o + k * inner)
            total += x[at]
            out[at] = before + total
            if k & 63 == 63:
                total -= lost
                after = before + total
                lost = (after - before) - total
                lost = lost if lost - lost == 0 else out.dtype.type(0)
                before = after
                total = out.dtype.type(0)


def _along(
    name: str, function: Callable[..., None], dtypes: tuple[AnyDType, ...], out: Any = None
) -> dict[str, Kernel]:
    kinds = {d.storage: compat.TYPES[d.storage] for d in dtypes}
    return {k: Kernel(f"{name}_{k}", function, array(t), int32, int32, array(out or t)) for k, t in kinds.items()}


ARGMAX = _along("argmax", _extreme(True), _ANY, int64)
ARGMIN = _along("argmin", _extreme(False), _ANY, int64)
CUMULATIVE_SUM = _along("cumulative_sum", _cumulative_sum, (F32, F64, I64))
KERNELS = [*ARGMAX.values(), *ARGMIN.values(), *CUMULATIVE_SUM.values()]


def _prepare_place(kernels: dict[str, Kernel]) -> Callable[[Call], Launch]:
    """Where the extremum is."""

    def prepare(call: Call) -> Launch:
        b = Builder(call)
        out, dtype = call.outs[0], call.ins[0].dtype
        if out.size:
            x, (_, n, inner) = _operand(b, call.attrs[0], dtype)
            b.over(of(kernels, call.op.name, dtype), out.size, x, i32(n), i32(inner), b.outs[0])
        return b.done()

    return prepare


def prepare_cumulative_sum(call: Call) -> Launch:
    """Sums along one axis, in order."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    if out.size:
        n, inner = out.shape[axis], math.prod(out.shape[axis + 1 :])
        kernel = of(CUMULATIVE_SUM, call.op.name, out.dtype)
        b.over(kernel, out.size // n, contiguous(b, 0, out.dtype), i32(n), i32(inner), b.outs[0])
    return b.done()


PREPARE: dict[str, Callable[[Call], Launch]] = dict.fromkeys(REDUCTIONS, prepare) | {
    "argmax": _prepare_place(ARGMAX),
    "argmin": _prepare_place(ARGMIN),
    "var": prepare_var,
    "logsumexp": prepare_logsumexp,
    "cumulative_sum": prepare_cumulative_sum,
}
