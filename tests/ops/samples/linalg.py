"""Samples of matrix multiplication and of the affine map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType, Bool, WeakFloat, promote
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
# x and weight of the affine map
AFFINE: tuple[tuple[Ints, Ints], ...] = (
    ((3, 4), (5, 4)),
    ((1, 1), (1, 1)),
    ((4,), (3, 4)),
    ((1,), (1, 1)),
    ((5, 7), (1, 7)),
    ((7, 1), (3, 1)),
    ((1, 7), (3, 7)),
    ((2, 3, 4), (2, 4)),
    ((2, 1, 2, 3), (3, 3)),
    ((1, 2, 1, 2, 1, 3), (2, 3)),
    ((0, 3), (2, 3)),
    ((2, 0, 3), (2, 3)),
    ((2, 0), (3, 0)),
    ((0,), (3, 0)),
    ((2, 3), (0, 3)),
)
LARGE_AFFINE: tuple[tuple[Ints, Ints], ...] = (((17, 19), (23, 19)), ((33, 65), (31, 65)), ((3, 16, 16), (16, 16)))


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


def linear(x: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
    """Computed in the dtype of the result."""
    x, weight, bias = (a.astype(np.result_type(x, weight, bias)) for a in (x, weight, bias))
    return np.asarray(x @ weight.T + bias)


def _affine(x: Operand, weight: Operand, bias: str = "c") -> Sample:
    """With a bias of the weight's dtype in this layout."""
    return Sample((x, weight, Operand(weight.shape[:1], weight.dtype, weight.data, bias)))


def _linear_samples() -> Iterator[Sample]:
    for x, weight in AFFINE:
        yield _affine(Operand(x), Operand(weight))
    for i, layout in enumerate(LAYOUTS):
        second, third = LAYOUTS[(i + 3) % len(LAYOUTS)], LAYOUTS[(i + 5) % len(LAYOUTS)]
        yield _affine(Operand((5, 6), F64, SMOOTH, layout), Operand((3, 6), F64, SMOOTH, second), third)
        yield _affine(Operand((2, 3, 4), F64, SMOOTH, third), Operand((5, 4), F64, SMOOTH, layout), second)
    for x, weight in LARGE_AFFINE:
        for layout in ("c", "swapped", "stepped"):
            yield _affine(Operand(x, F64, SMOOTH, layout), Operand(weight, F64, SMOOTH, layout), layout)
    yield Sample((Operand((4, 4)), Same(0), Operand((4,))))
    yield Sample((Operand((18, 18), F64, SMOOTH, "offset"), Same(0), Operand((18,))))
    yield Sample((Operand((3,)), Operand((3, 3)), Same(0)))
    yield from _linear_dtypes()


def _linear_dtypes() -> Iterator[Sample]:
    def sample(*dtypes: AnyDType, data: str = SMOOTH) -> Sample:
        shapes: tuple[Ints, ...] = ((2, 4), (3, 4), (3,))
        operands = (Operand(s, d, data) for s, d in zip(shapes, dtypes, strict=True))
        return Sample(tuple(operands), out=promote(*dtypes))

    for dtype in (F32, F64, I32, I64, U8):
        yield sample(dtype, dtype, dtype)
    for dtype in (I32, I64, U8):
        yield sample(dtype, dtype, dtype, data=EXTREME)
        yield sample(U8, U8, dtype, data=EXTREME)
    for a, b in ((F32, F64), (F32, I64), (I32, U8), (F32, Bool), (F64, Bool), (I64, Bool)):
        yield sample(b, a, a)
        yield sample(a, b, a)
        yield sample(a, a, b)
        yield sample(b, a, b)
    yield sample(U8, I32, F64)


def _linear_wrong() -> Iterator[Wrong]:
    def wrong(x: Ints, weight: Ints, bias: Ints, text: str) -> Wrong:
        return Wrong(((x, F32), (weight, F32), (bias, F32)), ShapeError, f"linear: {text}")

    ranks = "should be (..., in) and (out, in); use expand_dims or reshape"
    yield wrong((), (3, 4), (3,), f"x () and weight (3, 4) {ranks}")
    yield wrong((2, 4), (4,), (4,), f"x (2, 4) and weight (4,) {ranks}")
    yield wrong((2, 4), (), (), f"x (2, 4) and weight () {ranks}")
    yield wrong((2, 4), (1, 3, 4), (3,), f"x (2, 4) and weight (1, 3, 4) {ranks}")
    yield wrong((2, 3), (4, 5), (4,), "the last axes of x (2, 3) and weight (4, 5) differ: 3 != 5")
    hint = "did you mean `weight.mT` with shape (4, 3)?"
    yield wrong((2, 3), (3, 4), (4,), f"the last axes of x (2, 3) and weight (3, 4) differ: 3 != 4; {hint}")
    yield wrong((2, 3), (4, 3), (3,), "the first axes of weight (4, 3) and bias (3,) differ: 4 != 3")
    yield wrong((2, 3), (4, 3), (1,), "the first axes of weight (4, 3) and bias (1,) differ: 4 != 1")
    advice = "should be (out, in) and (out,); write x @ weight.mT + bias for one that broadcasts"
    yield wrong((2, 3), (4, 3), (2, 4), f"weight (4, 3) and bias (2, 4) {advice}")
    text = f"linear: weight (4, 3) and bias () {advice}"
    yield Wrong((((2, 3), F32), ((4, 3), F32), ((), WeakFloat)), ShapeError, text)
    text = "linear: Bool has no products to sum: write x.astype(I32) or F32 first"
    yield Wrong((((2, 3), Bool), ((4, 3), Bool), ((4,), F32)), DTypeError, text)
    for place in range(3):

        def operands(dtype: AnyDType, place: int = place) -> tuple[tuple[Ints, AnyDType], ...]:
            return tuple((s, dtype if i == place else F32) for i, s in enumerate(((2, 3), (4, 3), (4,))))

        yield from refuses_storage("linear", operands)


SAMPLES = {
    "matmul": OpSamples(
        np.matmul,
        tuple(_samples()),
        tuple(_wrong()),
        {"x": ("w",), "w": ("x",)},
        (Symbolic(("B 1 T D", "H D 2*T"), {"B": 2, "H": 3, "T": 4, "D": 5}),),
    ),
    "linear": OpSamples(
        linear,
        tuple(_linear_samples()),
        tuple(_linear_wrong()),
        {"x": ("weight",), "weight": ("x",)},
        (Symbolic(("B 1 T D", "2*T D", "2*T"), {"B": 2, "T": 4, "D": 5}),),
    ),
}
