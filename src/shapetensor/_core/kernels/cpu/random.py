"""Random numbers and keys, from the words of formulas/random.py."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...buffers import Flat
from ...dtypes import F64, I64
from ...op import Call
from ..formulas.random import DRAW, FOLD, SPLIT, philox
from ..launch import Builder, Launch
from ..source import Kernel, kernel
from .operands import contiguous


@kernel(philox)
def uniform32(key: Flat, tag: int, out: Flat) -> None:
    """24 random bits for each element: multiples of 2^-24 in [0, 1)."""
    unit = np.float32(2.0**-24)
    shift = np.uint64(8)
    for block in range((out.size + 3) // 4):
        words = philox(block, key[0], key[1] ^ np.uint32(tag), key[2], key[3])
        for j in range(min(4, out.size - 4 * block)):
            word = words[0] if j == 0 else words[1] if j == 1 else words[2] if j == 2 else words[3]
            out[4 * block + j] = np.float32(word >> shift) * unit


@kernel(philox)
def uniform64(key: Flat, tag: int, out: Flat) -> None:
    """53 random bits for each element: multiples of 2^-53 in [0, 1)."""
    for block in range((out.size + 1) // 2):
        w0, w1, w2, w3 = philox(block, key[0], key[1] ^ np.uint32(tag), key[2], key[3])
        first = ((w0 << np.uint64(32)) | w1) >> np.uint64(11)
        second = ((w2 << np.uint64(32)) | w3) >> np.uint64(11)
        out[2 * block] = np.float64(first) * 2.0**-53
        if 2 * block + 1 < out.size:
            out[2 * block + 1] = np.float64(second) * 2.0**-53


@kernel(philox)
def normal32(key: Flat, tag: int, out: Flat) -> None:
    """Box and Muller, in double precision, so that the tails are those of 32-bit uniforms."""
    half = (out.size + 1) // 2
    for i in range(half):
        w0, w1, w2, w3 = philox(i // 2, key[0], key[1] ^ np.uint32(tag), key[2], key[3])
        u = w0 if i % 2 == 0 else w2
        v = w1 if i % 2 == 0 else w3
        radius = math.sqrt(-2.0 * math.log((np.float64(u) + 1.0) * 2.0**-32))
        angle = 2.0 * math.pi * (np.float64(v) * 2.0**-32)
        out[2 * i] = radius * math.cos(angle)
        if 2 * i + 1 < out.size:
            out[2 * i + 1] = radius * math.sin(angle)


@kernel(philox)
def normal64(key: Flat, tag: int, out: Flat) -> None:
    """Box and Muller on 53-bit uniforms."""
    for i in range((out.size + 1) // 2):
        w0, w1, w2, w3 = philox(i, key[0], key[1] ^ np.uint32(tag), key[2], key[3])
        u = np.float64(((w0 << np.uint64(32)) | w1) >> np.uint64(11))
        v = np.float64(((w2 << np.uint64(32)) | w3) >> np.uint64(11))
        radius = math.sqrt(-2.0 * math.log((u + 1.0) * 2.0**-53))
        angle = 2.0 * math.pi * (v * 2.0**-53)
        out[2 * i] = radius * math.cos(angle)
        if 2 * i + 1 < out.size:
            out[2 * i + 1] = radius * math.sin(angle)


@kernel(philox)
def new_keys(key: Flat, tag: int, first: int, out: Flat) -> None:
    """One block for each key, from block `first` on."""
    for i in range(out.size // 4):
        w0, w1, w2, w3 = philox(first + i, key[0], key[1] ^ np.uint32(tag), key[2], key[3])
        out[4 * i] = w0
        out[4 * i + 1] = w1
        out[4 * i + 2] = w2
        out[4 * i + 3] = w3


def _draw(single: Kernel, double: Kernel) -> Callable[[Call], Launch]:
    def prepare(call: Call) -> Launch:
        b = Builder(call)
        out = call.outs[0]
        if out.size:
            run = double if out.dtype is F64 else single
            b.step(run.load(), contiguous(b, 0), DRAW, b.outs[0])
        return b.done()

    return prepare


def prepare_split(call: Call) -> Launch:
    b = Builder(call)
    if call.outs[0].size:
        b.step(new_keys.load(), contiguous(b, 0), SPLIT, 0, b.outs[0])
    return b.done()


def prepare_fold_in(call: Call) -> Launch:
    """The integer is the block number; one held in a tensor is read by a kernel of its own."""
    b = Builder(call)
    key = contiguous(b, 0)
    if call.ins[1].dtype.weak:
        b.step(new_keys.load(), key, FOLD, b.scalar(1, I64), b.outs[0])
    else:
        b.step(_fold_tensor(new_keys.load()), key, b.ins[1], b.outs[0])
    return b.done()


def _fold_tensor(run: Callable[..., None]) -> Callable[..., None]:
    return lambda key, data, out: run(key, FOLD, int(data[0]), out)


PREPARE = {
    "random_uniform": _draw(uniform32, uniform64),
    "random_normal": _draw(normal32, normal64),
    "random_split": prepare_split,
    "random_fold_in": prepare_fold_in,
}
