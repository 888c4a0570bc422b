"""Vector mathematics: errors in units in the last place, what is exact, and the same for other processors' code."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarks import ulps
from shapetensor._core.dtypes import F32, F64, I32, AnyDType
from shapetensor._core.kernels import cache as kernels
from shapetensor._core.kernels import vector
from tests.core.processors import FEATURES, Processes, only_x86, printed, side_by_side, skip_unless_it_runs

DTYPES = [F32, pytest.param(F64, marks=pytest.mark.skipif(not ulps.LONG_IS_LONGER, reason="nothing to compare with"))]
ALLOWED = 2.0
INF, NAN = math.inf, math.nan
SUBNORMAL: dict[AnyDType, float] = {F32: 2.0**-149, F64: 2.0**-1074}
GREATEST: dict[AnyDType, float] = {dtype: float(np.finfo(dtype.dtype).max) for dtype in (F32, F64)}


def applied(name: str, dtype: AnyDType, values: Any) -> Any:
    x = np.array(values, dtype.dtype)
    out = np.empty_like(x)
    ulps.compiled(name, dtype)(x, out)
    return out


def check_exact(name: str, dtype: AnyDType, expected: dict[float, float]) -> None:
    """The values, and the sign of those that are 0."""
    found = applied(name, dtype, list(expected))
    wanted = np.array(list(expected.values()), dtype.dtype)
    np.testing.assert_array_equal(found, wanted)
    numbers = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(wanted)[numbers])


def check_errors(name: str, dtype: AnyDType, samples: int) -> None:
    error, at = ulps.worst(name, dtype, ulps.points(name, dtype, samples))
    assert error <= ALLOWED, f"{name} of {dtype.name} is {error} units off at {at!r}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(vector.FUNCTIONS))
def test_errors(name: str, dtype: AnyDType) -> None:
    check_errors(name, dtype, 100_000 if dtype is F32 else 20_000)


def test_every_function_has_a_truth_to_be_compared_with() -> None:
    assert set(ulps.CASES) == vector.FUNCTIONS


SPECIAL: dict[str, dict[float, float]] = {
    "exp": {0.0: 1.0, INF: INF, -INF: 0.0, NAN: NAN},
    "exp_of_negative": {0.0: 1.0, -INF: 0.0, NAN: NAN},
    "expm1": {0.0: 0.0, INF: INF, -INF: -1.0, NAN: NAN},
    "log": {0.0: -INF, 1.0: 0.0, INF: INF, -INF: NAN, -1.0: NAN, NAN: NAN},
    "log2": {0.0: -INF, 1.0: 0.0, 8.0: 3.0, INF: INF, -INF: NAN, -1.0: NAN, NAN: NAN},
    "log1p": {0.0: 0.0, -1.0: -INF, INF: INF, -INF: NAN, -1.5: NAN, NAN: NAN},
    "tanh": {0.0: 0.0, INF: 1.0, -INF: -1.0, NAN: NAN},
    "sigmoid": {0.0: 0.5, INF: 1.0, -INF: 0.0, NAN: NAN},
    "silu": {0.0: 0.0, INF: INF, -INF: -0.0, NAN: NAN},
    "softplus": {0.0: math.log(2), INF: INF, -INF: 0.0, NAN: NAN},
    "erf": {0.0: 0.0, INF: 1.0, -INF: -1.0, NAN: NAN},
    "gelu": {0.0: 0.0, INF: INF, -INF: -0.0, NAN: NAN},
    "sin": {0.0: 0.0, NAN: NAN},
    "cos": {0.0: 1.0, NAN: NAN},
    "rsqrt": {0.0: INF, 1.0: 1.0, 0.25: 2.0, INF: 0.0, -INF: NAN, -1.0: NAN, NAN: NAN},
}
# -0.0 and 0.0 are one key of a dictionary.
NEGATIVE_ZERO = {
    **dict.fromkeys(("expm1", "log1p", "tanh", "silu", "erf", "gelu", "sin"), -0.0),
    "exp": 1.0,
    "exp_of_negative": 1.0,
    "cos": 1.0,
    "sigmoid": 0.5,
    "softplus": math.log(2),
    "log": -INF,
    "log2": -INF,
    "rsqrt": -INF,
}


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", sorted(vector.FUNCTIONS))
def test_special_values(name: str, dtype: AnyDType) -> None:
    check_exact(name, dtype, SPECIAL[name])
    check_exact(name, dtype, {-0.0: NEGATIVE_ZERO[name]})


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ["expm1", "log1p", "tanh", "sin"])
def test_subnormal_numbers_stay_as_they_are(name: str, dtype: AnyDType) -> None:
    tiny = SUBNORMAL[dtype]
    check_exact(name, dtype, {sign * n * tiny: sign * n * tiny for n in (1, 2, 3, 1001) for sign in (1, -1)})


@pytest.mark.parametrize("dtype", [F32, F64])
def test_functions_of_subnormal_numbers(dtype: AnyDType) -> None:
    tiny = SUBNORMAL[dtype]
    square = 8 * tiny if dtype is F32 else 4 * tiny
    check_exact("rsqrt", dtype, {square: square**-0.5})
    check_exact("exp", dtype, {tiny: 1.0, -tiny: 1.0})
    check_exact("cos", dtype, {tiny: 1.0, -tiny: 1.0})
    np.testing.assert_allclose(applied("log", dtype, [tiny, 3 * tiny]), np.log([tiny, 3 * tiny]), rtol=1e-6)
    np.testing.assert_allclose(applied("log2", dtype, [tiny, 3 * tiny]), np.log2([tiny, 3 * tiny]), rtol=1e-6)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_log2_of_powers_of_two_is_exact(dtype: AnyDType) -> None:
    first, last = math.frexp(SUBNORMAL[dtype])[1] - 1, math.frexp(GREATEST[dtype])[1]
    check_exact("log2", dtype, {2.0**n: float(n) for n in range(first, last)})


# The last arguments whose exponential is finite, and not 0.
OVERFLOW: dict[AnyDType, float] = {F32: 88.72283, F64: 709.782712893384}
UNDERFLOW: dict[AnyDType, float] = {F32: -103.97207, F64: -745.1332191019411}


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ["exp", "expm1"])
def test_overflow_is_at_the_right_place(name: str, dtype: AnyDType) -> None:
    last = dtype.dtype.type(OVERFLOW[dtype])
    below, above = applied(name, dtype, [last, np.nextafter(last, dtype.dtype.type(INF))])
    assert np.isfinite(below)
    assert below > GREATEST[dtype] * 0.999
    assert above == INF


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ["exp", "exp_of_negative", "sigmoid", "softplus"])
def test_underflow_is_gradual(name: str, dtype: AnyDType) -> None:
    last = dtype.dtype.type(UNDERFLOW[dtype])
    assert applied(name, dtype, [last, last - 1]).tolist() == [SUBNORMAL[dtype], 0.0]


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize(
    "name", ["gelu", "silu", "log", "log2", "log1p", "rsqrt", "softplus", "tanh", "erf", "sigmoid"]
)
def test_the_greatest_numbers(name: str, dtype: AnyDType) -> None:
    big = GREATEST[dtype]
    wanted = {"log": np.log(big), "log1p": np.log(big), "log2": np.log2(big), "rsqrt": big**-0.5}
    wanted |= dict.fromkeys(("tanh", "erf", "sigmoid"), 1)
    np.testing.assert_allclose(applied(name, dtype, [big]), wanted.get(name, big), rtol=1e-6)
    if name in ("gelu", "silu", "softplus", "sigmoid"):
        assert applied(name, dtype, [-big]) == 0


_PARTS = """
{kernel}
def outside(x, out):
    for i in range(out.size):
        out[i] = NAME_outside(x[i])

{kernel}
def exactly(x, out):
    for i in range(out.size):
        out[i] = NAME_exactly(x[i])
"""


def parts(name: str, dtype: AnyDType) -> ModuleType:
    return kernels.load(f"parts_{name}", vector.source(name, dtype) + _PARTS.replace("NAME", name))


def test_only_periodic_functions_have_a_fallback() -> None:
    assert {name for name in vector.FUNCTIONS if vector.has_fallback(name)} == {"sin", "cos"}


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_outside_the_range(name: str, dtype: AnyDType) -> None:
    low, high = ulps.limits(name, dtype)
    x = np.array([0, low, high, NAN, 2 * high, 2 * low, 1e30, INF, -INF], dtype.dtype)
    outside = np.empty(x.size, np.bool_)
    parts(name, dtype).outside(x, outside)
    assert outside.tolist() == [False] * 4 + [True] * 5


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_the_fallback_is_libm_outside_and_the_polynomial_inside(name: str, dtype: AnyDType) -> None:
    _, high = ulps.limits(name, dtype)
    x = np.array([0.5, -3, 1000, 1.5 * high, -1e7, 1e30, INF, -INF, NAN], dtype.dtype)
    out = np.empty_like(x)
    parts(name, dtype).exactly(x, out)
    np.testing.assert_array_equal(out[:3], applied(name, dtype, x[:3]))
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(out, getattr(np, name)(x.astype(np.float64)), rtol=1e-6)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_helpers_are_there_once_and_before_their_use(dtype: AnyDType) -> None:
    text = vector.sources(sorted(vector.FUNCTIONS) * 2, dtype)
    names = re.findall(r"^def (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) >= vector.FUNCTIONS
    for name in names:
        assert text.index(f"def {name}(") <= min(m.start() for m in re.finditer(rf"\b{name}\(", text))


@pytest.mark.parametrize("name", sorted(name for name in vector.FUNCTIONS if not vector.has_fallback(name)))
def test_a_text_ends_with_its_function(name: str) -> None:
    assert re.findall(r"^def (\w+)", vector.source(name, F32), re.MULTILINE)[-1] == name


def test_no_functions_need_no_text_whatever_the_dtype() -> None:
    assert vector.sources([], I32) == ""


def test_unknown_functions_are_refused() -> None:
    with pytest.raises(ValueError, match="'gamma' is none of"):
        vector.source("gamma", F32)


_WORDS = """
{kernel}
def words(x, y, out):
    found = (WORDS)
    for i in range(len(found)):
        out[i] = found[i]
"""
# For a float and for an integer x and y: what is called and what it gives.
WORDS: list[tuple[str, float, float, dict[str, float]]] = [
    ("float32", -2.5, 3.0, {"fabs(x)": 2.5, "copysign(y, x)": -3, "sqrt(y * y)": 3}),
    ("float64", -2.5, 3.0, {"maximum(x, y)": 3, "minimum(x, y)": -2.5, "from_bits(bits(x))": -2.5}),
    ("float32", NAN, 3.0, {"maximum(x, y)": NAN, "maximum(y, x)": NAN, "minimum(x, y)": NAN, "minimum(y, x)": NAN}),
    ("float32", -2.5, 3.0, {"add_any_order(x, y)": 0.5, "multiply_any_order(x, y)": -7.5}),
    ("int32", -7, 3, {"maximum(x, y)": 3, "minimum(x, y)": -7, "plus(x, y)": -4, "minus(x, y)": -10, "is_odd(x)": 1}),
    ("int64", -7, 3, {"both(x, y)": 1, "differing(x, y)": -6, "shift_left(x, y)": -56, "shift_right(x, 61)": 7}),
    ("int32", -7, 3, {"both(x, 3)": 1, "shift_right(x, 29)": 7, "shift_left(y, 30)": -(2**30)}),
    ("uint8", 200, 100, {"maximum(x, y)": 200, "minimum(x, y)": 100}),
    ("int64", -7, 3, {"add_any_order(x, y)": -4, "multiply_any_order(x, y)": -21}),
]


@pytest.mark.parametrize(("dtype", "x", "y", "expected"), WORDS)
def test_words_of_llvm(dtype: str, x: float, y: float, expected: dict[str, float]) -> None:
    text = _WORDS.replace("WORDS", ", ".join(f"np.float64({call})" for call in expected) + ",")
    out = np.empty(len(expected))
    scalar = np.dtype(dtype).type
    kernels.load("words", text).words(scalar(x), scalar(y), out)
    np.testing.assert_array_equal(out, list(expected.values()))


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    yield from side_by_side("tests.core.test_vector", tmp_path_factory)


@only_x86
@pytest.mark.parametrize("target", FEATURES)
def test_code_for_other_processors(target: str, processes: Processes) -> None:
    skip_unless_it_runs(target)
    assert printed(processes[target]) == [f"{name} {d.name} vectorised" for name in ulps.CASES for d in (F32, F64)]


def is_vectorised(name: str, dtype: AnyDType) -> bool:
    """Whether there are products of whole vectors in the code, or quotients."""
    loop: Any = ulps.compiled(name, dtype)
    code = "".join(loop.inspect_asm().values())
    return re.search(rf"\bv?(mul|div|fmadd\d+)p{'s' if dtype is F32 else 'd'}\b", code) is not None


def check_everything() -> None:
    """What the processes of other targets run."""
    for name in ulps.CASES:
        for dtype in (F32, F64):
            test_special_values(name, dtype)
            if dtype is F32 or ulps.LONG_IS_LONGER:
                check_errors(name, dtype, 20_000 if dtype is F32 else 2_000)
            print(name, dtype.name, "vectorised" if is_vectorised(name, dtype) else "one by one")


if __name__ == "__main__":
    check_everything()
