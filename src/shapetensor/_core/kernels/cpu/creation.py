"""Filling new memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...buffers import Flat
from ...dtypes import BF16, F16, F32
from ...op import Call
from ..launch import Builder, Launch
from .operands import cast_kernel


def _fill(value: Any, out: Flat) -> None:
    # NumPy's fill is a memset; a compiled loop would be no faster.
    out.fill(value)


def prepare_full(call: Call) -> Launch:
    """Every element the same Python scalar."""
    b = Builder(call)
    dtype = call.outs[0].dtype
    value = b.scalar(0, dtype)
    if dtype in (F16, BF16):
        narrow = cast_kernel(F32, dtype)
        b.step(lambda v, out: narrow(np.full(out.size, v, np.float32), out), value, b.outs[0])
    else:
        b.step(_fill, value, b.outs[0])
    return b.done()


def _arange(start: Any, step: Any, out: Flat) -> None:
    np.multiply(np.arange(out.size), step, out=out, casting="unsafe")
    out += out.dtype.type(start)


def prepare_arange(call: Call) -> Launch:
    """Evenly spaced numbers; computed as i * step + start, so that errors do not add up."""
    b = Builder(call)
    dtype = call.outs[0].dtype
    if call.outs[0].size:
        b.step(_arange, b.scalar(0, dtype), b.scalar(1, dtype), b.outs[0])
    return b.done()


PREPARE = {"full": prepare_full, "arange": prepare_arange}
