"""Samples of matrix multiplication."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import shapetensor as st
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, Bool, WeakFloat
from shapetensor._core.errors import DTypeError, ShapeError
from tests.ops.sample import (
    EXTREME,
    LAYOUTS,
    SMOOTH,
    Ints,
    Operand,
    OpSamples,
    Same,
    Sample,
    Symbolic,
    Wrong,
    WrongCall,
    refuses_storage,
)

SHAPES: tuple[tuple[Ints, Ints], ...] = (
    ((1, 1), (1, 1)),
    ((2, 3), (3, 4)),
    ((1, 7), (7, 1)),
    ((7, 1), (1, 7)),
    ((3, 8), (8, 5)),
    ((2, 0), (0, 3)),
    ((0, 2), (2, 3)),
    ((2, 3), (3, 0)),
    ((2, 3, 4), (4, 5)),
    ((3, 4), (2, 4, 5)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 1, 3, 4), (3, 4, 2)),
    ((1, 3, 3, 4), (2, 1, 4, 2)),
    ((0, 3, 4), (4, 5)),
    ((2, 1, 2, 1, 2, 3), (1, 2, 1, 2, 3, 2)),
)
# Beyond what the kernels take as small, and around the sizes of their tiles
LARGE: tuple[tuple[Ints, Ints], ...] = (((17, 19), (19, 23)), ((33, 65), (65, 31)), ((3, 16, 16), (16, 16)))


def _samples() -> Iterator[Sample]:
    for x, w in SHAPES:
        yield Sample((Operand(x), Operand(w)))
    for i, layout in enumerate(LAYOUTS):
        other = LAYOUTS[(i + 3) % len(LAYOUTS)]
        yield Sample((Operand((5, 6), F64, SMOOTH, layout), Operand((6, 3), F64, SMOOTH, other)))
        yield Sample((Operand((2, 3, 4), F64, SMOOTH, other), Operand((2, 4, 3), F64, SMOOTH, layout)))
    for x, w in LARGE:
        yield Sample((Operand(x), Operand(w)))
        yield Sample((Operand(x, F64, SMOOTH, "swapped"), Operand(w, F64, SMOOTH, "swapped")))
        yield Sample((Operand(x, F64, SMOOTH, "stepped"), Operand(w, F64, SMOOTH, "stepped")))
    yield Sample((Operand((4, 4)), Same(0)))
    yield Sample((Operand((3, 4, 4), F64, SMOOTH, "swapped"), Same(0)))
    yield Sample((Operand((18, 18), F64, SMOOTH, "offset"), Same(0)))
    for dtype in (F32, F64, I32, I64, U8):
        yield Sample((Operand((3, 5), dtype), Operand((5, 4), dtype, SMOOTH, "swapped")), out=dtype)
    for dtype in (I32, I64, U8):
        yield Sample((Operand((5, 5), dtype, EXTREME), Operand((5, 5), dtype, EXTREME, "stepped")), out=dtype)
    for a, b, out in ((F32, F64, F64), (I64, F32, F32), (U8, I32, I32), (Bool, F32, F32), (F64, Bool, F64)):
        yield Sample((Operand((3, 4), a), Operand((4, 2), b)), out=out)
        yield Sample((Operand((2, 3, 4), b, SMOOTH, "fortran"), Operand((4, 2), a, SMOOTH, "stepped")), out=out)


def _wrong() -> Iterator[Wrong | WrongCall]:
    def wrong(x: Ints, w: Ints, text: str) -> Wrong:
        return Wrong(((x, F32), (w, F32)), ShapeError, f"matmul: {text}")

    yield wrong((3,), (3, 4), "(3,) @ (3, 4): (3,) has fewer than 2 axes; use expand_dims")
    yield wrong((3, 4), (), "(3, 4) @ (): () has fewer than 2 axes; use expand_dims")
    yield wrong((2, 3), (4, 5), "(2, 3) @ (4, 5): inner dimensions differ: 3 != 4")
    hint = "did you mean `w.mT` with shape (3, 4)?"
    yield wrong((2, 3), (4, 3), f"(2, 3) @ (4, 3): inner dimensions differ: 3 != 4; {hint}")
    text = "(2, 5, 3) @ (4, 3, 5): shapes (2,) and (4,) do not broadcast: axis -1: 2 != 4"
    yield wrong((2, 5, 3), (4, 3, 5), text)
    text = "matmul: (2, 3) @ (): () has fewer than 2 axes; use expand_dims"
    yield Wrong((((2, 3), F32), ((), WeakFloat)), ShapeError, text)
    text = "matmul: Bool has no products to sum: write x.astype(I32) or F32 first"
    yield Wrong((((2, 3), Bool), ((3, 2), Bool)), DTypeError, text)
    yield from refuses_storage("matmul", lambda d: (((2, 3), d), ((3, 2), F32)))
    yield from refuses_storage("matmul", lambda d: (((2, 3), F32), ((3, 2), d)))
    text = "matmul: numpy.ndarray is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)"
    yield WrongCall(lambda: np.ones((2, 2)) @ st.ones((2, 2)), DTypeError, text)


SAMPLES = {
    "matmul": OpSamples(
        np.matmul,
        tuple(_samples()),
        tuple(_wrong()),
        {"x": ("w",), "w": ("x",)},
        (Symbolic(("B 1 T D", "H D 2*T"), {"B": 2, "H": 3, "T": 4, "D": 5}),),
    )
}
