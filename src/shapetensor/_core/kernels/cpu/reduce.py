"""Reduction kernels: the operand becomes (outer, n, inner) in C order, the middle axis goes."""

from __future__ import annotations

from collections.abc import Callable

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
_MAX_ROWS = """\
a = r[0]
for j in range(1, n):
    v = r[j]
    a = v if v > a or v != v else a"""
_TEXTS = {
    "sum": generate.reduction("sum_middle", "v", "a + v", _SUM_ROWS),
    "max": generate.reduction("max_middle", "v", "v if v > a or v != v else a", _MAX_ROWS),
}


@kernel()
def argmax_middle(x, outer, n, inner, out):  # type: ignore[no-untyped-def]
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


def _prepare(kernel_of: Callable[[], Callable[..., None]]) -> Callable[[Call], Launch]:
    def prepare(call: Call) -> Launch:
        b = Builder(call)
        if call.outs[0].size:
            axes = call.attrs[0]
            dtype = call.outs[0].dtype if call.op.name == "max" else call.ins[0].dtype
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


PREPARE = {
    "sum": _prepare(_generated("sum")),
    "max": _prepare(_generated("max")),
    "argmax": _prepare(argmax_middle.load),
}
