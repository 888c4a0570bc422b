"""Filling new memory."""

from __future__ import annotations

from typing import Any

from ...dtypes import F32, F64, I32, I64, U8
from ...op import Call
from ..launch import Launch
from . import compat
from .compat import array, cuda, int32
from .kernel import Kernel
from .operands import Builder, fill, of


def prepare_full(call: Call) -> Launch:
    """Every element the same Python scalar."""
    b = Builder(call)
    out = call.outs[0]
    value = b.scalar(0, out.dtype)
    if out.size:
        fill(b, value, out.size, out.dtype, b.outs[0])
    return b.done()


def _arange(start: Any, step: Any, out: Any) -> None:
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        out[i] = start[0] + out.dtype.type(i) * step[0]


ARANGE = {
    d.storage: Kernel(f"arange_{d.storage}", _arange, *[array(compat.TYPES[d.storage])] * 3)
    for d in (F32, F64, I32, I64, U8)
}
KERNELS = list(ARANGE.values())


def prepare_arange(call: Call) -> Launch:
    """Evenly spaced numbers; computed as i * step + start, so that errors do not add up."""
    b = Builder(call)
    out = call.outs[0]
    start, step = b.scalar(0, out.dtype), b.scalar(1, out.dtype)
    if out.size:
        b.over(of(ARANGE, "arange", out.dtype), out.size, start, step, b.outs[0])
    return b.done()


PREPARE = {"full": prepare_full, "arange": prepare_arange}
