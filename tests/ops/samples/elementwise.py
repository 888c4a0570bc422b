"""Samples of the elementwise ops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.dtypes import F32, F64, I32, I64, U8, AnyDType, Bool, Float, WeakFloat, WeakInt
from shapetensor._core.errors import DTypeError, ShapeError
from tests.ops.sample import (
    COMPUTE,
    DISTINCT,
    EVERY,
    EXTREME,
    LAYOUTS,
    POSITIVE,
    SMOOTH,
    SPECIAL,
    TIES,
    Operand,
    OpSamples,
    Same,
    Sample,
    Wrong,
    WrongCall,
    refuses_storage,
)

Array = NDArray[Any]
Result = Callable[[AnyDType], AnyDType]
# More axes than kernels have loops, whichever neighbours are merged
DEEP = (2, 3, 2, 2, 3, 2)
DEEP_STRETCHED = (2, 1, 2, 1, 3, 1)
FIVE = (2, 3, 2, 2, 3)
SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((), ()),
    ((3,), ()),
    ((1,), (5,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 1), (1, 3)),
    ((4, 1, 5), (3, 1)),
    ((3, 1), (2, 3, 4)),
    ((0, 3), (3,)),
    ((2, 0), (1, 1)),
    ((7, 11), (7, 11)),
    (DEEP, DEEP_STRETCHED),
    (DEEP_STRETCHED, DEEP),
    (FIVE, (2, 1, 2, 1, 3)),
)
MIXED: tuple[tuple[AnyDType, AnyDType, AnyDType], ...] = (
    (F32, F64, F64),
    (I64, F32, F32),
    (I32, I64, I64),
    (U8, I32, I32),
    (F32, Bool, F32),
    (U8, F64, F64),
    (Bool, I64, I64),
    (Bool, U8, U8),
)
WEAK: tuple[tuple[AnyDType, float, AnyDType], ...] = (
    (F32, 2, F32),
    (F64, 2.5, F64),
    (I32, 2, I32),
    (I64, 2.5, F32),
    (U8, 3, U8),
    (Bool, 2, I64),
    (Bool, 2.5, F32),
    (F32, True, F32),
)


def integers_to_f32(dtype: AnyDType) -> AnyDType:
    return dtype if issubclass(dtype, Float) else F32


def to_bool(dtype: AnyDType) -> AnyDType:
    return Bool


def same(dtype: AnyDType) -> AnyDType:
    return dtype


def binary(data: tuple[str, str], result: Result, *, booleans: bool = True, exact: str = TIES) -> Iterator[Sample]:
    """Shapes that broadcast both ways, layouts, dtypes, scalars on either side, and one tensor in both places."""
    x, y = data
    for a, b in SHAPES:
        yield Sample((Operand(a, F64, x), Operand(b, F64, y)), out=result(F64))
    for i, layout in enumerate(LAYOUTS):
        other = LAYOUTS[(i + 3) % len(LAYOUTS)]
        yield Sample((Operand((3, 5), F64, x, layout), Operand((3, 5), F64, y, other)), out=result(F64))
    yield Sample((Operand((3, 5), F64, x), Same(0)), out=result(F64))
    for deep in (FIVE, DEEP):
        yield Sample((Operand(deep, F64, x, "stepped"), Operand(deep, F64, y, "fortran")), out=result(F64))
    for place in (0, 1):
        for operand in (Operand((3, 4), F64, x), Operand((3, 4), F64, x, "swapped"), Operand((), F64, x)):
            operands: list[Operand | float] = [operand]
            operands.insert(place, 1.25)
            yield Sample(tuple(operands), out=result(F64))
    yield Sample((Operand((11, 1), F64, SPECIAL), Operand((1, 11), F64, SPECIAL)), out=result(F64))
    for dtype in COMPUTE:
        if booleans or dtype is not Bool:
            yield Sample((Operand((3, 4), dtype, x), Operand((3, 4), dtype, y)), out=result(dtype))
            yield Sample((Operand((3, 4), dtype, exact), Operand((4,), dtype, exact)), out=result(dtype))
    for dtype in (I32, I64, U8):
        yield Sample((Operand((5, 1), dtype, EXTREME), Operand((1, 5), dtype, EXTREME)), out=result(dtype))
    for first, second, out in MIXED:
        yield Sample((Operand((2, 5), first, x), Operand((2, 5), second, y)), out=result(out))
        yield Sample((Operand((2, 1), second, x, "stepped"), Operand((2, 5), first, y, "fortran")), out=result(out))
    for dtype, scalar, out in WEAK:
        yield Sample((Operand((2, 3), dtype, x), scalar), out=result(out))
        yield Sample((scalar, Operand((2, 3), dtype, y)), out=result(out))
    if booleans:
        yield Sample((Operand((4,), Bool), True), out=result(Bool))


def binary_wrong(name: str, *, booleans: bool = True, operator: Any = None) -> Iterator[Wrong | WrongCall]:
    """Shapes that do not broadcast, dtypes that do not compute, scalars out of range, arrays that are no tensors."""
    text = f"{name}: shapes (2, 3) and (2, 4) do not broadcast: axis -1: 3 != 4"
    yield Wrong((((2, 3), F32), ((2, 4), F32)), ShapeError, text)
    text = f"{name}: shapes (3, 1, 2) and (4, 5, 1) do not broadcast: axis -3: 3 != 4"
    yield Wrong((((3, 1, 2), F64), ((4, 5, 1), I64)), ShapeError, text)
    yield from refuses_storage(name, lambda d: (((3,), d), ((3,), F32)))
    yield from refuses_storage(name, lambda d: (((3,), F32), ((), d)))
    if not booleans:
        text = f"{name}: Bool has no such arithmetic: write x.astype(I32) or F32 first"
        yield Wrong((((3,), Bool), ((3,), Bool)), DTypeError, text)
    if operator is not None:
        byte = st.tensor([1, 2], dtype=U8)
        text = f"{name}: 300 is out of range for U8 (0 to 255)"
        yield WrongCall(lambda: operator(byte, 300), OverflowError, text)
        text = f"{name}: numpy.ndarray is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)"
        yield WrongCall(lambda: operator(byte, np.ones(2)), DTypeError, text)


def widened(function: Callable[..., Any]) -> Callable[[Array], Any]:
    """NumPy computes functions of small integers in half precision."""
    return lambda x: function(x if x.dtype.kind == "f" else x.astype(np.float64))


def unary(data: str, result: Result, *, booleans: bool = True) -> Iterator[Sample]:
    """Shapes, layouts, dtypes and special values."""
    for shape in ((), (1,), (5,), (0,), (3, 0, 2), (7, 11), (2, 3, 4), (2, 1, 3, 1, 2), (2, 1, 3, 1, 2, 2)):
        yield Sample((Operand(shape, F64, data),), out=result(F64))
    for layout in LAYOUTS:
        yield Sample((Operand((3, 5), F64, data, layout),), out=result(F64))
    for deep in (FIVE, DEEP):
        yield Sample((Operand(deep, F64, data, "stepped"),), out=result(F64))
    for dtype in COMPUTE:
        if booleans or dtype is not Bool:
            yield Sample((Operand((9,), dtype, data),), out=result(dtype))
            yield Sample((Operand((2, 3, 4), dtype, TIES, "fortran"),), out=result(dtype))
    for dtype in (F32, F64):
        yield Sample((Operand((11,), dtype, SPECIAL),), out=result(dtype))
    for dtype in (I32, I64, U8):
        yield Sample((Operand((5,), dtype, EXTREME),), out=result(dtype))


def unary_wrong(name: str, *, booleans: bool = True) -> Iterator[Wrong | WrongCall]:
    yield from refuses_storage(name, lambda d: (((2, 3), d),))
    if not booleans:
        text = f"{name}: Bool has no such arithmetic: write x.astype(I32) or F32 first"
        yield Wrong((((3,), Bool),), DTypeError, text)


def _op(
    name: str,
    reference: Callable[..., Any],
    *,
    data: tuple[str, str] = (SMOOTH, SMOOTH),
    result: Result = same,
    booleans: bool = True,
    kept: Mapping[str, tuple[str, ...]] | None = None,
    more: tuple[Sample, ...] = (),
    exact: bool = False,
    operator: Any = None,
) -> OpSamples:
    valid = (*binary(data, result, booleans=booleans), *more)
    wrong = tuple(binary_wrong(name, booleans=booleans, operator=operator))
    return OpSamples(reference, valid, wrong, kept or {}, exact=exact)


def _function(
    name: str,
    reference: Callable[..., Any],
    *,
    data: str = SMOOTH,
    result: Result = same,
    booleans: bool = True,
    kept: tuple[str, ...] = (),
    more: tuple[Sample, ...] = (),
    exact: bool = False,
) -> OpSamples:
    valid = (*unary(data, result, booleans=booleans), *more)
    return OpSamples(
        reference, valid, tuple(unary_wrong(name, booleans=booleans)), {"x": kept} if kept else {}, exact=exact
    )


def _comparison(name: str, reference: Callable[..., Any]) -> OpSamples:
    return _op(name, reference, data=(TIES, TIES), result=to_bool, exact=True)


def _tied(*operands: tuple[float, ...]) -> tuple[Operand, ...]:
    return tuple(Operand((len(values),), F64, values=values) for values in operands)


BINARY = {
    "add": _op("add", np.add, operator=lambda x, y: x + y, exact=True),
    "sub": _op("sub", np.subtract, booleans=False, operator=lambda x, y: x - y, exact=True),
    "mul": _op("mul", np.multiply, kept={"x": ("y",), "y": ("x",)}, operator=lambda x, y: x * y, exact=True),
    "div": _op(
        "div",
        np.divide,
        result=integers_to_f32,
        kept={"x": ("y",), "y": ("y", "out")},
    ),
    "maximum": _op(
        "maximum",
        np.maximum,
        data=(DISTINCT, DISTINCT),
        kept={"x": ("x", "y"), "y": ("x", "y")},
        exact=True,
        more=(
            Sample(_tied((1, 2, 3), (2, 2, 2)), gradients=((0, 0.5, 1), (1, 0.5, 0))),
            Sample((*_tied((-1, 0, 1)), 0.0), gradients=((0, 0.5, 1),)),
            Sample((Operand(()), -2.5)),
        ),
    ),
    "equal": _comparison("equal", np.equal),
    "not_equal": _comparison("not_equal", np.not_equal),
    "less": _comparison("less", np.less),
    "less_equal": _comparison("less_equal", np.less_equal),
    "greater": _comparison("greater", np.greater),
    "greater_equal": _comparison("greater_equal", np.greater_equal),
}


def _power(x: Any, y: Any) -> Any:
    """NumPy refuses negative powers of integers; ours are 0."""
    x, y = np.asarray(x), np.asarray(y)
    if "f" in (x.dtype.kind, y.dtype.kind):
        return np.power(x, y)
    whole = np.result_type(x, y) if np.result_type(x, y).kind != "b" else np.int64
    return np.where(y < 0, 0, np.power(x.astype(whole), np.maximum(y.astype(whole), 0)))


BINARY |= {
    "minimum": _op(
        "minimum",
        np.minimum,
        data=(DISTINCT, DISTINCT),
        kept={"x": ("x", "y"), "y": ("x", "y")},
        exact=True,
        more=(
            Sample(_tied((1, 2, 3), (2, 2, 2)), gradients=((1, 0.5, 0), (0, 0.5, 1))),
            Sample((*_tied((-1, 0, 1)), 0.0), gradients=((1, 0.5, 0),)),
        ),
    ),
    "pow": _op(
        "pow",
        _power,
        data=(POSITIVE, SMOOTH),
        booleans=False,
        kept={"x": ("x", "y"), "y": ("x", "out")},
        operator=lambda x, y: x**y,
        more=(
            Sample(_tied((0, 0, 2), (0, 2, 3)), gradients=((0, 0, 12), (0, 0, 8 * np.log(2)))),
            Sample((*_tied((0, 2)), 0.0), gradients=((0, 0),)),
            Sample((*_tied((0, -2)), 3), gradients=((0, 12),)),
            Sample((0.0, *_tied((0, 2))), gradients=((0, 0),)),
        ),
    ),
    "floor_divide": _op("floor_divide", np.floor_divide, booleans=False, operator=lambda x, y: x // y),
    "remainder": _op("remainder", np.remainder, booleans=False, kept={"y": ("x", "y")}, operator=lambda x, y: x % y),
}
UNARY = {
    "neg": _function("neg", np.negative, booleans=False, exact=True),
    "exp": _function("exp", widened(np.exp), result=integers_to_f32, kept=("out",)),
    "log": _function("log", widened(np.log), data=POSITIVE, result=integers_to_f32, kept=("x",)),
    "sqrt": _function(
        "sqrt",
        widened(np.sqrt),
        data=POSITIVE,
        result=integers_to_f32,
        kept=("out",),
        more=(Sample(_tied((0, 4)), gradients=((np.inf, 0.25),)),),
    ),
    "tanh": _function("tanh", widened(np.tanh), result=integers_to_f32, kept=("out",)),
    "relu": _function(
        "relu",
        lambda x: np.maximum(x, 0),
        booleans=False,
        kept=("out",),
        exact=True,
        more=(Sample(_tied((-1, 0, -0.0, 2)), gradients=((0, 0, 0, 1),)),),
    ),
}


def gradient(name: str, slope: Callable[[Array], Any]) -> OpSamples:
    """`grad` times a function of the other operand."""

    def reference(grad: Any, y: Any) -> Any:
        """Of integers as the floats that ours makes of them; then as exact as can be."""
        numbers = [np.asarray(a) for a in (grad, y)]
        wide = [(a if a.dtype.kind == "f" else a.astype(np.float32)).astype(np.float64) for a in numbers]
        return wide[0] * slope(wide[1])

    kept = {"grad": ("y",), "y": ("grad", "y")}
    return _op(name, reference, result=integers_to_f32, kept=kept, more=tuple(_shared_by_threads()))


def _shared_by_threads() -> Iterator[Sample]:
    """So many elements that threads take a part each: alone, in rows, and stretched along them."""
    for first, second in (((317, 331),) * 2, ((103, 1021), (1021,)), ((5, 1, 211), (5, 101, 1))):
        yield Sample((Operand(first, F32), Operand(second, F32, SMOOTH, "stepped")), out=F32)
    yield Sample((Operand((317, 331), F32, SMOOTH, "fortran"), Operand((317, 331), F32)), out=F32)
    yield Sample((0.5, Operand((104_729,), F32)), out=F32)


GRADIENTS = {
    "relu_backward": _op(
        "relu_backward",
        lambda grad, y: np.where(np.greater(y, 0), grad, 0),
        result=integers_to_f32,
        kept={"grad": ("y",)},
        more=tuple(_shared_by_threads()),
        exact=True,
    ),
    "tanh_backward": gradient("tanh_backward", lambda y: 1 - y * y),
}


def _where_samples() -> Iterator[Sample]:
    condition, x, y = Operand((3, 1), Bool), Operand((3, 4)), Operand((4,))
    yield Sample((condition, x, y), out=F64)
    for truth in (True, False):
        yield Sample((truth, Operand(()), Operand(())), out=F64)
        yield Sample((Operand((), Bool, values=truth), Operand((2,)), Operand(())), out=F64)
    yield Sample((Operand((5,), Bool), Operand((5,)), Operand((5,))), out=F64)
    yield Sample((Operand((3, 4), Bool), Operand((2, 3, 4)), Operand((2, 1, 4))), out=F64)
    yield Sample((Operand((2, 3, 1, 2), Bool), Operand((3, 4, 2)), Operand((2, 1, 4, 1))), out=F64)
    yield Sample((Operand(DEEP, Bool), Operand(DEEP_STRETCHED), Operand(DEEP, F64, SMOOTH, "stepped")), out=F64)
    yield Sample((Operand((0, 3), Bool), Operand((3,)), Operand((1, 1))), out=F64)
    yield Sample((Operand((3, 5), Bool), Operand((3, 5)), Same(1)), out=F64)
    yield Sample((Operand((3, 5), Bool), Same(0), Same(0)), out=Bool)
    for i, layout in enumerate(LAYOUTS):
        first, second = LAYOUTS[(i + 1) % len(LAYOUTS)], LAYOUTS[(i + 4) % len(LAYOUTS)]
        operands = (
            Operand((3, 5), Bool, SMOOTH, layout),
            Operand((3, 5), F64, SMOOTH, first),
            Operand((3, 5), F64, SMOOTH, second),
        )
        yield Sample(operands, out=F64)
    yield from _where_scalars(Operand((3, 5)))
    for dtype in COMPUTE:
        yield Sample((Operand((3, 5), Bool), Operand((3, 5), dtype), Operand((3, 5), dtype)), out=dtype)
    for a, b, out in MIXED:
        yield Sample((Operand((2, 5), Bool), Operand((2, 5), a), Operand((5,), b)), out=out)
    special = Operand((11,), F64, SPECIAL)
    yield Sample((Operand((11,), Bool), special, Operand((11,), F64, SPECIAL, "stepped")), out=F64)


def _where_scalars(x: Operand) -> Iterator[Sample]:
    yield Sample((Operand((3, 5), Bool), x, 0.5), out=F64)
    yield Sample((Operand((3, 5), Bool, SMOOTH, "fortran"), 0.5, x), out=F64)
    yield Sample((True, Operand((3,), F32), Operand((), F32)), out=F32)
    yield Sample((False, Operand((3, 5), F32, SMOOTH, "fortran"), 0.5), out=F32)
    yield Sample((Operand((3,), Bool), 1.0, 2.0), out=F32)
    yield Sample((Operand((3,), Bool), 1, 2), out=I64)
    yield Sample((Operand((3,), Bool), True, False), out=Bool)
    yield Sample((Operand((3,), Bool), 1, 2.5), out=F32)
    yield Sample((Operand((3,), Bool), Operand((3,), U8), 7), out=U8)
    yield Sample((Operand((), Bool), Operand((3,), F32), 7.0), out=F32)


def _where_wrong() -> Iterator[Wrong | WrongCall]:
    text = "where: shapes (3,), (4,) and (3,) do not broadcast: axis -1: 3 != 4"
    yield Wrong((((3,), Bool), ((4,), F32), ((3,), F32)), ShapeError, text)
    numbers: list[tuple[AnyDType, str]] = [(d, d.__name__) for d in EVERY if d is not Bool]
    numbers += [(WeakInt, "I64"), (WeakFloat, "F32")]
    for dtype, shown in numbers:
        text = f"where: the condition is {shown}, not Bool: compare it with something first"
        yield Wrong(((() if dtype.weak else (3,), dtype), ((3,), F32), ((3,), F32)), DTypeError, text)
    yield from refuses_storage("where", lambda d: (((3,), Bool), ((3,), d), ((3,), F32)))
    yield from refuses_storage("where", lambda d: (((3,), Bool), ((3,), F32), ((3,), d)))


WHERE = {
    "where": OpSamples(
        np.where, tuple(_where_samples()), tuple(_where_wrong()), {"x": ("condition",), "y": ("condition",)}, exact=True
    )
}


def _clip_samples() -> Iterator[Sample]:
    def clip(*operands: Operand | Same | float, out: AnyDType = F64) -> Sample:
        return Sample(operands, out=out)

    def distinct(*shape: int, layout: str = "c") -> Operand:
        return Operand(shape, F64, DISTINCT, layout)

    yield clip(distinct(3, 4), distinct(4), distinct(3, 1))
    yield clip(distinct(), distinct(), distinct())
    yield clip(distinct(4), distinct(3, 1), distinct(2, 1, 1))
    yield clip(distinct(12), distinct(12), distinct(12))
    yield clip(distinct(2, 3, 4), distinct(2, 3, 4), distinct(2, 3, 4))
    yield clip(distinct(), -5.0, 5.0)
    yield clip(5.0, -5.0, distinct())
    for scalar in (1, 0.05, True):
        yield clip(scalar, distinct(3, 1), distinct(5))
        yield clip(distinct(3, 1), distinct(5), scalar)
    yield clip(distinct(0, 3), distinct(3), distinct(1, 1))
    yield clip(distinct(2, 1, 3, 1, 2), distinct(2), distinct(1, 1))
    yield clip(distinct(*DEEP), distinct(*DEEP_STRETCHED), distinct(*DEEP, layout="stepped"))
    yield clip(distinct(3, 5), Same(0), distinct(3, 5))
    yield clip(distinct(3, 5), distinct(3, 5), Same(1))
    for i, layout in enumerate(LAYOUTS):
        first, second = LAYOUTS[(i + 1) % len(LAYOUTS)], LAYOUTS[(i + 4) % len(LAYOUTS)]
        yield clip(distinct(3, 5, layout=layout), distinct(3, 5, layout=first), distinct(3, 5, layout=second))
    for bounds in ((-1.05, 1.05), (1.05, -1.05), (-np.inf, 0.05), (0, np.inf)):
        yield clip(distinct(3, 5), *bounds)
        yield clip(distinct(3, 5, layout="swapped"), bounds[0], distinct(5))
        yield clip(distinct(5), distinct(3, 5), bounds[1])
    for dtype in COMPUTE:
        if dtype is not Bool:
            yield clip(Operand((9,), dtype, TIES), Operand((9,), dtype), Operand((9,), dtype), out=dtype)
            yield clip(Operand((5,), dtype, TIES), 0, 1, out=dtype)
    for a, b, out in MIXED:
        yield clip(Operand((2, 5), a), Operand((2, 5), b), Operand((5,), a), out=out)
    for dtype, scalar, out in WEAK:
        yield clip(Operand((2, 3), dtype), scalar, 5, out=I64 if out is Bool else out)
    special = Operand((11, 1, 1), F64, SPECIAL), Operand((11, 1), F64, SPECIAL), Operand((11,), F64, SPECIAL)
    yield clip(*special)
    yield from _clip_at_bounds()


def _clip_at_bounds() -> Iterator[Sample]:
    tied = _tied((0, 1, 2, 3, 4), (1,) * 5, (3,) * 5)
    yield Sample(tied, gradients=((0, 1, 1, 1, 0), (1, 0, 0, 0, 0), (0, 0, 0, 0, 1)))
    crossed = _tied((0, 3, 5), (4,) * 3, (2,) * 3)  # the upper bound wins
    yield Sample(crossed, gradients=((0, 0, 0), (0, 0, 0), (1, 1, 1)))
    yield Sample(_tied((0, 2, 4), (2,) * 3, (2,) * 3), gradients=((0, 1, 0), (1, 0, 0), (0, 0, 1)))


def _clip_wrong() -> Iterator[Wrong]:
    text = "clip: shapes (3,), (4,) and (3,) do not broadcast: axis -1: 3 != 4"
    yield Wrong((((3,), F32), ((4,), F32), ((3,), F32)), ShapeError, text)
    text = "clip: Bool has no such arithmetic: write x.astype(I32) or F32 first"
    yield Wrong((((3,), Bool), ((3,), Bool), ((3,), Bool)), DTypeError, text)
    yield from refuses_storage("clip", lambda d: (((3,), d), ((3,), F32), ((3,), F32)))
    yield from refuses_storage("clip", lambda d: (((3,), F32), ((3,), d), ((3,), F32)))
    yield from refuses_storage("clip", lambda d: (((3,), F32), ((3,), F32), ((3,), d)))


def _logical_samples() -> Iterator[Sample]:
    for a, b in SHAPES:
        yield Sample((Operand(a, Bool), Operand(b, Bool)))
    for i, layout in enumerate(LAYOUTS):
        other = LAYOUTS[(i + 3) % len(LAYOUTS)]
        yield Sample((Operand((3, 5), Bool, SMOOTH, layout), Operand((3, 5), Bool, SMOOTH, other)))
    yield Sample((Operand((3, 5), Bool), Same(0)))
    for truth in (True, False):
        yield Sample((Operand((3, 5), Bool), truth))
        yield Sample((truth, Operand((3, 5), Bool, SMOOTH, "fortran")))


def _logical_wrong(name: str, binary: bool) -> Iterator[Wrong]:
    for dtype in EVERY:
        if dtype is not Bool:
            text = f"{name}: {dtype.__name__} is not Bool: compare it with something first, as in x != 0"
            yield Wrong((((3,), dtype), ((3,), Bool))[: 1 + binary], DTypeError, text)
            if binary:
                yield Wrong((((3,), Bool), ((3,), dtype)), DTypeError, text)
    for scalar in (WeakInt, WeakFloat) if binary else ():
        text = f"{name}: {scalar.name} is not Bool: compare it with something first, as in x != 0"
        yield Wrong((((3,), Bool), ((), scalar)), DTypeError, text)
        yield Wrong((((), scalar), ((3,), Bool)), DTypeError, text)
    if binary:
        text = f"{name}: shapes (2, 3) and (2, 4) do not broadcast: axis -1: 3 != 4"
        yield Wrong((((2, 3), Bool), ((2, 4), Bool)), ShapeError, text)


def _logical(name: str, reference: Any) -> OpSamples:
    return OpSamples(reference, tuple(_logical_samples()), tuple(_logical_wrong(name, True)), exact=True)


def _not_samples() -> Iterator[Sample]:
    for shape in ((), (1,), (5,), (0,), (3, 0, 2), (7, 11), (2, 1, 3, 1, 2), (2, 1, 3, 1, 2, 2)):
        yield Sample((Operand(shape, Bool),))
    for layout in LAYOUTS:
        yield Sample((Operand((3, 5), Bool, SMOOTH, layout),))


LOGICAL = {
    "logical_and": _logical("logical_and", np.logical_and),
    "logical_or": _logical("logical_or", np.logical_or),
    "logical_xor": _logical("logical_xor", np.logical_xor),
    "logical_not": OpSamples(
        np.logical_not, tuple(_not_samples()), tuple(_logical_wrong("logical_not", False)), exact=True
    ),
}
_BOUNDED = ("x", "low", "high")
CLIP = {
    "clip": OpSamples(
        lambda x, low, high: np.minimum(np.maximum(x, low), high),
        tuple(_clip_samples()),
        tuple(_clip_wrong()),
        dict.fromkeys(_BOUNDED, _BOUNDED),
        exact=True,
    )
}
SAMPLES = BINARY | UNARY | GRADIENTS | WHERE | LOGICAL | CLIP
