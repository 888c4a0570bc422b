"""Row kernels: softmax, log-softmax and cross-entropy in one pass over each row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...buffers import Flat
from ...dtypes import I64
from ...op import Call
from ...spec import Ints, contiguous_strides
from ..launch import Builder, Launch
from ..source import Kernel, kernel
from .operands import contiguous, copy


@kernel()
def row_max(r: Flat) -> Any:
    top = r[0]
    for j in range(1, r.size):
        v = r[j]
        top = v if v > top or v != v else top
    return top


@kernel(row_max)
def softmax_rows(x: Flat, rows: int, n: int, out: Flat) -> None:
    for p in range(rows):
        r = x[p * n : p * n + n]
        q = out[p * n : p * n + n]
        top = row_max(r)
        total = top - top
        for j in range(n):
            e = math.exp(r[j] - top)
            q[j] = e
            total += e
        for j in range(n):
            q[j] = q[j] / total


@kernel(row_max)
def log_softmax_rows(x: Flat, rows: int, n: int, out: Flat) -> None:
    for p in range(rows):
        r = x[p * n : p * n + n]
        q = out[p * n : p * n + n]
        top = row_max(r)
        total = top - top
        for j in range(n):
            total += math.exp(r[j] - top)
        shift = math.log(total)
        for j in range(n):
            q[j] = (r[j] - top) - shift


@kernel(row_max)
def cross_entropy_rows(x: Flat, labels: Flat, rows: int, n: int, out: Flat) -> int:
    for p in range(rows):
        label = labels[p]
        if label < 0 or label >= n:
            return p
        r = x[p * n : p * n + n]
        top = row_max(r)
        total = top - top
        for j in range(n):
            total += math.exp(r[j] - top)
        out[p] = math.log(total) - (r[label] - top)
    return -1


@kernel(row_max)
def cross_entropy_backward_rows(x: Flat, labels: Flat, weights: Flat, rows: int, n: int, out: Flat) -> int:
    for p in range(rows):
        label = labels[p]
        if label < 0 or label >= n:
            return p
        r = x[p * n : p * n + n]
        q = out[p * n : p * n + n]
        top = row_max(r)
        total = top - top
        for j in range(n):
            e = math.exp(r[j] - top)
            q[j] = e
            total += e
        weight = weights[p]
        for j in range(n):
            q[j] = q[j] / total * weight
        q[label] -= weight
    return -1


def _along_axis(run: Kernel) -> Callable[[Call], Launch]:
    """Rows along the last axis; another axis is moved there and back."""

    def prepare(call: Call) -> Launch:
        b = Builder(call)
        out, axis = call.outs[0], call.attrs[0]
        if out.size == 0:
            return b.done()
        n = out.shape[axis]
        if axis == len(out.shape) - 1:
            b.step(run.load(), contiguous(b, 0, out.dtype), out.size // n, n, b.outs[0])
            return b.done()
        order = (*(i for i in range(len(out.shape)) if i != axis), axis)
        spec = call.ins[0]
        moved = tuple(spec.shape[i] for i in order)
        x = contiguous(b, 0, out.dtype, moved, tuple(spec.strides[i] for i in order))
        result = b.scratch(out.size, out.dtype)
        b.step(run.load(), x, out.size // n, n, result)
        copy(b, result, out.shape, _moved_back(moved, order), b.outs[0])
        return b.done()

    return prepare


def _moved_back(shape: Ints, order: Ints) -> Ints:
    """Strides that walk a C-order tensor of permuted axes in the order before the permutation."""
    steps = contiguous_strides(shape)
    return tuple(steps[order.index(i)] for i in range(len(order)))


def prepare_cross_entropy(call: Call) -> Launch:
    """Loss of each row."""
    b = Builder(call)
    out, logits = call.outs[0], call.ins[0]
    if out.size:
        n = logits.shape[-1]
        x, labels = contiguous(b, 0, out.dtype), contiguous(b, 1, I64)
        b.step(cross_entropy_rows.load(), x, labels, out.size, n, b.outs[0], check=_bad_label(n))
    return b.done()


def prepare_cross_entropy_backward(call: Call) -> Launch:
    """weight * (softmax - onehot) of each row."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        n = out.shape[-1]
        x, labels = contiguous(b, 1, out.dtype), contiguous(b, 2, I64)
        weights = contiguous(b, 0, out.dtype)
        run = cross_entropy_backward_rows.load()
        b.step(run, x, labels, weights, out.size // n, n, b.outs[0], check=_bad_label(n))
    return b.done()


def _bad_label(classes: int) -> Callable[[int, Sequence[Any]], Exception]:
    def error(position: int, args: Sequence[Any]) -> Exception:
        label = args[1][position]
        leave_out = f"; to leave such rows out, give ignore_index={label}" if label < 0 else ""
        return IndexError(
            f"cross_entropy: label {label} of row {position} is no class of 0 to {classes - 1}{leave_out}"
        )

    return error


PREPARE = {
    "softmax": _along_axis(softmax_rows),
    "log_softmax": _along_axis(log_softmax_rows),
    "cross_entropy": prepare_cross_entropy,
    "cross_entropy_backward": prepare_cross_entropy_backward,
}
