"""Samples of softmax, log_softmax, cross entropy and normalisation, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
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
    EXTREME,
    LAYOUTS,
    SMOOTH,
    TIES,
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

Array = NDArray[Any]
# Above what threads are worth: rows longer than 4096 and not of whole vectors, several pieces of rows, many short rows
LARGE: tuple[Ints, ...] = ((23, 4999), (35_001, 3), (7, 5, 3001))
FLOATS: tuple[AnyDType, ...] = (F32, F64)
# A row with one certain class, one without any finite element, one with an infinite and one with an undefined element
ROWS = ((1000.0, 0.0, -1000.0), (-np.inf, 0.0, 1.0), (-np.inf,) * 3, (np.inf, 0.0, 1.0), (np.nan, 0.0, 1.0))


def softmax(x: Array, axis: int) -> Array:
    found: Array = special.softmax(x.astype(np.float64), axis=axis)
    return found


def log_softmax(x: Array, axis: int) -> Array:
    """Undefined, as softmax is, where an element is infinite; SciPy's alone is not."""
    found = special.log_softmax(x.astype(np.float64), axis=axis)
    return np.where(np.isposinf(x).any(axis, keepdims=True), np.nan, found)


def softmax_backward(grad: Array, y: Array, axis: int) -> Array:
    """y * (grad - <grad, y>)"""
    grad, y = grad.astype(np.float64), y.astype(np.float64)
    return np.asarray(y * (grad - (grad * y).sum(axis, keepdims=True)))


def log_softmax_backward(grad: Array, y: Array, axis: int) -> Array:
    """grad - exp(y) * sum(grad)"""
    grad, y = grad.astype(np.float64), y.astype(np.float64)
    return np.asarray(grad - np.exp(y) * grad.sum(axis, keepdims=True))


def cross_entropy_reference(logits: Array, labels: Array) -> list[Array]:
    """-log(softmax(logits)[label]), and softmax(logits)"""
    rows = log_softmax(logits, -1)
    return [-np.take_along_axis(rows, labels[..., None].astype(np.int64), -1)[..., 0], softmax(logits, -1)]


def cross_entropy_backward_reference(weights: Array, p: Array, labels: Array) -> Array:
    """weight * (p - onehot(label))"""
    onehot = np.arange(p.shape[-1]) == labels[..., None]
    return np.asarray(weights[..., None].astype(np.float64) * (p.astype(np.float64) - onehot))


def _floating(x: Array) -> Array:
    """Integers as the floats that ours makes of them; then as exact as can be."""
    return np.asarray((x if x.dtype.kind == "f" else x.astype(np.float32)).astype(np.float64))


def _moments(x: Array, count: int, eps: float) -> tuple[Array, Array]:
    """Distances from the mean of the last axes together, and 1 / sqrt(variance + eps)."""
    axes = tuple(range(x.ndim - count, x.ndim))
    size = np.prod([x.shape[a] for a in axes])
    centred = x - x.sum(axes, keepdims=True) / size
    return centred, 1 / np.sqrt((centred * centred).sum(axes, keepdims=True) / size + eps)


def standardize(x: Array, count: int, eps: float) -> Array:
    centred, r = _moments(_floating(x), count, eps)
    return centred * r


def standardize_backward(grad: Array, x: Array, count: int, eps: float) -> Array:
    """r * (grad - mean(grad) - z * mean(grad * z)) for z = standardize(x)"""
    centred, r = _moments(_floating(x), count, eps)
    z, middle = centred * r, _moments(_floating(grad), count, eps)[0]
    axes = tuple(range(x.ndim - count, x.ndim))
    return np.asarray(r * (middle - z * (grad * z).sum(axes, keepdims=True) / np.prod([x.shape[a] for a in axes])))


def layer_norm(x: Array, weight: Array, bias: Array, eps: float) -> Array:
    return standardize(x, weight.ndim, eps) * _floating(weight) + _floating(bias)


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
    yield from _along_large()


def _along_large() -> Iterator[Sample]:
    """Not smooth: finite differences of so many elements would take long."""
    for shape in LARGE:
        yield _along(shape, len(shape) - 1, F64, TIES)
    yield _along((4999, 23), 0, F64, TIES)
    yield _along((5, 3001, 7), 1, F64, TIES, "fortran")
    yield _along((23, 4999), 1, F32, TIES)


def _twice(sample: Sample, other: str = "c") -> Sample:
    """A gradient beside what this sample is of."""
    (operand,) = sample.tensors
    return Sample((replace(operand, layout=other), operand), sample.attrs, operand.dtype)


def _beside(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Gradients beside the operands of these samples, in all pairs of neighbouring layouts, and in both places."""
    for i, sample in enumerate(samples):
        if sample.tensors[0].dtype in FLOATS and sample.tensors[0].values is None:
            yield _twice(sample, LAYOUTS[i % len(LAYOUTS)] if max(sample.tensors[0].shape) < 1000 else "c")
            if i < 10:
                yield Sample((sample.tensors[0], Same(0)), sample.attrs, sample.tensors[0].dtype)


def _rows_backward_samples() -> Iterator[Sample]:
    yield from _beside(_along_samples())
    for dtype in FLOATS:
        rows = Operand((5, 3), dtype, values=ROWS)
        yield Sample((Operand((5, 3), dtype), rows), {"axis": 1}, dtype)
        yield Sample((rows, Operand((5, 3), dtype)), {"axis": 1}, dtype)


def _gradient_wrong(name: str, **attrs: Any) -> Iterator[Wrong]:
    """What is not alike: ranks, sizes, dtypes."""
    text = f"{name}: a gradient of (3,) beside (4, 3): their ranks differ"
    yield Wrong((((3,), F32), ((4, 3), F32)), ShapeError, text, attrs)
    text = f"{name}: a gradient of (4, 3) beside (4, 5): axis 1: 3 != 5"
    yield Wrong((((4, 3), F32), ((4, 5), F32)), ShapeError, text, attrs)
    for grad in COMPUTE:
        for y in COMPUTE:
            if grad is not y or y not in FLOATS:
                found = f"a gradient of {grad.__name__} beside {y.__name__}"
                text = f"{name}: {found}: both must be the same float dtype"
                yield Wrong((((4, 3), grad), ((4, 3), y)), DTypeError, text, attrs)
    yield from refuses_storage(name, lambda d: (((4, 3), d), ((4, 3), F32)), **attrs)
    yield from refuses_storage(name, lambda d: (((4, 3), F32), ((4, 3), d)), **attrs)


def _rows_backward_wrong(name: str) -> Iterator[Wrong]:
    yield from _gradient_wrong(name, axis=1)
    text = f"{name}: axis 2 is out of range for rank 2 (valid: -2..1)"
    yield Wrong((((3, 4), F32),) * 2, ShapeError, text, {"axis": 2})
    text = f"{name}: axis 0 is out of range for rank 0 (a scalar has no axes)"
    yield Wrong((((), F64),) * 2, ShapeError, text, {"axis": 0})
    yield Wrong((((3, 0), F32),) * 2, ShapeError, f"{name}: axis 1 of (3, 0) is empty", {"axis": 1})


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
    for shape in LARGE:
        yield Sample((Operand(shape, F64, TIES), Operand(shape[:-1], I64, below=shape[-1], least=0)))
    yield Sample(tuple(_rows(LARGE[0], F32, "c", I32)), out=F32)


def _backward_samples() -> Iterator[Sample]:
    for logits, labels in _shapes():
        yield Sample((Operand(labels.shape), logits, labels))
    yield Sample((Operand((4,), F64, SMOOTH, "stepped"), *_rows((4, 3))))
    yield Sample((Operand((4,), F64, SMOOTH, "stretched"), *_rows((4, 3), F64, "fortran")))
    for label in (I32, I64, U8):
        yield Sample((Operand((4,), F32), *_rows((4, 3), F32, "c", label)))
    for dtype in FLOATS:
        weights = Operand((5,), dtype, values=(np.inf, -0.0, np.nan, 1, -np.inf))
        rows = Operand((5, 3), dtype, values=((1, 0, 0), (0, 1, 0), (0, 0.5, 0.5), (np.nan, 0, 1), (0.5, 0.25, 0.25)))
        yield Sample((weights, rows, Operand((5,), I64, values=(1, 1, 0, 2, 0))))
    for shape in LARGE:
        classes = Operand(shape[:-1], I64, below=shape[-1], least=0)
        yield Sample((Operand(shape[:-1], F64, TIES), Operand(shape, F64, TIES), classes))


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
    for bad in ((35_000,), (12, 35_000), (17_000, 20_000)):  # the first one, whichever thread meets it
        text = f"cross_entropy: label 3 of row {bad[0]} is no class of 0 to 2"
        yield WrongCall(_many_rows(bad), IndexError, text)


def _many_rows(bad: Ints) -> Callable[[], object]:
    """A call whose labels are no class in these rows."""
    numbers = np.zeros(35_001, np.int64)
    numbers[[*bad]] = 3
    x, labels = st.zeros((35_001, 3)), st.from_numpy(numbers)
    return lambda: cross_entropy(x, labels)


def _backward_wrong() -> Iterator[Wrong | WrongCall]:
    lead = (((4,), F32),)
    yield from _labels_wrong("cross_entropy_backward", lead)
    yield from _label_types("cross_entropy_backward", lead)
    yield from _python_label("cross_entropy_backward", (((), F32),))
    same = "both must be the same float dtype"
    for scalar in (WeakInt, WeakFloat, WeakBool):
        text = f"cross_entropy_backward: a gradient of a Python {scalar.name} beside F32: {same}"
        yield Wrong((((), scalar), ((3,), F32), ((), I64)), DTypeError, text)
    text = "cross_entropy_backward: weights (5,) and labels (4,) differ: axis 0: 4 != 5"
    yield Wrong((((5,), F32), ((4, 3), F32), ((4,), I64)), ShapeError, text)
    text = "cross_entropy_backward: weights () want the shape of labels (4,)"
    yield Wrong((((), F32), ((4, 3), F32), ((4,), I64)), ShapeError, text)
    for dtype in COMPUTE:
        for p in COMPUTE:
            if dtype is not p or p not in FLOATS:
                text = f"cross_entropy_backward: a gradient of {dtype.__name__} beside {p.__name__}: {same}"
                yield Wrong((((4,), dtype), ((4, 3), p), ((4,), I64)), DTypeError, text)
    yield from refuses_storage("cross_entropy_backward", lambda d: (((4,), d), ((4, 3), F32), ((4,), I64)))
    weights, rows = st.zeros((2,)), st.zeros((2, 3))
    text = "cross_entropy: label 3 of row 1 is no class of 0 to 2"
    yield WrongCall(lambda: cross_entropy_backward(weights, rows, st.tensor([0, 3])), IndexError, text)


def _standardize_shapes() -> Iterator[tuple[Ints, int]]:
    yield from (((5,), 1), ((1,), 1), ((4, 3), 1), ((4, 3), 2), ((1, 7), 1), ((7, 1), 1), ((2, 3, 4), 2), ((3, 300), 1))
    yield from (((0, 3), 1), ((3, 0), 1), ((2, 1, 3, 1, 2, 2), 3), ((2, 1, 2, 1, 3), 5), ((2, 2, 1), 3))


def _standardize_samples() -> Iterator[Sample]:
    def sample(operand: Operand, count: int = 1, eps: float = 1e-5) -> Sample:
        out = operand.dtype if operand.dtype in FLOATS else F32
        return Sample((operand,), {"count": count, "eps": eps}, out)

    for i, (shape, count) in enumerate(_standardize_shapes()):
        yield sample(Operand(shape), count, (1e-5, 0.1)[i % 2])
    for layout in LAYOUTS:
        for count in (1, 2):
            # stretched along the row all elements are equal, and a small eps makes the slope steep
            yield sample(Operand((3, 5), F64, SMOOTH, layout), count, 0.1 if layout.startswith("stretched") else 0.0)
    yield sample(Operand((2, 3, 2, 2, 3, 2), F64, SMOOTH, "stepped"), 2)
    for dtype in COMPUTE:
        yield sample(Operand((4, 6), dtype, TIES), 1, 0.5)
        yield sample(Operand((4, 6), dtype, TIES, "fortran"), 2)
    yield sample(Operand((4, 5), U8, EXTREME))
    for dtype in FLOATS:
        yield sample(Operand((5, 3), dtype, values=ROWS))
        for eps in (0.0, 1e-5):  # equal elements: 0 / 0 or 0
            yield sample(Operand((2, 4), dtype, values=((2,) * 4, (1000, 1001, 1002, 1003))), 1, eps)
    for shape in LARGE:
        yield sample(Operand(shape, F64, TIES), 1, 0.1)
    yield sample(Operand((7, 5, 3001), F64, TIES), 2)
    yield sample(Operand((23, 4999), F32))


def _standardize_backward_samples() -> Iterator[Sample]:
    yield from _beside(_standardize_samples())
    for dtype in FLOATS:
        rows, attrs = Operand((5, 3), dtype, values=ROWS), {"count": 1, "eps": 1e-5}
        yield Sample((Operand((5, 3), dtype), rows), attrs, dtype)
        yield Sample((rows, Operand((5, 3), dtype)), attrs, dtype)


def _count_wrong(name: str, operands: int) -> Iterator[Wrong]:
    for shape, count in (((3, 4), 3), ((3, 4), 0), ((), 1), ((3,), -1)):
        text = f"{name}: {shape} has no {count} axes to normalise"
        yield Wrong(((shape, F32),) * operands, ShapeError, text, {"count": count, "eps": 1e-5})


def _standardize_wrong() -> Iterator[Wrong]:
    yield from _count_wrong("standardize", 1)
    yield from refuses_storage("standardize", lambda d: (((4, 3), d),), count=1, eps=1e-5)


def _standardize_backward_wrong() -> Iterator[Wrong]:
    yield from _count_wrong("standardize_backward", 2)
    yield from _gradient_wrong("standardize_backward", count=1, eps=1e-5)


def _layer_norm_samples() -> Iterator[Sample]:
    def sample(x: Operand, *others: Operand | Same, eps: float = 1e-5, out: AnyDType | None = None) -> Sample:
        return Sample((x, *others), {"eps": eps}, x.dtype if out is None else out)

    for i, (shape, count) in enumerate(_standardize_shapes()):
        last = Operand(shape[len(shape) - count :])
        yield sample(Operand(shape), last, last, eps=(1e-5, 0.1)[i % 2])
    for i, layout in enumerate(LAYOUTS):
        first, second = LAYOUTS[(i + 1) % len(LAYOUTS)], LAYOUTS[(i + 4) % len(LAYOUTS)]
        operands = [
            Operand((4, 3, 5), F64, SMOOTH, layout),
            *(Operand((3, 5), F64, SMOOTH, k) for k in (first, second)),
        ]
        yield sample(*operands)
        operands = [Operand((3, 5), F64, SMOOTH, layout), *(Operand((5,), F64, SMOOTH, k) for k in (first, second))]
        yield sample(*operands, eps=0.1)
    yield sample(Operand((5,)), Same(0), Same(0))
    yield sample(Operand((3, 5)), Operand((5,)), Same(1))
    yield sample(Operand((2, 5)), Same(0), Operand((2, 5)))
    for dtype in COMPUTE:
        out = dtype if dtype in FLOATS else F32
        rows, last = Operand((4, 6), dtype, TIES), Operand((6,), dtype, TIES)
        yield sample(rows, last, last, eps=0.5, out=out)
        for other in COMPUTE:
            wide = F64 if F64 in (dtype, other) else F32
            if other is not dtype:
                yield sample(rows, Operand((6,), other, TIES), last, out=wide)
                yield sample(rows, last, Operand((6,), other), out=wide)
    last = Operand((3,), F64)
    yield sample(Operand((5, 3), F64, values=ROWS), last, last)
    special = Operand((4,), F64, values=(np.inf, np.nan, -0.0, -np.inf))
    yield sample(Operand((2, 4)), special, Operand((4,)))
    yield sample(Operand((2, 4)), Operand((4,)), special)
    for shape in LARGE:
        last = Operand(shape[-1:], F64, TIES)
        yield sample(Operand(shape, F64, TIES), last, last)
    last = Operand((5, 3001), F32)
    yield sample(Operand((7, 5, 3001), F32), last, last)


def _layer_norm_wrong() -> Iterator[Wrong]:
    def wrong(x: Ints, weight: Ints, bias: Ints, text: str) -> Wrong:
        return Wrong(((x, F32), (weight, F32), (bias, F32)), ShapeError, f"layer_norm: {text}", attrs)

    attrs = {"eps": 1e-5}
    for x, weight, bias in (
        ((4, 3), (4, 3), (3,)),
        ((4, 3), (3,), (4, 3)),
        ((4, 3), (), ()),
        ((), (), ()),
        ((3,), (4, 3), (4, 3)),
    ):
        yield wrong(x, weight, bias, f"weight {weight} and bias {bias} should have the shape of the last axes of {x}")
    text = "weight (4, 5) does not fit the last axes of (2, 4, 3): axis 1: 3 != 5"
    yield wrong((2, 4, 3), (4, 5), (4, 3), text)
    yield wrong((4, 3), (3,), (2,), "bias (2,) does not fit the last axes of (4, 3): axis 0: 3 != 2")
    for place in range(3):

        def operands(dtype: AnyDType, place: int = place) -> tuple[tuple[Ints, AnyDType], ...]:
            return tuple((s, dtype if i == place else F32) for i, s in enumerate(((4, 3), (3,), (3,))))

        yield from refuses_storage("layer_norm", operands, **attrs)


def _rows_op(reference: Any, name: str) -> OpSamples:
    symbolic = (Symbolic(("B T D",), {"B": 2, "T": 3, "D": 5}, {"axis": 1}),)
    return OpSamples(reference, tuple(_along_samples()), tuple(_along_wrong(name)), {"x": ("out",)}, symbolic)


def _rows_backward_op(reference: Any, name: str) -> OpSamples:
    symbolic = (Symbolic(("B T D", "B T D"), {"B": 2, "T": 3, "D": 5}, {"axis": 1}),)
    kept = {"grad": ("y",), "y": ("grad", "y")}
    valid, wrong = tuple(_rows_backward_samples()), tuple(_rows_backward_wrong(name))
    return OpSamples(reference, valid, wrong, kept, symbolic)


SAMPLES = {
    "softmax": _rows_op(softmax, "softmax"),
    "log_softmax": _rows_op(log_softmax, "log_softmax"),
    "softmax_backward": _rows_backward_op(softmax_backward, "softmax_backward"),
    "log_softmax_backward": _rows_backward_op(log_softmax_backward, "log_softmax_backward"),
    "cross_entropy": OpSamples(
        cross_entropy_reference,
        tuple(_cross_entropy_samples()),
        tuple(_cross_entropy_wrong()),
        {"logits": ("labels", "out[0]", "out[1]")},
    ),
    "cross_entropy_backward": OpSamples(
        cross_entropy_backward_reference,
        tuple(_backward_samples()),
        tuple(_backward_wrong()),
        {"weights": ("p", "labels"), "p": ("weights",)},
    ),
    "standardize": OpSamples(
        standardize,
        tuple(_standardize_samples()),
        tuple(_standardize_wrong()),
        {"x": ("x",)},
        (Symbolic(("B T D",), {"B": 2, "T": 3, "D": 5}, {"count": 2, "eps": 1e-5}),),
    ),
    "standardize_backward": OpSamples(
        standardize_backward,
        tuple(_standardize_backward_samples()),
        tuple(_standardize_backward_wrong()),
        {"grad": ("x",), "x": ("grad", "x")},
        (Symbolic(("B T D", "B T D"), {"B": 2, "T": 3, "D": 5}, {"count": 2, "eps": 1e-5}),),
    ),
    "layer_norm": OpSamples(
        layer_norm,
        tuple(_layer_norm_samples()),
        tuple(_layer_norm_wrong()),
        {"x": ("x", "weight"), "weight": ("x",)},
        (Symbolic(("B T D", "T D", "T D"), {"B": 2, "T": 3, "D": 5}, {"eps": 1e-5}),),
    ),
}
