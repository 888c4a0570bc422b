"""Samples of softmax, log_softmax and cross_entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

import shapetensor as st
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType, Bool, Float, WeakBool, WeakFloat, WeakInt
from shapetensor._core.errors import DTypeError, ShapeError
from shapetensor._core.ops.fused import cross_entropy, cross_entropy_backward
from tests.ops.sample import (
    COMPUTE,
    EVERY,
    EXTREME,
    LAYOUTS,
    SMOOTH,
    TIES,
    Ints,
    Operand,
    OpSamples,
    Sample,
    Symbolic,
    Wrong,
    WrongCall,
    refuses_storage,
)

Array = NDArray[Any]
# A row with one certain class, one without any finite element, one with an infinite and one with an undefined element
ROWS = ((1000.0, 0.0, -1000.0), (-np.inf, 0.0, 1.0), (-np.inf,) * 3, (np.inf, 0.0, 1.0), (np.nan, 0.0, 1.0))


def softmax(x: Array, axis: int) -> Array:
    found: Array = special.softmax(x.astype(np.float64), axis=axis)
    return found


def log_softmax(x: Array, axis: int) -> Array:
    """Undefined, as softmax is, where an element is infinite; SciPy's alone is not."""
    found = special.log_softmax(x.astype(np.float64), axis=axis)
    return np.where(np.isposinf(x).any(axis, keepdims=True), np.nan, found)


def cross_entropy_reference(logits: Array, labels: Array) -> Array:
    """-log(softmax(logits)[label])"""
    rows = log_softmax(logits, -1)
    return -np.take_along_axis(rows, labels[..., None].astype(np.int64), -1)[..., 0]


def backward_reference(weights: Array, logits: Array, labels: Array) -> Array:
    """weight * (softmax(logits) - onehot(label))"""
    onehot = np.arange(logits.shape[-1]) == labels[..., None]
    return np.asarray(weights[..., None] * (softmax(logits, -1) - onehot))


def _along(shape: Ints, axis: int, dtype: AnyDType = F64, data: str = SMOOTH, layout: str = "c") -> Sample:
    out = dtype if issubclass(dtype, Float) else F32
    return Sample((Operand(shape, dtype, data, layout),), {"axis": axis}, out)


def _along_samples() -> Iterator[Sample]:
    for shape in ((1,), (5,), (2, 3), (1, 7), (7, 1), (0, 3), (4, 0, 3)[::2], (2, 3, 4), (2, 1, 3, 1, 2, 2)):
        for axis in range(len(shape)):
            if shape[axis]:
                yield _along(shape, axis)
    for i, layout in enumerate(LAYOUTS):
        yield _along((3, 5), i % 2, F64, SMOOTH, layout)
        yield _along((3, 5), (i + 1) % 2, F64, SMOOTH, layout)
    yield _along((2, 3, 2, 2, 3, 2), 2, F64, SMOOTH, "stepped")
    yield _along((2, 3, 2, 2, 3), 2, F64, SMOOTH, "stepped")
    yield _along((3, 300), 1)
    for dtype in COMPUTE:
        yield _along((4, 3), 1, dtype, TIES)
        yield _along((4, 3), 0, dtype, TIES, "fortran")
    yield _along((4, 5), 1, U8, EXTREME)
    for dtype in (F32, F64):
        yield Sample((Operand((5, 3), dtype, values=ROWS),), {"axis": 1}, dtype)
        yield Sample((Operand((3, 5), dtype, values=tuple(zip(*ROWS, strict=True))),), {"axis": 0}, dtype)


def _along_wrong(name: str) -> Iterator[Wrong]:
    text = f"{name}: axis 2 is out of range for rank 2 (valid: -2..1)"
    yield Wrong((((3, 4), F32),), ShapeError, text, {"axis": 2})
    text = f"{name}: axis 0 is out of range for rank 0 (a scalar has no axes)"
    yield Wrong((((), F64),), ShapeError, text, {"axis": 0})
    yield Wrong((((3, 0), F32),), ShapeError, f"{name}: axis 1 of (3, 0) is empty", {"axis": 1})
    yield from refuses_storage(name, lambda d: (((3,), d),), axis=0)


def _rows(shape: Ints, dtype: AnyDType = F64, layout: str = "c", label: AnyDType = I64) -> Iterator[Operand]:
    """Logits and labels."""
    yield Operand(shape, dtype, SMOOTH, layout)
    yield Operand(shape[:-1], label, below=shape[-1], least=0)


def _shapes() -> Iterator[tuple[Operand, Operand]]:
    for shape in ((5,), (1,), (4, 3), (1, 7), (7, 1), (0, 3), (2, 3, 4), (2, 1, 2, 1, 2, 3), (3, 300)):
        logits, labels = _rows(shape)
        yield logits, labels
    for layout in LAYOUTS:
        logits, labels = _rows((4, 3), F64, layout)
        yield logits, labels
    logits, _ = _rows((4, 3))
    yield logits, Operand((4,), I64, SMOOTH, "stepped", below=3, least=0)
    yield logits, Operand((4,), I32, SMOOTH, "stretched", below=3, least=0)
    for label in (I32, U8):
        logits, labels = _rows((4, 3), F64, "c", label)
        yield logits, labels


def _cross_entropy_samples() -> Iterator[Sample]:
    for operands in _shapes():
        yield Sample(operands)
    for dtype in COMPUTE:
        yield Sample(tuple(_rows((4, 3), dtype)), out=dtype if issubclass(dtype, Float) else F32)
    for dtype in (F32, F64):
        yield Sample((Operand((5, 3), dtype, values=ROWS), Operand((5,), I64, values=(0, 2, 1, 1, 0))))


def _backward_samples() -> Iterator[Sample]:
    for logits, labels in _shapes():
        yield Sample((Operand(labels.shape), logits, labels))
    yield Sample((Operand((4,), F64, SMOOTH, "stepped"), *_rows((4, 3))))
    yield Sample((Operand((4,), F64, SMOOTH, "stretched"), *_rows((4, 3), F64, "fortran")))
    for dtype in COMPUTE:
        out = dtype if issubclass(dtype, Float) else F32
        yield Sample((Operand((4,), out), *_rows((4, 3), dtype)), out=out)


def _labels_wrong(name: str, lead: tuple[tuple[Ints, AnyDType], ...]) -> Iterator[Wrong]:
    def wrong(logits: Ints, labels: Ints, text: str) -> Wrong:
        return Wrong((*lead, (logits, F32), (labels, I64)), ShapeError, f"{name}: {text}")

    yield wrong((4, 3), (4, 3), "logits (4, 3) want labels of shape (4,), not (4, 3)")
    yield wrong((), (), "logits () want labels of shape (), not ()")
    yield wrong((4, 3), (5,), "logits (4, 3) and labels (5,) differ: axis 0: 4 != 5")
    yield wrong((4, 0), (4,), "logits (4, 0) have no classes")


def _python_label(name: str, lead: tuple[tuple[Ints, AnyDType], ...]) -> Iterator[Wrong]:
    text = f"{name}: the label is a Python number, not a tensor: write st.tensor(...)"
    for dtype in (WeakInt, WeakFloat, WeakBool):
        yield Wrong((*lead, ((3,), F32), ((), dtype)), DTypeError, text)


def _label_types(name: str, lead: tuple[tuple[Ints, AnyDType], ...]) -> Iterator[Wrong]:
    for dtype in (F32, F64, Bool):
        text = f"{name}: labels are class indices, integers, not {dtype.__name__}"
        yield Wrong((*lead, ((4, 3), F32), ((4,), dtype)), DTypeError, text)
    yield from refuses_storage(name, lambda d: (*lead, ((4, 3), d), ((4,), I64)))
    yield from refuses_storage(name, lambda d: (*lead, ((4, 3), F32), ((4,), d)))


def _cross_entropy_wrong() -> Iterator[Wrong | WrongCall]:
    yield from _labels_wrong("cross_entropy", ())
    yield from _label_types("cross_entropy", ())
    yield from _python_label("cross_entropy", ())
    logits = st.zeros((2, 3))
    text = "cross_entropy: label 3 of row 1 is no class of 0 to 2"
    yield WrongCall(lambda: cross_entropy(logits, st.tensor([0, 3])), IndexError, text)
    text = "cross_entropy: label -1 of row 0 is no class of 0 to 2; to leave such rows out, give ignore_index=-1"
    yield WrongCall(lambda: cross_entropy(logits, st.tensor([-1, 3])), IndexError, text)


def _backward_wrong() -> Iterator[Wrong | WrongCall]:
    lead = (((4,), F32),)
    yield from _labels_wrong("cross_entropy_backward", lead)
    yield from _label_types("cross_entropy_backward", lead)
    yield from _python_label("cross_entropy_backward", (((), F32),))
    for scalar in (WeakInt, WeakFloat, WeakBool):
        text = f"cross_entropy_backward: weights are a Python {scalar.name} beside logits of F32: they must be F32"
        yield Wrong((((), scalar), ((3,), F32), ((), I64)), DTypeError, text)
    text = "cross_entropy_backward: weights (5,) and labels (4,) differ: axis 0: 4 != 5"
    yield Wrong((((5,), F32), ((4, 3), F32), ((4,), I64)), ShapeError, text)
    text = "cross_entropy_backward: weights () want the shape of labels (4,)"
    yield Wrong((((), F32), ((4, 3), F32), ((4,), I64)), ShapeError, text)
    for dtype in EVERY:
        for logits_dtype, loss in ((F32, F32), (F64, F64), (I64, F32)):
            text = (
                f"weights are {dtype.__name__} beside logits of {logits_dtype.__name__}: they must be {loss.__name__}"
            )
            operands = (((4,), dtype), ((4, 3), logits_dtype), ((4,), I64))
            if dtype is not loss:
                yield Wrong(operands, DTypeError, f"cross_entropy_backward: {text}")
    weights, logits = st.zeros((2,)), st.zeros((2, 3))
    text = "cross_entropy: label 3 of row 1 is no class of 0 to 2"
    yield WrongCall(lambda: cross_entropy_backward(weights, logits, st.tensor([0, 3])), IndexError, text)


def _rows_op(reference: Any, name: str) -> OpSamples:
    symbolic = (Symbolic(("B T D",), {"B": 2, "T": 3, "D": 5}, {"axis": 1}),)
    return OpSamples(reference, tuple(_along_samples()), tuple(_along_wrong(name)), {"x": ("out",)}, symbolic)


SAMPLES = {
    "softmax": _rows_op(softmax, "softmax"),
    "log_softmax": _rows_op(log_softmax, "log_softmax"),
    "cross_entropy": OpSamples(
        cross_entropy_reference,
        tuple(_cross_entropy_samples()),
        tuple(_cross_entropy_wrong()),
        {"logits": ("logits", "labels")},
    ),
    "cross_entropy_backward": OpSamples(
        backward_reference,
        tuple(_backward_samples()),
        tuple(_backward_wrong()),
        {"weights": ("logits", "labels"), "logits": ("weights", "logits")},
    ),
}
