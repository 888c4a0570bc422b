"""Samples of the steps of optimizers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType, Bool, WeakBool, WeakFloat, WeakInt
from shapetensor._core.errors import DTypeError, ShapeError
from tests.ops.sample import (
    LAYOUTS,
    POSITIVE,
    SMOOTH,
    Ints,
    Operand,
    OpSamples,
    Same,
    Sample,
    Wrong,
    refuses_storage,
)

Array = NDArray[Any]
Attrs = dict[str, Any]
SHAPES: tuple[Ints, ...] = ((5,), (), (0,), (3, 0), (1,), (2, 3), (2, 3, 4), (17,), (2, 1, 3, 1, 2, 2), (70, 33))
PLAIN: Attrs = {"decay": 0.0}
MOMENTUM: Attrs = {"momentum": 0.9, "decay": 0.0, "nesterov": False}
ADAM: Attrs = {"b1": 0.9, "b2": 0.99, "eps": 1e-3, "decay": 0.0}
# Two operands that are one tensor; the mean square, which is not below 0, is the one in place 3.
TWICE: dict[str, tuple[tuple[int, int], ...]] = {
    "sgd_update": ((0, 1),),
    "momentum_update": ((0, 1), (1, 2), (0, 2)),
    "adam_update": ((0, 1), (0, 2), (1, 2), (4, 5), (5, 6)),
}


def sgd(x: Array, grad: Array, rate: Array, decay: float) -> Array:
    return np.asarray(x - rate * (grad + decay * x))


def with_momentum(
    x: Array, grad: Array, v: Array, rate: Array, momentum: float, decay: float, nesterov: bool
) -> list[Array]:
    grad = grad + decay * x
    v = momentum * v + grad
    return [np.asarray(x - rate * (grad + momentum * v if nesterov else v)), v]


def adam(
    x: Array,
    grad: Array,
    m: Array,
    v: Array,
    rate: Array,
    root: Array,
    kept: Array,
    b1: float,
    b2: float,
    eps: float,
    decay: float,
) -> list[Array]:
    grad = grad + decay * x
    m = b1 * m + (1 - b1) * grad
    v = b2 * v + (1 - b2) * grad**2
    return [np.asarray(kept * x - rate * m / (np.sqrt(v) / root + eps)), m, v]


def _operands(shaped: int, numbers: int, shape: Ints, dtype: AnyDType = F64, layout: str = "c") -> list[Any]:
    """A parameter and what belongs to it, then numbers; the fourth operand of Adam is a mean square."""
    data = [POSITIVE if i == 3 else SMOOTH for i in range(shaped)]
    return [Operand(shape, dtype, d, layout) for d in data] + [Operand((), dtype, POSITIVE)] * numbers


def _samples(name: str, shaped: int, numbers: int, attrs: Attrs, others: tuple[Attrs, ...]) -> Iterator[Sample]:
    for every in (attrs, *others):
        for shape in SHAPES:
            yield Sample(tuple(_operands(shaped, numbers, shape)), every)
    for layout in LAYOUTS:
        yield Sample(tuple(_operands(shaped, numbers, (4, 3), F64, layout)), others[0])
        for place in range(shaped):  # one that lies otherwise than the rest
            operands = _operands(shaped, numbers, (4, 3))
            operands[place] = _operands(shaped, numbers, (4, 3), F64, layout)[place]
            yield Sample(tuple(operands), attrs)
    yield Sample(tuple(_operands(shaped, numbers, (2, 3, 2, 2, 3), F64, "stepped")), others[0])
    yield Sample(tuple(_operands(shaped, numbers, (33,), F32)), attrs)
    yield Sample(tuple(_operands(shaped, numbers, (4, 3), F32, "fortran")), others[0])
    for a, b in TWICE[name]:
        operands = _operands(shaped, numbers, (3, 2) if a < shaped else ())
        operands[b] = Same(a)
        yield Sample(tuple(operands), others[0])


def _wrong(name: str, names: tuple[str, ...], numbers: tuple[str, ...], attrs: Mapping[str, Any]) -> Iterator[Wrong]:
    shaped = len(names) + 1

    def wrong(error: type[Exception], text: str, *operands: tuple[Ints, AnyDType]) -> Wrong:
        return Wrong(operands, error, f"{name}: {text}", attrs)

    right = [((4, 3), F32)] * shaped + [((), F32)] * len(numbers)
    for i, label in enumerate(names, start=1):
        text = f"the parameter has shape (4, 3), {label} "
        for shape, found in (((4, 5), "(4, 5): axis 1: 3 != 5"), ((3,), "(3,)"), ((), "()"), ((1, 4, 3), "(1, 4, 3)")):
            yield wrong(ShapeError, text + found, *right[:i], (shape, F32), *right[i + 1 :])
    for i, label in enumerate(numbers, start=shaped):
        yield wrong(
            ShapeError, f"{label} has shape (1,), not (): it is one number", *right[:i], ((1,), F32), *right[i + 1 :]
        )
    for i in range(len(right)):
        for scalar in (WeakInt, WeakFloat, WeakBool):
            text = "an operand is a Python number, not a tensor: write st.tensor(...)"
            numbers_only = [((), F32)] * len(right)
            yield wrong(DTypeError, text, *numbers_only[:i], ((), scalar), *numbers_only[i + 1 :])
        for other in (F64, I32, I64, U8, Bool) if i else ():
            text = f"beside a parameter of F32 there is a tensor of {other.__name__}"
            yield wrong(DTypeError, text, *right[:i], (right[i][0], other), *right[i + 1 :])
    for dtype in (I32, I64, U8, Bool):
        text = f"the parameter is a tensor of {dtype.__name__}, not of F32 or F64"
        yield wrong(DTypeError, text, *((shape, dtype) for shape, _ in right))
    yield from refuses_storage(name, lambda d: tuple((shape, d) for shape, _ in right), **attrs)
    yield from refuses_storage(name, lambda d: (*right[:-1], ((), d)), **attrs)


GRADIENT = "the gradient"
SGD_OPERANDS = (GRADIENT,), ("the rate",)
MOMENTUM_OPERANDS = (GRADIENT, "the momentum buffer"), ("the rate",)
ADAM_OPERANDS = (GRADIENT, "its mean", "its mean square"), ("the rate", "the root", "the part kept")
NEW = ("out[0]", "out[1]", "out[2]")

SAMPLES = {
    "sgd_update": OpSamples(
        sgd,
        tuple(_samples("sgd_update", 2, 1, PLAIN, ({"decay": 0.3},))),
        tuple(_wrong("sgd_update", *SGD_OPERANDS, PLAIN)),
        {"x": ("rate",), "grad": ("rate",), "rate": ("x", "grad")},
    ),
    "momentum_update": OpSamples(
        with_momentum,
        tuple(
            _samples(
                "momentum_update",
                3,
                1,
                MOMENTUM,
                (
                    {**MOMENTUM, "decay": 0.3, "nesterov": True},
                    {**MOMENTUM, "decay": 0.3},
                    {**MOMENTUM, "nesterov": True},
                ),
            )
        ),
        tuple(_wrong("momentum_update", *MOMENTUM_OPERANDS, MOMENTUM)),
        {"x": ("rate",), "grad": ("rate",), "v": ("rate",), "rate": ("x", "grad", *NEW[:2])},
    ),
    "adam_update": OpSamples(
        adam,
        tuple(_samples("adam_update", 4, 3, ADAM, ({**ADAM, "decay": 0.3}, {**ADAM, "b1": 0.0}))),
        tuple(_wrong("adam_update", *ADAM_OPERANDS, ADAM)),
        {
            "x": ("x", "grad", "rate", "root", "kept", *NEW),
            "grad": ("x", "grad", "rate", "root", *NEW),
            "m": ("rate", "root", *NEW),
            "v": ("rate", "root", *NEW),
            "rate": ("root", *NEW),
            "root": ("rate", "root", *NEW),
            "kept": ("x",),
        },
    ),
}
