"""Samples of the random ops; the reference is Philox4x32-10 in Python integers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import (
    BF16,
    F16,
    F32,
    F64,
    I8,
    I32,
    I64,
    U8,
    U32,
    AnyDType,
    Bool,
    WeakBool,
    WeakFloat,
    WeakInt,
)
from shapetensor._core.errors import DTypeError, ShapeError
from tests.ops.sample import EVERY, EXTREME, Ints, Operand, OpSamples, Sample, Symbolic, Wrong, WrongCall

Array = NDArray[Any]
WORD = 0xFFFFFFFF
DRAW, SPLIT, FOLD = 0x0, 0x5B1C0DE5, 0xF01DF01D  # kept apart by the second word of the key


def philox(counter: Ints, key: Ints) -> Ints:
    """Ten rounds as in Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.3."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (q >> 32) ^ c1 ^ k0, q & WORD, (p >> 32) ^ c3 ^ k1, p & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return c0, c1, c2, c3


def blocks(key: Array, tag: int, count: int, first: int = 0) -> Array:
    """Blocks of four words; the key's upper words are the upper half of the counter."""
    k0, k1, c2, c3 = map(int, key)
    numbers = ((first + i) % 2**64 for i in range(count))
    words = [philox((n & WORD, n >> 32, c2, c3), (k0, k1 ^ tag)) for n in numbers]
    return np.array(words, np.uint64).reshape(count, 4)


def doubles(words: Array) -> Array:
    """53 bits of each pair of words."""
    high, low = words[:, 0::2], words[:, 1::2]
    return (((high << np.uint64(32)) | low) >> np.uint64(11)).astype(np.float64)


def uniform(key: Array, shape: Ints, dtype: AnyDType) -> Array:
    size = int(np.prod(shape))
    words = blocks(key, DRAW, size)
    if dtype is F64:
        return np.asarray(doubles(words) * 2.0**-53).reshape(-1)[:size].reshape(shape)
    return np.asarray((words >> np.uint64(8)).astype(np.float64) * 2.0**-24).reshape(-1)[:size].reshape(shape)


def normal(key: Array, shape: Ints, dtype: AnyDType) -> Array:
    """Box and Muller: a pair of uniforms gives a pair of normals."""
    size = int(np.prod(shape))
    words = blocks(key, DRAW, size)
    if dtype is F64:
        bits = doubles(words)
        u, v = (bits[:, :1] + 1) * 2.0**-53, bits[:, 1:] * 2.0**-53
    else:
        bits = words.astype(np.float64)
        u, v = (bits[:, 0::2] + 1) * 2.0**-32, bits[:, 1::2] * 2.0**-32
    radius, angle = np.sqrt(-2 * np.log(u)), 2 * np.pi * v
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)
    found: Array = pairs.reshape(-1)[:size].reshape(shape)
    return found


def split(key: Array, n: int) -> Array:
    return blocks(key, SPLIT, n).astype(np.uint32)


def fold_in(key: Array, data: Any) -> Array:
    return np.asarray(blocks(key, FOLD, 1, int(data))[0], np.uint32)


KEY = Operand((4,), U32, EXTREME)
KNOWN = Operand((4,), U32, values=(2110698764, 1837138155, 3430967294, 1023024834))


def _draws() -> Iterator[Sample]:
    for dtype in (F32, F64):
        for shape in ((), (1,), (2,), (3,), (5,), (0, 3), (7, 11), (2, 1, 3, 1, 2, 2)):
            yield Sample((KNOWN,), {"shape": shape, "dtype": dtype}, dtype)
        for key in (KEY, Operand((4,), U32, EXTREME, "stepped"), Operand((4,), U32, values=(0, 0, 0, 0))):
            yield Sample((key,), {"shape": (6,), "dtype": dtype}, dtype)


def _splits() -> Iterator[Sample]:
    for n in (0, 1, 2, 5):
        yield Sample((KNOWN,), {"n": n})
    for key in (KEY, Operand((4,), U32, EXTREME, "stepped")):
        yield Sample((key,), {"n": 3})


def _folds() -> Iterator[Sample]:
    for number in (0, 1, -1, 2**40 + 7, 2**63 - 1, -(2**63)):
        yield Sample((KNOWN, number))
        yield Sample((KNOWN, Operand((), I64, values=number)))
    for dtype, number in ((I32, -5), (U8, 255), (I8, -128), (U32, 2**32 - 1)):
        yield Sample((KEY, Operand((), dtype, values=number)))
    yield Sample((Operand((4,), U32, EXTREME, "stepped"), 3))


def _key_wrong(name: str, more: tuple[tuple[Ints, AnyDType], ...] = (), **attrs: Any) -> Iterator[Wrong]:
    for shape, text in (((), "()"), ((3,), "(3,)"), ((2, 4), "(2, 4)")):
        message = f"{name}: a random key has shape (4,), not {text}: make one with st.random.key(seed)"
        yield Wrong(((shape, U32), *more), ShapeError, message, attrs)
    for dtype in (d for d in EVERY if d is not U32):
        message = f"a random key is a Tensor[U32, L[4]], not {dtype.__name__}: make one with st.random.key(seed)"
        yield Wrong((((4,), dtype), *more), DTypeError, message, attrs)


def _draw_wrong(name: str) -> Iterator[Wrong]:
    yield from _key_wrong(name, shape=(2,), dtype=F32)
    for dtype in (d for d in EVERY if d not in (F32, F64)):
        text = f"random numbers are drawn as F32 or F64, not {dtype.__name__}: write .astype(...) behind it"
        yield Wrong((((4,), U32),), DTypeError, text, {"shape": (2,), "dtype": dtype})


def _split_wrong() -> Iterator[Wrong | WrongCall]:
    yield from _key_wrong("random_split", n=2)
    text = "split: n is -1: there cannot be fewer than 0 keys"
    yield WrongCall(lambda: st.random.split(st.random.key(0), -1), ShapeError, text)


def _fold_wrong() -> Iterator[Wrong | WrongCall]:
    yield from _key_wrong("random_fold_in", (((), WeakInt),))
    text = "random_fold_in: fold_in takes one integer, not a tensor of shape (2,)"
    yield Wrong((((4,), U32), ((2,), I64)), ShapeError, text)
    for dtype, found in (
        *((d, d.__name__) for d in (F32, F64, F16, BF16, Bool)),
        (WeakFloat, "F32"),
        (WeakBool, "Bool"),
    ):
        text = f"fold_in takes an integer, not {found}"
        yield Wrong((((4,), U32), ((), dtype)), DTypeError, text)
    text = "random_fold_in: 9223372036854775808 is out of range for I64 (-9223372036854775808 to 9223372036854775807)"
    key = st.random.key(0)
    yield WrongCall(lambda: st.random.fold_in(key, 2**63), OverflowError, text)


SIZES = {"B": 2, "T": 3}
DRAWN = Symbolic(("4",), SIZES, {"shape": "B 2*T", "dtype": F32})
SAMPLES = {
    "random_uniform": OpSamples(
        uniform, tuple(_draws()), tuple(_draw_wrong("random_uniform")), symbolic=(DRAWN,), exact=True
    ),
    "random_normal": OpSamples(normal, tuple(_draws()), tuple(_draw_wrong("random_normal")), symbolic=(DRAWN,)),
    "random_split": OpSamples(
        split,
        tuple(_splits()),
        tuple(_split_wrong()),
        symbolic=(Symbolic(("4",), SIZES, {"n": "T"}, dim_attrs=("n",)),),
    ),
    "random_fold_in": OpSamples(fold_in, tuple(_folds()), tuple(_fold_wrong()), symbolic=(Symbolic(("4", ""), SIZES),)),
}
