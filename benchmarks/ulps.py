"""How far the functions in kernels/vector.py are from the truth, and how long they take.

    python benchmarks/ulps.py [--samples N] [--only NAME ...] [--all]

The errors are in units in the last place. The truth is NumPy's and SciPy's in float64 for float32 (--all: all float32
numbers of the range), and NumPy's longdouble for float64, where it is longer than that.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy import special

from shapetensor._core.dtypes import F32, F64, AnyDType
from shapetensor._core.kernels import cache, vector

LONG = np.longdouble
LONG_IS_LONGER = np.finfo(LONG).nmant >= 63
CHUNK = 1 << 22  # numbers at a time with --all
_LOOP = """
{kernel}
def loop(x, out):
    for i in range(out.size):
        out[i] = FUNCTION(x[i])
"""


class Case(NamedTuple):
    """A function, the truth for float64 arrays and for longdouble ones, and the range for each dtype."""

    single: Callable[[Any], Any]
    double: Callable[[Any], Any]
    ranges: tuple[tuple[float, float], tuple[float, float]]


def exp_of_square(x: Any) -> Any:
    """exp(-x**2); x is split into halves, since the last place of a large square is much in an exponential."""
    upper = x.astype(np.float32).astype(LONG)
    return np.exp(-upper * upper) * np.exp(-(x - upper) * (x + upper))


def scaled_erfc(x: Any) -> Any:
    """exp(x**2) erfc(x) from 1 on: the continued fraction."""
    below = x
    for k in range(250, 0, -1):
        below = x + LONG(k) / 2 / below
    return 1 / (np.sqrt(LONG(PI)) * below)


def scaled_erf(x: Any) -> Any:
    """exp(x**2) erf(x) up to 1: a series whose terms have one sign."""
    term = total = 2 * x / np.sqrt(LONG(PI))
    for k in range(1, 40):
        term = term * 2 * x * x / (2 * k + 1)
        total = total + term
    return total


PI = LONG(4) * np.arctan(LONG(1))


def erf(x: Any) -> Any:
    a = np.abs(x)
    near, far = np.minimum(a, 1), np.maximum(a, 1)
    return np.sign(x) * np.where(
        a < 1, scaled_erf(near) * exp_of_square(near), 1 - scaled_erfc(far) * exp_of_square(far)
    )


def gelu(x: Any) -> Any:
    """x times the normal distribution; where it is small, its square root of two goes into the exact exponent."""
    y = x / np.sqrt(LONG(2))
    a = np.maximum(-y, 1)
    upper = x.astype(np.float32).astype(LONG)
    half_square = np.exp(-upper * upper / 2) * np.exp(-(x - upper) * (x + upper) / 2)
    return x / 2 * np.where(y < -1, scaled_erfc(a) * half_square, 1 + erf(y))


def sigmoid(x: Any) -> Any:
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _same(function: Callable[[Any], Any], *ranges: tuple[float, float]) -> Case:
    return Case(function, function, (ranges[0], ranges[-1]))


MOST = (float(np.finfo(np.float32).max), float(np.finfo(np.float64).max))
# To where the function has overflowed, vanished or become constant, and a little further.
CASES = {
    "exp": _same(np.exp, (-104.5, 89), (-746, 710)),
    "exp_of_negative": _same(np.exp, (-104.5, 0), (-746, 0)),
    "expm1": _same(np.expm1, (-104.5, 89), (-746, 710)),
    "log": _same(np.log, (0, MOST[0]), (0, MOST[1])),
    "log2": _same(np.log2, (0, MOST[0]), (0, MOST[1])),
    "log1p": _same(np.log1p, (-1, MOST[0]), (-1, MOST[1])),
    "rsqrt": _same(lambda x: 1 / np.sqrt(x), (0, MOST[0]), (0, MOST[1])),
    "tanh": _same(np.tanh, (-12, 12), (-22, 22)),
    "sigmoid": _same(sigmoid, (-105, 105), (-747, 747)),
    "silu": _same(lambda x: x * sigmoid(x), (-112, 112), (-762, 762)),
    "softplus": _same(softplus, (-105, 105), (-747, 747)),
    "erf": Case(special.erf, erf, ((-4.5, 4.5), (-6.5, 6.5))),
    "gelu": Case(lambda x: x * special.ndtr(x), gelu, ((-15, 15), (-39.5, 39.5))),
    "sin": _same(np.sin, (-(2**17), 2**17), (-(2**20), 2**20)),
    "cos": _same(np.cos, (-(2**17), 2**17), (-(2**20), 2**20)),
}


def compiled(name: str, dtype: AnyDType) -> Callable[[Any, Any], None]:
    """A loop of the function over an array, into another."""
    loop: Callable[[Any, Any], None] = cache.load(
        f"ulps_{name}", vector.source(name, dtype) + _LOOP.replace("FUNCTION", name)
    ).loop
    return loop


def limits(name: str, dtype: AnyDType) -> tuple[float, float]:
    return CASES[name].ranges[dtype is F64]


def points(name: str, dtype: AnyDType, samples: int) -> Any:
    """Numbers of the range: even, of all magnitudes, close to its ends, to 1 and -1, and to multiples of pi / 2."""
    low, high = limits(name, dtype)
    rng = np.random.default_rng(samples)
    small = np.log(float(np.finfo(dtype.dtype).smallest_subnormal))
    sizes = np.exp(rng.uniform(small, np.log(max(-low, high)), 2 * samples))
    some = np.exp(rng.uniform(np.log(1e-3), np.log(30), 2 * samples))
    close = 1 + rng.choice([-1, 1], samples) * np.exp(rng.uniform(np.log(1e-17), 0, samples))
    ends = np.array([[low], [high]]) * (1 - np.exp(rng.uniform(np.log(1e-17), np.log(0.1), (2, samples // 2))))
    most = int(min(max(-low, high), 1e6))
    turns = rng.integers(-most, most, samples) // 2 * (np.pi / 2)
    even = rng.uniform(max(low, -1e5), min(high, 1e5), samples)
    found = np.concatenate([sizes, -sizes, some, -some, close, -close, ends.ravel(), turns, even]).astype(dtype.dtype)
    return found[(found >= low) & (found <= high)]


def errors(x: Any, y: Any, truth: Any) -> Any:
    """Distance of y from the truth in units in the last place of it, infinite where only one of them is nan or inf."""
    nearest = truth.astype(x.dtype)
    same = (y == nearest) | (np.isnan(y) & np.isnan(nearest))
    distance = np.abs((y - truth) / np.abs(np.spacing(nearest)).astype(truth.dtype))
    return np.where(same & ~np.isfinite(nearest), 0, np.where(np.isfinite(distance), distance, np.inf))


def worst(name: str, dtype: AnyDType, x: Any) -> tuple[float, float]:
    """The greatest error at the points x, and where it is."""
    y = np.empty_like(x)
    compiled(name, dtype)(x, y)
    case, wide = CASES[name], LONG if dtype is F64 else np.float64
    with np.errstate(all="ignore"):
        found = errors(x, y, (case.double if dtype is F64 else case.single)(x.astype(wide)))
    at = int(found.argmax())
    return float(found[at]), float(x[at])


def all_points(name: str) -> Iterator[Any]:
    """All float32 numbers of the range, in parts; the bits of those of one sign are consecutive."""
    low, high = limits(name, F32)
    for end, sign in ((-low, 1 << 31), (high, 0)):
        last = int(np.float32(max(end, 0)).view(np.uint32))
        for start in range(0, last + 1, CHUNK):
            yield (np.arange(start, min(start + CHUNK, last + 1), dtype=np.uint32) | np.uint32(sign)).view(np.float32)


def nanoseconds(name: str, dtype: AnyDType, size: int = 65_536, rounds: int = 200) -> float:
    """Time of one number in an array that the second cache holds, at best."""
    loop, x = compiled(name, dtype), np.linspace(0.01, 4, size).astype(dtype.dtype)
    out, best = np.empty_like(x), float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(2):
            loop(x, out)
        best = min(best, (time.perf_counter() - start) / 2)
    return best / size * 1e9


def line(name: str, dtype: AnyDType, samples: int, everything: bool) -> str:
    parts = all_points(name) if everything and dtype is F32 else iter([points(name, dtype, samples)])
    error, at = max(worst(name, dtype, x) for x in parts)
    low, high = limits(name, dtype)
    return (
        f"{name:15} {dtype.name:8} {low:10.4g} {high:9.4g} {error:6.3f}  {at:<22.17g} {nanoseconds(name, dtype):6.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Errors and times of the functions in kernels/vector.py")
    parser.add_argument("--samples", type=int, default=100_000, help="points of a kind (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=sorted(CASES), help="these functions")
    parser.add_argument("--all", action="store_true", help="all float32 numbers of the range: minutes a function")
    args = parser.parse_args()
    print("function        dtype           from        to   ulps  at                     ns each")
    for name in args.only or CASES:
        for dtype in (F32, F64) if LONG_IS_LONGER else (F32,):
            print(line(name, dtype, args.samples, args.all), flush=True)


if __name__ == "__main__":
    main()
