"""One element of a parameter, and of what is remembered of it, after a step of an optimizer."""

from __future__ import annotations

import math
from typing import Any

from ..source import kernel


@kernel()
def penalised(g: Any, x: Any, decay: Any) -> Any:
    return g + decay * x if decay != 0 else g  # 0 * inf is no number


@kernel(penalised)
def momentum_one(x: Any, g: Any, v: Any, rate: Any, options: Any) -> Any:
    momentum, decay, nesterov = options
    d = penalised(g, x, decay)
    w = momentum * v + d
    return x - rate * (d + momentum * w if nesterov != 0 else w), w


@kernel(penalised)
def adam_one(x: Any, g: Any, m: Any, v: Any, rate: Any, root: Any, kept: Any, options: Any) -> Any:
    b1, rest1, b2, rest2, eps, decay = options
    d = penalised(g, x, decay)
    mean = b1 * m + rest1 * d
    square = b2 * v + rest2 * (d * d)
    return kept * x - rate * (mean / (math.sqrt(square) / root + eps)), mean, square
