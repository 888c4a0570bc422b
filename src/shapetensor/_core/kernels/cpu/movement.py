"""Kernels of movement ops, for when a view cannot say it."""

from __future__ import annotations

import numpy as np

from ...buffers import Flat
from ...op import Call
from ...spec import Ints, contiguous_strides
from .. import move
from ..formulas.movement import walk
from ..generate import elementwise as generate
from ..launch import Builder, Launch, Place, pad
from ..source import Kernel, kernel
from .operands import contiguous, copy


def prepare_reshape(call: Call) -> Launch:
    """A copy in C order, which any shape of as many elements fits."""
    b = Builder(call)
    if call.outs[0].size:
        copy(b, b.ins[0], call.ins[0].shape, call.ins[0].strides, b.outs[0])
    return b.done()


@kernel()
def gather_strided(x: Flat, start: int, shape: Ints, strides: Ints, out: Flat) -> None:
    o = 0
    for i0 in range(shape[0]):
        for i1 in range(shape[1]):
            for i2 in range(shape[2]):
                p = start + i0 * strides[0] + i1 * strides[1] + i2 * strides[2]
                for i3 in range(shape[3]):
                    out[o] = x[p + i3 * strides[3]]
                    o += 1


@kernel()
def place_strided(x: Flat, start: int, shape: Ints, strides: Ints, out: Flat) -> None:
    o = 0
    for i0 in range(shape[0]):
        for i1 in range(shape[1]):
            for i2 in range(shape[2]):
                p = start + i0 * strides[0] + i1 * strides[1] + i2 * strides[2]
                for i3 in range(shape[3]):
                    out[p + i3 * strides[3]] = x[o]
                    o += 1


@kernel()
def fill_zero(x: Flat, out: Flat) -> None:
    for i in range(out.size):
        out[i] = 0


def prepare_slice(call: Call) -> Launch:
    """A slice that walks backwards along some axis."""
    b = Builder(call)
    if call.outs[0].size == 0:
        return b.done()
    spec = call.ins[0]
    start, shape, steps = walk(spec.shape, spec.strides, call.attrs[0])
    _run_walk(b, gather_strided, b.ins[0], start, shape, steps)
    return b.done()


def prepare_slice_backward(call: Call) -> Launch:
    """Zeros with the operand in the place of the slice."""
    b = Builder(call)
    shape, bounds = call.attrs
    if call.outs[0].size == 0:
        return b.done()
    x = contiguous(b, 0) if call.ins[0].size else b.ins[0]
    b.step(fill_zero.load(), x, b.outs[0])
    if call.ins[0].size:
        start, merged, steps = walk(shape, contiguous_strides(shape), bounds)
        _run_walk(b, place_strided, x, start, merged, steps)
    return b.done()


def _numpy_gather(x: Flat, start: int, shape: Ints, strides: Ints, out: Flat) -> None:
    np.copyto(out.reshape(shape), _numpy_walk(x, start, shape, strides))


def _numpy_place(x: Flat, start: int, shape: Ints, strides: Ints, out: Flat) -> None:
    np.copyto(_numpy_walk(out, start, shape, strides), x.reshape(shape))


def _numpy_walk(x: Flat, start: int, shape: Ints, strides: Ints) -> Flat:
    return np.ndarray(shape, x.dtype, x, start * x.itemsize, tuple(s * x.itemsize for s in strides))


def _run_walk(b: Builder, run: Kernel, x: Place, start: int, shape: Ints, steps: Ints) -> None:
    """Launch a walking kernel; NumPy walks where there are more axes than the kernel has loops."""
    if len(shape) > generate.RANK:
        b.step(_numpy_gather if run is gather_strided else _numpy_place, x, start, shape, steps, b.outs[0])
    else:
        b.step(run.load(), x, start, pad(shape, generate.RANK, 1), pad(steps, generate.RANK, 0), b.outs[0])


@kernel()
def copy_columns(x: Flat, outer: int, width: int, stride: int, start: int, out: Flat) -> None:
    for p in range(outer):
        source = x[p * width : p * width + width]
        first = p * stride + start
        target = out[first : first + width]
        for j in range(width):
            target[j] = source[j]


def prepare_concat(call: Call) -> Launch:
    """Each operand is a block of columns of the output."""
    b = Builder(call)
    out, axis = call.outs[0], call.attrs[0]
    if out.size == 0:
        return b.done()
    outer = 1
    for n in out.shape[:axis]:
        outer *= n
    start = 0
    for i, spec in enumerate(call.ins):
        width = spec.size // outer
        if width:
            x = contiguous(b, i, out.dtype)
            b.step(copy_columns.load(), x, outer, width, out.size // outer, start, b.outs[0])
        start += width
    return b.done()


PREPARE = {
    "reshape": prepare_reshape,
    "slice": prepare_slice,
    "slice_backward": prepare_slice_backward,
    "concat": prepare_concat,
    "to_device": move.prepare,
}
