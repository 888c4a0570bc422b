"""Gathering and scattering: these kernels return the first bad position, or -1."""

from __future__ import annotations

from collections.abc import Callable

from ...buffers import Flat
from ...dtypes import I64
from ...op import Call
from ...spec import Ints
from ..formulas.index import out_of_range
from ..launch import Builder, Launch, found_in
from ..source import Kernel, kernel
from .operands import contiguous


@kernel()
def take_middle(x: Flat, indices: Flat, outer: int, n: int, inner: int, out: Flat) -> int:
    count = indices.size
    for q in range(count):
        i = indices[q]
        if i < -n or i >= n:
            return q
        if i < 0:
            i += n
        for p in range(outer):
            first = (p * n + i) * inner
            source = x[first : first + inner]
            to = (p * count + q) * inner
            target = out[to : to + inner]
            for j in range(inner):
                target[j] = source[j]
    return -1


@kernel()
def scatter_add_middle(x: Flat, indices: Flat, outer: int, n: int, inner: int, out: Flat) -> int:
    for j in range(out.size):
        out[j] = 0
    count = indices.size
    for q in range(count):
        i = indices[q]
        if i < -n or i >= n:
            return q
        if i < 0:
            i += n
        for p in range(outer):
            first = (p * count + q) * inner
            source = x[first : first + inner]
            to = (p * n + i) * inner
            target = out[to : to + inner]
            for j in range(inner):
                target[j] += source[j]
    return -1


@kernel()
def take_along_middle(x: Flat, indices: Flat, outer: int, n: int, inner: int, count: int, out: Flat) -> int:
    for p in range(outer):
        for q in range(count):
            for j in range(inner):
                at = (p * count + q) * inner + j
                i = indices[at]
                if i < -n or i >= n:
                    return at
                if i < 0:
                    i += n
                out[at] = x[(p * n + i) * inner + j]
    return -1


@kernel()
def scatter_add_along_middle(x: Flat, indices: Flat, outer: int, n: int, inner: int, count: int, out: Flat) -> int:
    for j in range(out.size):
        out[j] = 0
    for p in range(outer):
        for q in range(count):
            for j in range(inner):
                at = (p * count + q) * inner + j
                i = indices[at]
                if i < -n or i >= n:
                    return at
                if i < 0:
                    i += n
                out[(p * n + i) * inner + j] += x[at]
    return -1


@kernel()
def scatter_set_rows(x: Flat, indices: Flat, updates: Flat, n: int, inner: int, out: Flat) -> int:
    for j in range(out.size):
        out[j] = x[j]
    for q in range(indices.size):
        i = indices[q]
        if i < -n or i >= n:
            return q
        if i < 0:
            i += n
        for j in range(inner):
            out[i * inner + j] = updates[q * inner + j]
    return -1


def _product(sizes: Ints) -> int:
    total = 1
    for n in sizes:
        total *= n
    return total


def _prepare(run: Kernel, *, scatter: bool, along: bool) -> Callable[[Call], Launch]:
    def prepare(call: Call) -> Launch:
        b = Builder(call)
        axis = call.attrs[0]
        whole = call.outs[0] if scatter else call.ins[0]  # the tensor that the indices point into
        if call.ins[1].size == 0 and (not scatter or call.outs[0].size == 0):
            return b.done()
        n = whole.shape[axis]
        x = contiguous(b, 0) if call.ins[0].size else b.ins[0]
        indices = contiguous(b, 1, I64) if call.ins[1].size else b.scratch(0, I64)
        sizes = [_product(whole.shape[:axis]), n, _product(whole.shape[axis + 1 :])]
        if along:
            sizes.append(call.ins[1].shape[axis])
        b.step(run.load(), x, indices, *sizes, b.outs[0], check=found_in(1, out_of_range(call.op.name, axis, n)))
        return b.done()

    return prepare


def prepare_scatter_set(call: Call) -> Launch:
    """A copy with rows replaced."""
    b = Builder(call)
    out, indices = call.outs[0], call.ins[1]
    if out.size == 0 and indices.size == 0:
        return b.done()
    x = contiguous(b, 0) if out.size else b.ins[0]
    places = contiguous(b, 1, I64) if indices.size else b.scratch(0, I64)
    updates = contiguous(b, 2, out.dtype) if call.ins[2].size else b.scratch(0, out.dtype)
    sizes = (out.shape[0], _product(out.shape[1:]))
    check = found_in(1, out_of_range("scatter_set", 0, out.shape[0]))
    b.step(scatter_set_rows.load(), x, places, updates, *sizes, b.outs[0], check=check)
    return b.done()


PREPARE = {
    "scatter_set": prepare_scatter_set,
    "take": _prepare(take_middle, scatter=False, along=False),
    "scatter_add": _prepare(scatter_add_middle, scatter=True, along=False),
    "take_along_axis": _prepare(take_along_middle, scatter=False, along=True),
    "scatter_add_along_axis": _prepare(scatter_add_along_middle, scatter=True, along=True),
}
