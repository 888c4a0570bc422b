"""Reductions. The operand is read in the order of its memory, as (outer, n, inner) with the reduced axis in the middle.

Reduced axes that are not neighbours in memory go one after the other, the innermost first, which leaves little for the
others; where a second operand is involved, the operand is copied so that they are neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...buffers import Flat
from ...dtypes import AnyDType, Bool
from ...op import Call
from ...spec import Ints, contiguous_strides
from .. import cache, threads
from ..formulas.reduce import LOGSUMEXP, MAX, MEAN, REDUCTIONS, VARIANCE, inverse
from ..generate import reduction
from ..generate.reduction import Reduction
from ..launch import Builder, Launch, Place
from ..source import kernel
from .operands import contiguous, copy

_EXP_WEIGHT = 8
_LONG = 4 * threads.CHUNK  # elements that become one partial result where a long axis is cut
_SHARED = 8  # results of the outer axis from which threads share that axis
_NARROW = 64  # elements: shorter rows are taken several at a time


class Reducer:
    """Adds the steps of one reduction to a Builder; `name` is that of its kernels."""

    def __init__(self, b: Builder, name: str, r: Reduction, dtype: AnyDType) -> None:
        self.b, self.name, self.r, self.dtype = b, name, r, dtype

    def run(self, x: Place, sizes: tuple[int, int, int], out: Place, y: Sequence[Place] = (), *scale: float) -> None:
        """Reduce x, of (outer, n, inner), to out; `y` and `scale` as the reduction wants them."""
        outer, n, inner = sizes
        if outer * n * inner < threads.WORTHWHILE:
            narrow = _narrow_group(sizes) if self.r == self.r.rest().partial() else 1
            if narrow > 1:
                return self._narrow(x, sizes, narrow, out)
            self._plain(self.r, x, y, sizes, scale, out)
        elif outer >= _SHARED:
            self._outer(x, y, sizes, scale, out)
        else:
            self._long(x, y, sizes, scale, out)
        return None

    def _plain(
        self, r: Reduction, x: Place, y: Sequence[Place], sizes: Ints, scale: Sequence[float], out: Place
    ) -> None:
        kernel = self._kernel(r, sizes[2])
        work = self.b.scratch(reduction.work(r, *sizes[1:]), self.dtype)
        self.b.step(kernel, x, *y, *sizes, *scale, work, out)

    def _kernel(self, r: Reduction, inner: int) -> Callable[..., Any]:
        stage = "" if r == self.r else "_partial" if r == self.r.partial() else "_rest"
        name = f"{self.name}_{'rows' if inner == 1 else 'columns'}{stage}"
        found: Callable[..., Any] = getattr(cache.load(name, reduction.text(name, r, self.dtype, inner)), name)
        return found

    def _narrow(self, x: Place, sizes: tuple[int, int, int], group: int, out: Place) -> None:
        """Rows of few elements, `group` at a time, and then these."""
        outer, n, inner = sizes
        part = self.b.scratch(outer * group * inner, self.dtype)
        self._plain(self.r, x, (), (outer, n // group, group * inner), (), part)
        self._plain(self.r, part, (), (outer, group, inner), (), out)

    def _outer(self, x: Place, y: Sequence[Place], sizes: Ints, scale: Sequence[float], out: Place) -> None:
        chunk = max(1, threads.CHUNK // (sizes[1] * sizes[2]))
        chunks = -(-sizes[0] // chunk)
        work = self.b.scratch(chunks * reduction.work(self.r, *sizes[1:]), self.dtype)
        kernel = threads.Shared(self._kernel(self.r, sizes[2]), *reduction.outer_split(self.r, threads.CHUNK))
        self.b.step(kernel, x, *y, *sizes, *scale, work, out)

    def _long(self, x: Place, y: Sequence[Place], sizes: Ints, scale: Sequence[float], out: Place) -> None:
        """Partial results of pieces of the middle axis, which are then reduced themselves."""
        outer, n, inner = sizes
        partial = self.r.partial()
        size = max(1, _LONG // inner)
        chunks = -(-n // size)
        part = self.b.scratch(outer * chunks * inner, self.dtype)
        work = self.b.scratch(outer * chunks * reduction.work(partial, size, inner), self.dtype)
        cut = reduction.long_split(partial)
        kernel = threads.Shared(self._kernel(partial, inner), *cut, extra=1, whole=False)
        operands = y if "y" in partial.operands() else ()
        self.b.step(kernel, size, x, *operands, *sizes, work, part)
        rest = self.r.rest()
        self._plain(rest, part, y if "y" in rest.operands() else (), (outer, chunks, inner), scale, out)


def _narrow_group(sizes: tuple[int, int, int]) -> int:
    """How many rows of few elements to take at a time: a divisor of their number."""
    _, n, inner = sizes
    return 1 if inner == 1 or inner >= _NARROW // 2 else math.gcd(n, 1 << (_NARROW // inner).bit_length() - 1)


class _Order:
    """The axes of an operand in the order of its memory, and which of them go."""

    def __init__(self, b: Builder, index: int, axes: Ints, dtype: AnyDType | None = None) -> None:
        spec = b.call.ins[index]
        self.b, self.axes = b, axes
        self.order = tuple(sorted(range(spec.rank), key=lambda i: (-spec.strides[i] if spec.shape[i] > 1 else 0, i)))
        shape = tuple(spec.shape[i] for i in self.order)
        strides = tuple(spec.strides[i] for i in self.order)
        if not _dense(shape, strides):
            self.order, shape, strides = tuple(range(spec.rank)), spec.shape, spec.strides
        self.x = contiguous(b, index, dtype, shape, strides)
        self.shape = shape

    def runs(self) -> list[tuple[bool, int]]:
        """Neighbouring axes together: whether they go, and their size."""
        found: list[tuple[bool, int]] = []
        for axis, n in zip(self.order, self.shape, strict=True):
            gone = axis in self.axes
            if n == 1:
                continue
            if found and found[-1][0] == gone:
                found[-1] = (gone, found[-1][1] * n)
            else:
                found.append((gone, n))
        return found

    def kept(self) -> Ints:
        return tuple(i for i in self.order if i not in self.axes)

    def neighbours(self, index: int, dtype: AnyDType) -> None:
        """Copy the operand so that the reduced axes are the last, if they are not together."""
        if sum(gone for gone, _ in self.runs()) > 1:
            spec = self.b.call.ins[index]
            self.order = (*(i for i in range(spec.rank) if i not in self.axes), *self.axes)
            self.shape = tuple(spec.shape[i] for i in self.order)
            self.x = contiguous(self.b, index, dtype, self.shape, tuple(spec.strides[i] for i in self.order))

    def result(self, dtype: AnyDType) -> tuple[Place, Callable[[], None]]:
        """Where the result goes, and how it gets from there to the output."""
        out, kept = self.b.call.outs[0], self.kept()
        if kept == tuple(sorted(kept)):
            return self.b.outs[0], lambda: None
        sizes = dict(zip(self.order, self.shape, strict=True))
        place = self.b.scratch(out.size, dtype)
        steps = dict(zip(kept, contiguous_strides(tuple(sizes[i] for i in kept)), strict=True))
        logical = sorted(kept)
        shape, strides = tuple(sizes[i] for i in logical), tuple(steps[i] for i in logical)
        return place, lambda: copy(self.b, place, shape, strides, self.b.outs[0])


def _dense(shape: Ints, strides: Ints) -> bool:
    """Whether these axes are in C order without gaps."""
    return all(n == 1 or s == c for n, s, c in zip(shape, strides, contiguous_strides(shape), strict=True))


def _sizes(runs: Sequence[tuple[bool, int]], at: int) -> tuple[int, int, int]:
    """(outer, n, inner) around the run in this place."""
    return math.prod(n for _, n in runs[:at]), runs[at][1], math.prod(n for _, n in runs[at + 1 :])


def prepare(call: Call) -> Launch:
    """Reduce run after run, the innermost first."""
    b = Builder(call)
    out, name = call.outs[0], call.op.name
    if not out.size:
        return b.done()
    if not call.ins[0].size:
        b.step(_fill.load(), REDUCTIONS[name].empty, b.outs[0])
        return b.done()
    order = _Order(b, 0, call.attrs[0])
    runs, x = order.runs(), order.x
    place, finish = order.result(out.dtype)
    r = REDUCTIONS[name]._replace(value="v != 0") if out.dtype is Bool and name in ("any", "all") else REDUCTIONS[name]
    if not any(gone for gone, _ in runs):
        runs.append((True, 1))
    while any(gone for gone, _ in runs):
        at = max(i for i, (gone, _) in enumerate(runs) if gone)
        sizes = _sizes(runs, at)
        runs = [run for i, run in enumerate(runs) if i != at]
        last = not any(gone for gone, _ in runs)
        target = place if last else b.scratch(sizes[0] * sizes[2], out.dtype)
        Reducer(b, name, r, out.dtype).run(x, sizes, target)
        x = target
    finish()
    return b.done()


@kernel()
def _fill(value: float, out: Flat) -> None:
    for i in range(out.size):
        out[i] = value


def _one_run(b: Builder, axes: Ints, dtype: AnyDType) -> tuple[_Order, tuple[int, int, int]]:
    """An operand whose reduced axes are neighbours."""
    order = _Order(b, 0, axes, dtype)
    order.neighbours(0, dtype)
    runs = order.runs()
    at = next((i for i, (gone, _) in enumerate(runs) if gone), None)
    return order, (math.prod(n for _, n in runs), 1, 1) if at is None else _sizes(runs, at)


def prepare_var(call: Call) -> Launch:
    """The mean, and then the mean square distance from it."""
    b = Builder(call)
    out, named = call.outs[0], call.named_attrs()
    if out.size:
        order, sizes = _one_run(b, named["axes"], out.dtype)
        place, finish = order.result(out.dtype)
        mean = b.scratch(out.size, out.dtype)
        n = math.prod(call.ins[0].shape[i] for i in named["axes"])
        count = max(n - named["correction"], 0)
        Reducer(b, "mean", MEAN, out.dtype).run(order.x, sizes, mean, (), inverse(n))
        Reducer(b, "var", VARIANCE, out.dtype).run(order.x, sizes, place, (mean,), inverse(count))
        finish()
    return b.done()


def prepare_logsumexp(call: Call) -> Launch:
    """The largest element, and the logarithm of the sum of what is left."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        order, sizes = _one_run(b, call.attrs[0], out.dtype)
        place, finish = order.result(out.dtype)
        top = b.scratch(out.size, out.dtype)
        Reducer(b, "max", MAX, out.dtype).run(order.x, sizes, top)
        Reducer(b, "logsumexp", LOGSUMEXP, out.dtype).run(order.x, sizes, place, (top,))
        finish()
    return b.done()


# Where the extremum of a row is: found block by block, since only finding out what it is can be done with vectors.
_PLACE_ROWS = """\
{{kernel}}
def {name}(x, outer, n, inner, best, out):
    for p in range(outer):
        o = np.uint64(p * n * inner)
        q = np.uint64(p * inner)
        if inner == 1:
            top = x[o]
            place = 0
            for k in range(0, n, 512):
                m = min(512, n - k)
                f = o + np.uint64(k)
                a = x[f]
                for j in range(np.uint64(m)):
                    a = {extreme}(a, x[f + j])
                if a {better} top or (a != a and top == top) or k == 0:
                    top = a
                    place = k
            f = o + np.uint64(place)
            j = np.uint64(0)
            while not (x[f + j] == top or (top != top and x[f + j] != x[f + j])):
                j += np.uint64(1)
            out[q] = place + np.int64(j)
            continue
        m = np.uint64(inner)
        for j in range(m):
            best[j] = x[o + j]
            out[q + j] = 0
        for k in range(1, n):
            f = o + np.uint64(k) * m
            for j in range(m):
                v = x[f + j]
                a = best[j]
                # the first NaN wins, as in NumPy
                wins = (v {better} a) | ((v != v) & (a == a))
                best[j] = v if wins else a
                out[q + j] = k if wins else out[q + j]
"""
_EXTREMES = {"argmax": ("maximum", ">"), "argmin": ("minimum", "<")}


def prepare_place(call: Call) -> Launch:
    """Where the extremum is along one axis."""
    b = Builder(call)
    out, name = call.outs[0], call.op.name
    if out.size:
        order, sizes = _one_run(b, call.attrs[0], call.ins[0].dtype)
        place, finish = order.result(out.dtype)
        extreme, better = _EXTREMES[name]
        text = _PLACE_ROWS.format(name=name, extreme=extreme, better=better)
        best = b.scratch(sizes[2], call.ins[0].dtype)
        b.step(getattr(cache.load(name, text), name), order.x, *sizes, best, place)
        finish()
    return b.done()


@kernel()
def cumulative_sum_rows(x: Flat, outer: int, n: int, out: Flat) -> None:
    """Sums of 64 elements on their own, and what came before them, compensated (Kahan 1965) while finite."""
    for p in range(outer):
        before = lost = out.dtype.type(0)
        for first in range(p * n, p * n + n, 64):
            r = x[first : min(first + 64, p * n + n)]
            q = out[first : min(first + 64, p * n + n)]
            total = out.dtype.type(0)
            for j in range(r.size):
                total += r[j]
                q[j] = before + total
            total -= lost
            after = before + total
            lost = (after - before) - total
            lost = lost if lost - lost == 0 else out.dtype.type(0)
            before = after


@kernel()
def cumulative_sum_middle(x: Flat, outer: int, n: int, inner: int, work: Flat, out: Flat) -> None:
    """The same for rows of `inner` elements: `work` is what came before, the sum of a group, and what was lost."""
    zero = out.dtype.type(0)
    for p in range(outer):
        for j in range(inner):
            work[j] = work[2 * inner + j] = zero
        for first in range(0, n, 64):
            for k in range(first, min(n, first + 64)):
                at = (p * n + k) * inner
                r = x[at : at + inner]
                q = out[at : at + inner]
                for j in range(inner):
                    work[inner + j] = r[j] if k == first else work[inner + j] + r[j]
                    q[j] = work[j] + work[inner + j]
            for j in range(inner):
                total = work[inner + j] - work[2 * inner + j]
                after = work[j] + total
                lost = (after - work[j]) - total
                work[2 * inner + j] = lost if lost - lost == 0 else zero
                work[j] = after


def prepare_cumulative_sum(call: Call) -> Launch:
    """Sums along one axis, in order."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    if not out.size:
        return b.done()
    outer, n, inner = math.prod(out.shape[:axis]), out.shape[axis], math.prod(out.shape[axis + 1 :])
    x = contiguous(b, 0)
    if inner == 1:
        b.step(cumulative_sum_rows.load(), x, outer, n, b.outs[0])
    else:
        work = b.scratch(3 * inner, out.dtype)
        b.step(cumulative_sum_middle.load(), x, outer, n, inner, work, b.outs[0])
    return b.done()


PREPARE = dict.fromkeys(REDUCTIONS, prepare) | {
    "argmax": prepare_place,
    "argmin": prepare_place,
    "var": prepare_var,
    "logsumexp": prepare_logsumexp,
    "cumulative_sum": prepare_cumulative_sum,
}
