"""What reductions do to the elements."""

from __future__ import annotations

import math

from ..generate.reduction import Reduction

SUM = Reduction("add_any_order(a, b)", 0, compensated=True)
MAX = Reduction("maximum(a, b)")
REDUCTIONS = {
    "sum": SUM,
    "prod": Reduction("multiply_any_order(a, b)", 1),
    "max": MAX,
    "min": Reduction("minimum(a, b)"),
    "any": Reduction("a | b", 0),
    "all": Reduction("a & b", 1),
}
MEAN = SUM._replace(finish="a * scale")
VARIANCE = SUM._replace(value="(v - y) * (v - y)", finish="a * scale")
# An infinite maximum is the result, and subtracting it would make a NaN of it.
_FINITE = "(y if y - y == 0 else 0)"
LOGSUMEXP = SUM._replace(value=f"exp(v - {_FINITE})", finish=f"log(a) + {_FINITE}")


def inverse(count: int) -> float:
    """1 / count; the sum of nothing times this is NaN, as NumPy has it."""
    return 1 / count if count else math.inf
