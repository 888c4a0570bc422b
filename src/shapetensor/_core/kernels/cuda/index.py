"""Gathering and scattering: a thread for each element; a bad index is left in a cell, from which the error is raised
when somebody waits for results.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...dtypes import F32, F64, I32, I64, U8, Bool
from ...op import Call
from ...spec import Ints
from ..formulas.index import out_of_range
from ..launch import Launch, Place
from . import compat
from .compat import array, cuda, device_function, int32, int64, uint32
from .kernel import Kernel
from .operands import Builder, cast, contiguous, fill, i32, of


@device_function
def report(bad: Any, position: Any, index: Any) -> None:
    """Leave the first bad index that is met."""
    if cuda.atomic.cas(bad, 0, int64(-1), int64(position)) == -1:
        bad[1] = index


@device_function
def found(i: Any, n: Any, bad: Any, position: Any) -> Any:
    """An index counted from the front; -1 for one that is out of range, which is reported."""
    if i < -n or i >= n:
        report(bad, position, i)
        return int32(-1)
    return int32(i + n if i < 0 else i)


@device_function
def divided(a: Any, b: Any) -> Any:
    """Quotient and remainder of numbers that are not negative."""
    whole = int32(uint32(a) // uint32(b))
    return whole, int32(a - whole * b)


def _take(x: Any, indices: Any, n: Any, inner: Any, bad: Any, out: Any) -> None:
    for r in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        line, j = divided(r, inner)
        p, q = divided(line, int32(indices.size))
        i = found(indices[q], n, bad, q)
        if i >= 0:
            out[r] = x[int32((p * n + i) * inner + j)]


def _scatter_add(x: Any, indices: Any, n: Any, inner: Any, bad: Any, out: Any) -> None:
    for r in range(int32(cuda.grid(1)), int32(x.size), int32(cuda.gridsize(1))):
        line, j = divided(r, inner)
        p, q = divided(line, int32(indices.size))
        i = found(indices[q], n, bad, q)
        if i >= 0:
            cuda.atomic.add(out, int32((p * n + i) * inner + j), x[r])


def _take_along(x: Any, indices: Any, n: Any, inner: Any, count: Any, bad: Any, out: Any) -> None:
    for r in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        line, j = divided(r, inner)
        p, _ = divided(line, count)
        i = found(indices[r], n, bad, r)
        if i >= 0:
            out[r] = x[int32((p * n + i) * inner + j)]


def _scatter_add_along(x: Any, indices: Any, n: Any, inner: Any, count: Any, bad: Any, out: Any) -> None:
    for r in range(int32(cuda.grid(1)), int32(x.size), int32(cuda.gridsize(1))):
        line, j = divided(r, inner)
        p, _ = divided(line, count)
        i = found(indices[r], n, bad, r)
        if i >= 0:
            cuda.atomic.add(out, int32((p * n + i) * inner + j), x[r])


def _check(indices: Any, n: Any, bad: Any) -> None:
    for q in range(int32(cuda.grid(1)), int32(indices.size), int32(cuda.gridsize(1))):
        found(indices[q], n, bad, q)


def _winners(indices: Any, n: Any, bad: Any, winner: Any) -> None:
    """For each row the last update that replaces it; -1 stays where none does."""
    for q in range(int32(cuda.grid(1)), int32(indices.size), int32(cuda.gridsize(1))):
        i = found(indices[q], n, bad, q)
        if i >= 0:
            cuda.atomic.max(winner, i, int32(q))


def _replace(x: Any, winner: Any, updates: Any, inner: Any, out: Any) -> None:
    for r in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        i, j = divided(r, inner)
        q = winner[i]
        out[r] = updates[int32(q * inner + j)] if q >= 0 else x[r]


ADDED = {F32.storage: F32, F64.storage: F64, I32.storage: I32, I64.storage: I64, U8.storage: I32, Bool.storage: I32}


def _kernels(name: str, function: Callable[..., None], numbers: int, kinds: dict[str, Any]) -> dict[str, Kernel]:
    cell = array(int64)
    return {
        k: Kernel(f"{name}_{k}", function, array(t), cell, *[int32] * numbers, cell, array(t)) for k, t in kinds.items()
    }


_ALL = {d.storage: compat.TYPES[d.storage] for d in (F32, F64, I32, I64, U8, Bool)}
_SUMS = {d.storage: compat.TYPES[d.storage] for d in (F32, F64, I32, I64)}  # devices add to words of 32 and 64 bits
TAKE = _kernels("take", _take, 2, _ALL)
TAKE_ALONG = _kernels("take_along_axis", _take_along, 3, _ALL)
SCATTER_ADD = _kernels("scatter_add", _scatter_add, 2, _SUMS)
SCATTER_ADD_ALONG = _kernels("scatter_add_along_axis", _scatter_add_along, 3, _SUMS)
CHECK = Kernel("check_indices", _check, array(int64), int32, array(int64))
WINNERS = Kernel("scatter_set_winners", _winners, array(int64), int32, array(int64), array(int32))
REPLACE = {
    k: Kernel(f"scatter_set_{k}", _replace, array(t), array(int32), array(t), int32, array(t)) for k, t in _ALL.items()
}
KERNELS = [
    *TAKE.values(),
    *TAKE_ALONG.values(),
    *SCATTER_ADD.values(),
    *SCATTER_ADD_ALONG.values(),
    CHECK,
    WINNERS,
    *REPLACE.values(),
]


def _run(b: Builder, kernel: Kernel, size: int, x: Place, n: int, sizes: list[Any], out: Place) -> None:
    """The kernel, with a thread for each of `size` elements; where there are none, the indices are looked at alone."""
    indices = contiguous(b, 1, I64)
    cell = b.watch(out_of_range(b.call.op.name, b.call.named_attrs().get("axis", 0), n))
    if size:
        b.over(kernel, size, x, indices, i32(n), *sizes, cell.buffer, out)
    else:
        b.over(CHECK, b.call.ins[1].size, indices, i32(n), cell.buffer)
    b.step(cell.expect)


def _sizes(call: Call, whole: Ints, *, along: bool) -> list[Any]:
    """How many elements are behind the axis, and, where indices stand beside the others, along it."""
    axis = call.attrs[0]
    sizes = [i32(math.prod(whole[axis + 1 :]))]
    return [*sizes, i32(call.ins[1].shape[axis])] if along else sizes


def _prepare_take(kernels: dict[str, Kernel], *, along: bool) -> Callable[[Call], Launch]:
    def prepare(call: Call) -> Launch:
        b = Builder(call)
        out, spec = call.outs[0], call.ins[0]
        if call.ins[1].size:
            n, sizes = spec.shape[call.attrs[0]], _sizes(call, spec.shape, along=along)
            _run(b, of(kernels, call.op.name, out.dtype), out.size, contiguous(b, 0), n, sizes, b.outs[0])
        return b.done()

    return prepare


def _prepare_scatter(kernels: dict[str, Kernel], *, along: bool) -> Callable[[Call], Launch]:
    def prepare(call: Call) -> Launch:
        b = Builder(call)
        out = call.outs[0]
        sums = ADDED.get(out.dtype.storage, out.dtype)
        total = b.outs[0] if sums is out.dtype else b.scratch(out.size, sums)
        if out.size:
            fill(b, b.device.constant(0, sums), out.size, sums, total)
        if call.ins[1].size:
            n, sizes = out.shape[call.attrs[0]], _sizes(call, out.shape, along=along)
            kernel = of(kernels, call.op.name, sums)
            _run(b, kernel, call.ins[0].size, contiguous(b, 0, sums), n, sizes, total)
        if out.size and sums is not out.dtype:
            cast(b, total, sums, out.dtype, out.size, b.outs[0])
        return b.done()

    return prepare


def prepare_scatter_set(call: Call) -> Launch:
    """A copy with rows replaced; the last update of each row is found first, so that nothing depends on threads."""
    b = Builder(call)
    out, spec = call.outs[0], call.ins[1]
    n = out.shape[0]
    winner = b.scratch(n, I32)
    if n:
        fill(b, b.device.constant(-1, I32), n, I32, winner)
    if spec.size:
        _find_winners(b, n, winner)
    if out.size:
        x, updates = contiguous(b, 0), contiguous(b, 2, out.dtype)
        inner = i32(math.prod(out.shape[1:]))
        b.over(of(REPLACE, "scatter_set", out.dtype), out.size, x, winner, updates, inner, b.outs[0])
    return b.done()


def _find_winners(b: Builder, n: int, winner: Place) -> None:
    cell = b.watch(out_of_range("scatter_set", 0, n))
    b.over(WINNERS, b.call.ins[1].size, contiguous(b, 1, I64), i32(n), cell.buffer, winner)
    b.step(cell.expect)


PREPARE = {
    "scatter_set": prepare_scatter_set,
    "take": _prepare_take(TAKE, along=False),
    "scatter_add": _prepare_scatter(SCATTER_ADD, along=False),
    "take_along_axis": _prepare_take(TAKE_ALONG, along=True),
    "scatter_add_along_axis": _prepare_scatter(SCATTER_ADD_ALONG, along=True),
}
