"""Reduction kernels: the operand becomes (outer, n, inner) in C order, the middle axis goes."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...buffers import Flat
from ...dtypes import AnyDType
from ...op import Call
from ...spec import Ints
from .. import cache, generate
from ..launch import Builder, Launch, Place
from ..source import kernel
from .operands import contiguous

# Eight running sums a block let LLVM keep a vector of them; blocks keep the rounding error at about n/1024 units.
_SUM_ROWS = """\
a = zero
for start in range(0, n, 1024):
    block = r[start : start + 1024]
    s0 = zero
    s1 = zero
    s2 = zero
    s3 = zero
    s4 = zero
    s5 = zero
    s6 = zero
    s7 = zero
    whole = block.size - block.size % 8
    for j in range(0, whole, 8):
        s0 += block[j]
        s1 += block[j + 1]
        s2 += block[j + 2]
        s3 += block[j + 3]
        s4 += block[j + 4]
        s5 += block[j + 5]
        s6 += block[j + 6]
        s7 += block[j + 7]
    rest = zero
    for j in range(whole, block.size):
        rest += block[j]
    a += ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)) + rest"""


def _fold(start: str, combine: str) -> str:
    """Row lines of a reduction that takes one element after the other."""
    return f"a = {start}\nfor j in range(n):\n    v = r[j]\n    a = {combine}"


_LARGER, _SMALLER = "v if v > a or v != v else a", "v if v < a or v != v else a"
_TEXTS = {
    "sum": generate.reduction("sum_middle", "v", "a + v", _SUM_ROWS),
    "prod": generate.reduction("prod_middle", "v", "a * v", _fold("zero", "a * v"), empty=1),
    "max": generate.reduction("max_middle", "v", _LARGER, _fold("r[0]", _LARGER)),
    "min": generate.reduction("min_middle", "v", _SMALLER, _fold("r[0]", _SMALLER)),
    "any": generate.reduction("any_middle", "v", "a | v", _fold("zero", "a | v")),
    "all": generate.reduction("all_middle", "v", "a & v", _fold("zero", "a & v"), empty=1),
}


@kernel()
def argmax_middle(x: Flat, outer: int, n: int, inner: int, out: Flat) -> None:
    for p in range(outer):
        for j in range(inner):
            base = p * n * inner + j
            best = 0
            top = x[base]
            for k in range(1, n):
                v = x[base + k * inner]
                # the first NaN wins, as in NumPy
                if v > top or (v != v and top == top):
                    best = k
                    top = v
            out[p * inner + j] = best


@kernel()
def argmin_middle(x: Flat, outer: int, n: int, inner: int, out: Flat) -> None:
    for p in range(outer):
        for j in range(inner):
            base = p * n * inner + j
            best = 0
            top = x[base]
            for k in range(1, n):
                v = x[base + k * inner]
                # the first NaN wins, as in NumPy
                if v < top or (v != v and top == top):
                    best = k
                    top = v
            out[p * inner + j] = best


@kernel()
def logsumexp_middle(x: Flat, outer: int, n: int, inner: int, out: Flat) -> None:
    for p in range(outer):
        for j in range(inner):
            base = p * n * inner + j
            top = x[base]
            for k in range(1, n):
                v = x[base + k * inner]
                top = v if v > top or v != v else top
            # an infinite maximum is the result; subtracting it would make a NaN of it
            if top - top != 0:
                out[p * inner + j] = top
                continue
            total = top - top
            for k in range(n):
                total += math.exp(x[base + k * inner] - top)
            out[p * inner + j] = top + math.log(total)


@kernel()
def cumulative_sum_middle(x: Flat, outer: int, n: int, inner: int, out: Flat) -> None:
    for p in range(outer):
        for j in range(inner):
            base = p * n * inner + j
            total = out.dtype.type(0)
            for k in range(n):
                total += x[base + k * inner]
                out[base + k * inner] = total


def prepare_cumulative_sum(call: Call) -> Launch:
    """Sums along one axis, in order."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    if out.size:
        sizes = (_size(out.shape, range(axis)), out.shape[axis], _size(out.shape, range(axis + 1, out.rank)))
        b.step(cumulative_sum_middle.load(), contiguous(b, 0), *sizes, b.outs[0])
    return b.done()


# The dtype in which a reduction reads its operand: its own, where the kernel sums as the output's dtype anyhow.
_READ_AS_OUTPUT = {"max", "min", "any", "all", "logsumexp"}


def _prepare(kernel_of: Callable[[], Callable[..., None]]) -> Callable[[Call], Launch]:
    def prepare(call: Call) -> Launch:
        b = Builder(call)
        if call.outs[0].size:
            axes = call.attrs[0]
            dtype = call.outs[0].dtype if call.op.name in _READ_AS_OUTPUT else call.ins[0].dtype
            outer, n, inner, x = _three_axes(b, axes, dtype)
            b.step(kernel_of(), x, outer, n, inner, b.outs[0])
        return b.done()

    return prepare


def _three_axes(b: Builder, axes: tuple[int, ...], dtype: AnyDType) -> tuple[int, int, int, Place]:
    """Sizes before, along and behind the reduced axes, and the operand in that order, copied only if it must be."""
    spec = b.call.ins[0]
    if not axes:
        return spec.size, 1, 1, contiguous(b, 0, dtype)
    first, last = axes[0], axes[-1]
    if not _is_one_run(spec.shape, axes):
        kept = tuple(i for i in range(spec.rank) if i not in axes)
        order = (*kept, *axes)
        shape = tuple(spec.shape[i] for i in order)
        x = contiguous(b, 0, dtype, shape, tuple(spec.strides[i] for i in order))
        return _size(spec.shape, kept), _size(spec.shape, axes), 1, x
    outer = _size(spec.shape, range(first))
    inner = _size(spec.shape, range(last + 1, spec.rank))
    return outer, _size(spec.shape, range(first, last + 1)), inner, contiguous(b, 0, dtype)


def _is_one_run(shape: Ints, axes: tuple[int, ...]) -> bool:
    """Whether nothing but axes of size 1 stands between the reduced axes."""
    between = (i for i in range(axes[0], axes[-1]) if i not in axes)
    return all(shape[i] == 1 for i in between)


def _size(shape: Ints, axes: range | tuple[int, ...]) -> int:
    size = 1
    for axis in axes:
        size *= shape[axis]
    return size


def _generated(name: str) -> Callable[[], Callable[..., None]]:
    return lambda: getattr(cache.load(f"{name}_middle", _TEXTS[name]), f"{name}_middle")


PREPARE = {name: _prepare(_generated(name)) for name in _TEXTS} | {
    "argmax": _prepare(argmax_middle.load),
    "argmin": _prepare(argmin_middle.load),
    "logsumexp": _prepare(logsumexp_middle.load),
    "cumulative_sum": prepare_cumulative_sum,
}
