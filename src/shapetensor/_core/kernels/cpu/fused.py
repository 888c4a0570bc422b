"""Row kernels: softmax, cross-entropy and normalisation, forward and backward, each one visit of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dtypes import I64, AnyDType
from ...op import Call
from ...spec import Ints, contiguous_strides
from .. import cache, threads
from ..formulas.fused import ROWS, bad_label
from ..generate import rows
from ..launch import Builder, Launch, Place, found_in
from .operands import contiguous, copy

_WEIGHT = 8  # of an element of a row, in additions


def _kernel(name: str, dtype: AnyDType, size: int) -> Callable[..., Any]:
    """`(*inputs, rows, n, *outputs)`, on several threads where the size is worth it."""
    kernel = getattr(cache.load(name, rows.text(name, ROWS[name], dtype)), name)
    return threads.shared(kernel, rows.split(ROWS[name], threads.CHUNK), size * _WEIGHT)


def _along_axis(call: Call) -> Launch:
    """Rows along one axis; one that is not the last is moved there and back."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    if out.size == 0:
        return b.done()
    n, kernel = out.shape[axis], _kernel(call.op.name, out.dtype, out.size)
    if axis == out.rank - 1:
        b.step(kernel, *(contiguous(b, i, out.dtype) for i in range(len(call.ins))), out.size // n, n, b.outs[0])
        return b.done()
    order = (*(i for i in range(out.rank) if i != axis), axis)
    moved = tuple(out.shape[i] for i in order)
    xs = [contiguous(b, i, out.dtype, moved, tuple(spec.strides[j] for j in order)) for i, spec in enumerate(call.ins)]
    result = b.scratch(out.size, out.dtype)
    b.step(kernel, *xs, out.size // n, n, result)
    copy(b, result, out.shape, _moved_back(moved, order), b.outs[0])
    return b.done()


def _moved_back(shape: Ints, order: Ints) -> Ints:
    """Strides that walk a C-order tensor of permuted axes in the order before the permutation."""
    steps = contiguous_strides(shape)
    return tuple(steps[order.index(i)] for i in range(len(order)))


def prepare_cross_entropy(call: Call) -> Launch:
    """Loss and probabilities of each row."""
    b = Builder(call)
    loss, p = call.outs
    if loss.size:
        n = p.shape[-1]
        kernel = _kernel("cross_entropy", p.dtype, p.size)
        x, labels = contiguous(b, 0, p.dtype), contiguous(b, 1, I64)
        picked = b.scratch(loss.size, p.dtype)
        b.step(kernel, x, labels, loss.size, n, *b.outs, picked, check=found_in(1, bad_label(n)))
    return b.done()


def prepare_cross_entropy_backward(call: Call) -> Launch:
    """weight * (p - onehot) of each row."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        n = out.shape[-1]
        weights, p, labels = contiguous(b, 0), contiguous(b, 1), contiguous(b, 2, I64)
        kernel = _kernel("cross_entropy_backward", out.dtype, out.size)
        b.step(kernel, weights, p, labels, out.size // n, n, b.outs[0], check=found_in(2, bad_label(n)))
        kernel = _kernel("cross_entropy_backward_in_place", out.dtype, out.size)
        b.in_place(kernel, weights, p, labels, out.size // n, n, pairs=((1, 0),))
    return b.done()


def _last_axes(call: Call) -> Launch:
    """Rows of the last axes together."""
    b = Builder(call)
    out = call.outs[0]
    named = call.named_attrs()
    n = 1
    for size in out.shape[out.rank - named.get("count", call.ins[-1].rank) :]:
        n *= size
    if out.size:
        xs: list[Place] = [contiguous(b, i, out.dtype) for i in range(len(call.ins))]
        kernel = _kernel(call.op.name, out.dtype, out.size)
        b.step(kernel, *xs, named["eps"], out.size // n, n, b.outs[0])
    return b.done()


PREPARE = {
    "cross_entropy": prepare_cross_entropy,
    "cross_entropy_backward": prepare_cross_entropy_backward,
}
PREPARE |= dict.fromkeys(("softmax", "log_softmax", "softmax_backward", "log_softmax_backward"), _along_axis)
PREPARE |= dict.fromkeys(("standardize", "standardize_backward", "layer_norm"), _last_axes)
