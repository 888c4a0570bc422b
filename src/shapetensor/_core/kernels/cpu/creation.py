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


PREPARE = {"full": prepare_full}
