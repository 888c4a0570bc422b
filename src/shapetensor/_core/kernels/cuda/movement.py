"""Movement ops, for when a view cannot say it: walks that gather from the operand, or place it in the result."""

from __future__ import annotations

from ...op import Call
from ...spec import contiguous_strides
from .. import move
from ..formulas.movement import walk
from ..launch import Launch
from .operands import Builder, contiguous, fill, gather, place


def prepare_reshape(call: Call) -> Launch:
    """A copy in C order, which any shape of as many elements fits."""
    b = Builder(call)
    spec = call.ins[0]
    if spec.size:
        gather(b, b.ins[0], 0, spec.shape, spec.strides, spec.dtype, b.outs[0])
    return b.done()


def prepare_slice(call: Call) -> Launch:
    """A slice that walks backwards along some axis."""
    b = Builder(call)
    spec = call.ins[0]
    if call.outs[0].size:
        gather(b, b.ins[0], *walk(spec.shape, spec.strides, call.attrs[0]), spec.dtype, b.outs[0])
    return b.done()


def prepare_slice_backward(call: Call) -> Launch:
    """Zeros with the operand in the place of the slice."""
    b = Builder(call)
    shape, bounds = call.attrs
    out = call.outs[0]
    if out.size:
        fill(b, b.device.constant(0, out.dtype), out.size, out.dtype, b.outs[0])
    if call.ins[0].size:
        x = contiguous(b, 0)
        place(b, x, *walk(shape, contiguous_strides(shape), bounds), out.dtype, b.outs[0])
    return b.done()


def prepare_concat(call: Call) -> Launch:
    """Each operand is a block of columns of the output."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    strides, start = contiguous_strides(out.shape), 0
    for i, spec in enumerate(call.ins):
        if spec.size:
            place(b, contiguous(b, i, out.dtype), start * strides[axis], spec.shape, strides, out.dtype, b.outs[0])
        start += spec.shape[axis]
    return b.done()


PREPARE = {
    "reshape": prepare_reshape,
    "slice": prepare_slice,
    "slice_backward": prepare_slice_backward,
    "concat": prepare_concat,
    "to_device": move.prepare,
}
