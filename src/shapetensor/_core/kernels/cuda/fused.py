"""Row kernels: those of formulas/fused.py, a block of threads for each row.

Each thread takes every so many places of the row; what is one number a row is found by halves in shared memory. Rows of
few elements have blocks of one warp.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from ...dtypes import F32, F64, I64, AnyDType
from ...op import Call
from ...spec import contiguous_strides
from ..formulas.fused import ROWS, bad_label
from ..generate.expression import rename, typed
from ..generate.rows import COMBINE, LABEL, NUMBER, Pass, Rows, Writer
from ..launch import Launch, Place, storage
from . import compat
from .compat import array, int32, int64
from .kernel import LONG, WARP, WIDE, Kernel, once
from .operands import Builder, contiguous, gather, i32
from .source import halved, load


def text(name: str, rows: Rows, dtype: AnyDType, threads: int) -> str:
    """Kernel `name(*inputs, n, *written)`; where there are labels also a cell for bad ones, before what is written."""
    writer = Writer(rows, "int32")
    lines = [*writer.loads()]
    for label in rows.labels:
        lines += [
            f"{label}_ = {label}[row]",
            f"if {label}_ < 0 or {label}_ >= n:",
            "    if t == 0 and cuda.atomic.cas(bad, 0, int64(-1), int64(row)) == -1:",
            f"        bad[1] = {label}_",
            "    return",
        ]
    lines += [line for found in writer.passes() for line in _shared(found, dtype, threads)]
    if rows.finish:
        finish = typed(rename(rows.finish, {n: f"{n}[row]" for n in rows.outputs}), dtype)
        lines += ["if t == 0:", f"    {finish}"]
    bad = ["bad"] if rows.labels else []
    body = "".join(f"    {line}\n" for line in lines)
    return f"""\
def {name}({", ".join([*rows.inputs, "n", *bad, *rows.written])}):
    part = cuda.shared.array({threads}, kind)
    t = int32(cuda.threadIdx.x)
    row = int32(cuda.blockIdx.x)
    o = int32(row * n)
    zero = kind(0)
    lowest = kind(-np.inf)
    share = kind(1) / kind(n)
{body}"""


def _shared(found: Pass, dtype: AnyDType, threads: int) -> Iterator[str]:
    """The lines of a loop that the threads of a block share."""
    yield from (typed(line, dtype) for line in found.start)
    if found.loop:
        yield f"for j in range(t, n, {threads}):"
        yield from (f"    {typed(line, dtype)}" for line in found.loop)
    for name, kind in found.reductions.items():
        yield from halved(name, f"{COMBINE[kind]}(a, b)", threads)
    picks = any("[o + " in line for line in found.after)
    if picks:
        yield "cuda.syncthreads()"
    for line in found.after:
        is_stored = "[" in line.partition(" = ")[0]
        yield ("if t == 0: " if is_stored else "") + typed(line, dtype)
    if picks:
        yield "cuda.syncthreads()"


@once
def kernel(name: str, dtype: AnyDType, threads: int) -> Kernel:
    """The kernel of a function of rows for blocks of so many threads."""
    rows, kind = ROWS[name], compat.TYPES[dtype.storage]
    given = [array(int64) if k == LABEL else kind if k == NUMBER else array(kind) for k in rows.inputs.values()]
    bad = [array(int64)] if rows.labels else []
    full = f"{name}_{threads}_{dtype.storage}"
    function = load(full, text(full, rows, dtype, threads), dtype)
    return Kernel(full, function, *given, int32, *bad, *[array(kind)] * len(rows.written), threads=threads)


def kernels() -> Iterator[Kernel]:
    """One for each function, dtype and size of blocks."""
    for name in PREPARE:
        for dtype in (F32, F64):
            yield from (kernel(name, dtype, threads) for threads in (WARP, WIDE))


def _kernel(name: str, dtype: AnyDType, n: int) -> Kernel:
    return kernel(name, dtype, WIDE if n > LONG else WARP)


def _along_axis(call: Call) -> Launch:
    """Rows along one axis; one that is not the last is moved there and back."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    if out.size == 0:
        return b.done()
    n = out.shape[axis]
    run = _kernel(call.op.name, out.dtype, n)
    if axis == out.rank - 1:
        xs = [contiguous(b, i, out.dtype) for i in range(len(call.ins))]
        b.blocks(run, out.size // n, *xs, i32(n), b.outs[0])
        return b.done()
    order = (*(i for i in range(out.rank) if i != axis), axis)
    moved = tuple(out.shape[i] for i in order)
    xs = [contiguous(b, i, out.dtype, moved, tuple(s.strides[j] for j in order)) for i, s in enumerate(call.ins)]
    result = b.scratch(out.size, out.dtype)
    b.blocks(run, out.size // n, *xs, i32(n), result)
    steps = contiguous_strides(moved)
    back = tuple(steps[order.index(i)] for i in range(out.rank))
    gather(b, result, 0, out.shape, back, out.dtype, b.outs[0])
    return b.done()


def prepare_cross_entropy(call: Call) -> Launch:
    """Loss and probabilities of each row."""
    b = Builder(call)
    loss, p = call.outs
    if loss.size:
        n = p.shape[-1]
        x, labels = contiguous(b, 0, p.dtype), contiguous(b, 1, I64)
        picked = b.scratch(loss.size, p.dtype)
        _labelled(b, "cross_entropy", p.dtype, loss.size, n, [x, labels], [*b.outs, picked])
    return b.done()


def prepare_cross_entropy_backward(call: Call) -> Launch:
    """weight * (p - onehot) of each row."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        n = out.shape[-1]
        operands = [contiguous(b, 0), contiguous(b, 1), contiguous(b, 2, I64)]
        _labelled(b, "cross_entropy_backward", out.dtype, out.size // n, n, operands, b.outs)
    return b.done()


def _labelled(
    b: Builder, name: str, dtype: AnyDType, rows: int, n: int, operands: list[Place], outs: list[Place]
) -> None:
    """A kernel that is told of bad labels."""
    cell = b.watch(bad_label(n))
    b.blocks(_kernel(name, dtype, n), rows, *operands, i32(n), cell.buffer, *outs)
    b.step(cell.expect)


def _last_axes(call: Call) -> Launch:
    """Rows of the last axes together."""
    b = Builder(call)
    out = call.outs[0]
    named = call.named_attrs()
    n = math.prod(out.shape[out.rank - named.get("count", call.ins[-1].rank) :])
    if out.size:
        xs = [contiguous(b, i, out.dtype) for i in range(len(call.ins))]
        eps = storage(out.dtype).type(named["eps"])
        b.blocks(_kernel(call.op.name, out.dtype, n), out.size // n, *xs, eps, i32(n), b.outs[0])
    return b.done()


PREPARE: dict[str, Callable[[Call], Launch]] = {
    "cross_entropy": prepare_cross_entropy,
    "cross_entropy_backward": prepare_cross_entropy_backward,
}
PREPARE |= dict.fromkeys(("softmax", "log_softmax", "softmax_backward", "log_softmax_backward"), _along_axis)
PREPARE |= dict.fromkeys(("standardize", "standardize_backward", "layer_norm"), _last_axes)
