"""The coefficients in src/shapetensor/_core/kernels/vector.py: least squares in Chebyshev nodes, with mpmath.

    python tools/fit_polynomials.py [NAME ...]

Least squares in many of these nodes is within a factor of about two of the best polynomial, which is less than one
coefficient more is worth. Needs mpmath (pip install mpmath).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp  # type: ignore[import-not-found, import-untyped, unused-ignore]

mp.mp.prec = 300
HALF_LOG_2 = mp.log(2) / 2 * mp.mpf("1.0005")  # rounding to the nearest multiple is not exact at the ends
EIGHTH = (mp.pi / 4 * mp.mpf("1.02")) ** 2  # of a turn, squared


class Fit(NamedTuple):
    """What is fitted where, and the degree, for F32 and F64."""

    function: Callable[[Any], Any]
    low: float
    high: tuple[float, float]
    degree: tuple[int, int]
    middle: float = 0.0  # the polynomial is in powers of the distance from it
    weight: Callable[[Any], Any] = lambda x: 1


def log_left(z: Any) -> Any:
    """What log((1 + s) / (1 - s)) has beyond 2 s, over s**3; z is s**2."""
    s = mp.sqrt(z)
    return (mp.log((1 + s) / (1 - s)) / s - 2) / z


def tail(q: Any) -> Any:
    """log((a + 2) exp(a**2 / 2) Phi(-a)) + q, Phi the normal distribution's; q is a / (a + 2)."""
    a = 2 * q / (1 - q)
    return mp.log((a + 2) / 2 * mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2))) + q


def of_root(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda z: function(mp.sqrt(z))


# Weights are what the polynomial is multiplied with, or what its error counts in.
FITS = {
    "EXP": Fit(
        lambda r: (mp.expm1(r) - r) / r**2, -HALF_LOG_2, (HALF_LOG_2, HALF_LOG_2), (4, 9), weight=lambda r: r * r
    ),
    "LOG": Fit(log_left, 0, (0.0297, 0.0297), (2, 6)),  # up to s = (sqrt(2) - 1) / (sqrt(2) + 1)
    "TANH": Fit(of_root(lambda x: (mp.tanh(x) / x - 1) / x**2), 0, (0.36, 0.36), (4, 10), weight=lambda z: z),
    "ERF": Fit(of_root(lambda x: mp.erf(x) / x - 1), 0, (1, 1), (6, 11)),
    "ERFC": Fit(lambda a: mp.log(mp.erfc(a)), 1, (3.95, 5.95), (6, 17), middle=1, weight=mp.erfc),
    "GELU": Fit(tail, 0, (0.882, 0.952), (12, 28), middle=0.4375),
    "SIN": Fit(of_root(lambda x: (mp.sin(x) / x - 1) / x**2), 0, (EIGHTH, EIGHTH), (2, 5), weight=lambda z: z),
    "COS": Fit(of_root(lambda x: (mp.cos(x) - 1 + x * x / 2) / x**4), 0, (EIGHTH, EIGHTH), (2, 5)),
}


def coefficients(fit: Fit, dtype: int) -> list[Any]:
    """From the constant upwards."""
    half, n = (fit.high[dtype] - mp.mpf(fit.low)) / 2, fit.degree[dtype] + 1
    nodes = [fit.low + half * (1 + mp.cos((2 * i + 1) * mp.pi / (8 * n))) for i in range(4 * n)]
    values = mp.matrix([fit.weight(x) * fit.function(x) for x in nodes])
    powers = mp.matrix([[fit.weight(x) * (x - fit.middle) ** k for k in range(n)] for x in nodes])
    return list(mp.lu_solve(powers, values))  # least squares, as there are more rows than columns


def main() -> None:
    for name in sys.argv[1:] or FITS:
        for dtype, digits in enumerate((9, 17)):
            print(name, ("F32", "F64")[dtype], ", ".join(mp.nstr(c, digits) for c in coefficients(FITS[name], dtype)))


if __name__ == "__main__":
    main()
