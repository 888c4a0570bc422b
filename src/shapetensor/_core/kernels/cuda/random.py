"""Random numbers and keys: the words of formulas/random.py, a block of them for each thread.

Words, keys and uniform numbers have the same bits as on the CPU. Normal numbers of F32 do not: devices are slow in
double precision, which the CPU computes them in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...dtypes import F64, I64
from ...op import Call
from ..formulas import random as formulas
from ..formulas.random import DRAW, FOLD, SPLIT
from ..launch import Launch
from .angle import turned
from .compat import array, cuda, float32, float64, int32, int64, math, uint32
from .kernel import Kernel
from .operands import Builder, contiguous
from .source import formula

philox = formula(formulas.philox)
_ANGLE = 2.0**-32 * 2 * math.pi  # of one step of a word, which counts turns


def _uniform32(key: Any, tag: Any, out: Any) -> None:
    """24 random bits for each element: multiples of 2^-24 in [0, 1)."""
    size = int32(out.size)
    for block in range(int32(cuda.grid(1)), int32((int64(size) + 3) // 4), int32(cuda.gridsize(1))):
        words = philox(block, key[0], key[1] ^ tag, key[2], key[3])
        for j in range(min(int32(4), int32(size - 4 * block))):
            word = words[0] if j == 0 else words[1] if j == 1 else words[2] if j == 2 else words[3]
            out[4 * block + j] = float32(word >> np.uint64(8)) * float32(2.0**-24)


def _uniform64(key: Any, tag: Any, out: Any) -> None:
    """53 random bits for each element: multiples of 2^-53 in [0, 1)."""
    size = int32(out.size)
    for block in range(int32(cuda.grid(1)), int32((int64(size) + 1) // 2), int32(cuda.gridsize(1))):
        w0, w1, w2, w3 = philox(block, key[0], key[1] ^ tag, key[2], key[3])
        out[2 * block] = float64(((w0 << np.uint64(32)) | w1) >> np.uint64(11)) * 2.0**-53
        if 2 * block + 1 < size:
            out[2 * block + 1] = float64(((w2 << np.uint64(32)) | w3) >> np.uint64(11)) * 2.0**-53


def _normal32(key: Any, tag: Any, out: Any) -> None:
    """Box and Muller. A word near its end is counted from there, so that no small logarithm is rounded off."""
    size = int32(out.size)
    for i in range(int32(cuda.grid(1)), int32((int64(size) + 1) // 2), int32(cuda.gridsize(1))):
        w0, w1, w2, w3 = philox(i >> 1, key[0], key[1] ^ tag, key[2], key[3])
        u = w0 if i & 1 == 0 else w2
        v = w1 if i & 1 == 0 else w3
        if u < np.uint64(1 << 31):
            logarithm = math.log(float32(u + np.uint64(1)) * float32(2.0**-32))
        else:
            logarithm = math.log1p(-(float32(np.uint64(0xFFFFFFFF) - u) * float32(2.0**-32)))
        radius = math.sqrt(float32(-2.0) * logarithm)
        turn = int64(v + np.uint64(1 << 29)) >> 30
        cosine, sine = turned(int32(turn & 3), float32(int64(v) - (turn << 30)) * float32(_ANGLE))
        out[2 * i] = radius * cosine
        if 2 * i + 1 < size:
            out[2 * i + 1] = radius * sine


def _normal64(key: Any, tag: Any, out: Any) -> None:
    """Box and Muller on 53-bit uniforms."""
    size = int32(out.size)
    for i in range(int32(cuda.grid(1)), int32((int64(size) + 1) // 2), int32(cuda.gridsize(1))):
        w0, w1, w2, w3 = philox(i, key[0], key[1] ^ tag, key[2], key[3])
        u = float64(((w0 << np.uint64(32)) | w1) >> np.uint64(11))
        v = float64(((w2 << np.uint64(32)) | w3) >> np.uint64(11))
        radius = math.sqrt(-2.0 * math.log((u + 1.0) * 2.0**-53))
        angle = 2.0 * math.pi * (v * 2.0**-53)
        out[2 * i] = radius * math.cos(angle)
        if 2 * i + 1 < size:
            out[2 * i + 1] = radius * math.sin(angle)


def _new_keys(key: Any, tag: Any, first: Any, out: Any) -> None:
    """One block for each key, from block `first` on."""
    for i in range(int32(cuda.grid(1)), int32(out.size >> 2), int32(cuda.gridsize(1))):
        w0, w1, w2, w3 = philox(first[0] + i, key[0], key[1] ^ tag, key[2], key[3])
        out[4 * i] = w0
        out[4 * i + 1] = w1
        out[4 * i + 2] = w2
        out[4 * i + 3] = w3


_KEY = array(uint32), uint32
UNIFORM32 = Kernel("uniform_float32", _uniform32, *_KEY, array(float32))
UNIFORM64 = Kernel("uniform_float64", _uniform64, *_KEY, array(float64))
NORMAL32 = Kernel("normal_float32", _normal32, *_KEY, array(float32))
NORMAL64 = Kernel("normal_float64", _normal64, *_KEY, array(float64))
NEW_KEYS = Kernel("new_keys", _new_keys, *_KEY, array(int64), array(uint32))
KERNELS = [UNIFORM32, UNIFORM64, NORMAL32, NORMAL64, NEW_KEYS]


def _draw(single: Kernel, double: Kernel) -> Callable[[Call], Launch]:
    def prepare(call: Call) -> Launch:
        b = Builder(call)
        out = call.outs[0]
        if out.size:
            run = double if out.dtype is F64 else single
            b.over(run, -(-out.size // 2), contiguous(b, 0), np.uint32(DRAW), b.outs[0])
        return b.done()

    return prepare


def prepare_split(call: Call) -> Launch:
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        first = b.device.constant(0, I64)
        b.over(NEW_KEYS, out.size // 4, contiguous(b, 0), np.uint32(SPLIT), first, b.outs[0])
    return b.done()


def prepare_fold_in(call: Call) -> Launch:
    """The integer is the block number."""
    b = Builder(call)
    key = contiguous(b, 0)
    number = b.scalar(1, I64) if call.ins[1].dtype.weak else contiguous(b, 1, I64)
    b.over(NEW_KEYS, 1, key, np.uint32(FOLD), number, b.outs[0])
    return b.done()


PREPARE = {
    "random_uniform": _draw(UNIFORM32, UNIFORM64),
    "random_normal": _draw(NORMAL32, NORMAL64),
    "random_split": prepare_split,
    "random_fold_in": prepare_fold_in,
}
