"""Sine and cosine in single precision: right for every float, without doubles and without tables in memory.

The number of quarter turns in an angle is its product with 2 / pi, of which only the bits count that neither make whole
turns nor are too small (Payne and Hanek, "Radian reduction for trigonometric functions", 1983).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compat import device_function, float32, int32, int64, math, uint64

# The bits of 2 / pi behind the point, 32 at a time, behind as many zeros.
_BITS = (0x00000000, 0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB)
_W0, _W1, _W2, _W3, _W4, _W5, _W6, _W7 = (np.uint64(word) for word in _BITS)
_QUARTER = math.pi / 2
_STEP = 2.0**-62 * _QUARTER
_NEAR = math.pi / 4
_S1, _S2, _S3, _S4 = -1 / 6, 1 / 120, -1 / 5040, 1 / 362880
_C1, _C2, _C3, _C4 = -1 / 2, 1 / 24, -1 / 720, 1 / 40320
_MANTISSA = 2.0**24


@device_function
def chosen(k: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """The word in place k."""
    return a if k == 0 else b if k == 1 else c if k == 2 else d if k == 3 else e


@device_function
def quarters(x: Any) -> Any:
    """The nearest number of quarter turns, and the angle from there: of x >= 0."""
    mantissa, exponent = math.frexp(x)
    m = uint64(int64(mantissa * float32(_MANTISSA)))
    first = int32(exponent + 6)  # the bit of the words that counts two quarter turns
    k, shift = int32(first >> 5), uint64(first & 31)
    w0, w1 = chosen(k, _W0, _W1, _W2, _W3, _W4), chosen(k, _W1, _W2, _W3, _W4, _W5)
    w2, w3 = chosen(k, _W2, _W3, _W4, _W5, _W6), chosen(k, _W3, _W4, _W5, _W6, _W7)
    low, half = uint64(0xFFFFFFFF), uint64(32)
    t0 = (((w0 << half) | w1) << shift) >> half
    t1 = (((w1 << half) | w2) << shift) >> half
    t2 = (((w2 << half) | w3) << shift) >> half
    product = (((m * t0) & low) << half) + m * t1 + ((m * t2) >> half)
    turn = ((product + (uint64(1) << uint64(61))) >> uint64(62)) & uint64(3)
    rest = int64(product - (turn << uint64(62)))
    return int32(turn), float32(rest) * float32(_STEP)


@device_function
def turned(turn: Any, r: Any) -> Any:
    """Cosine and sine of so many quarter turns and r, which is up to pi / 4."""
    z = r * r
    sine = r + r * z * (float32(_S1) + z * (float32(_S2) + z * (float32(_S3) + z * float32(_S4))))
    cosine = float32(1.0) + z * (float32(_C1) + z * (float32(_C2) + z * (float32(_C3) + z * float32(_C4))))
    if turn == 1:
        return -sine, cosine
    if turn == 2:
        return -cosine, -sine
    if turn == 3:
        return sine, -cosine
    return cosine, sine


@device_function
def both(x: Any) -> Any:
    """Cosine and sine of x >= 0."""
    turn, r = quarters(x)
    return turned(turn, r) if x >= float32(_NEAR) else turned(int32(0), x)


@device_function
def sin(x: Any) -> Any:
    if not math.fabs(x) < float32(math.inf):
        return x - x
    return math.copysign(float32(1.0), x) * both(math.fabs(x))[1]


@device_function
def cos(x: Any) -> Any:
    return both(math.fabs(x))[0] if math.fabs(x) < float32(math.inf) else x - x
