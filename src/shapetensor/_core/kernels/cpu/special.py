"""Functions of one element, as expressions of their input."""

from __future__ import annotations

from .elementwise import EXPRESSIONS, prepare

_SIGMOID = "(1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)))"
EXPRESSIONS |= {
    "abs": "abs(x)",
    "sign": "x if x != x else (x > 0) - (x < 0)",
    "floor": "np.floor(x)",
    "ceil": "np.ceil(x)",
    "round": "np.rint(x)",  # half to even
    "isnan": "x != x",
    "sin": "math.sin(x)",
    "cos": "math.cos(x)",
    "rsqrt": "1 / math.sqrt(x)",
    "log1p": "math.log1p(x)",
    "expm1": "math.expm1(x)",
    "erf": "math.erf(x)",
    "sigmoid": _SIGMOID,
    "softplus": "x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))",
    "silu": f"x * {_SIGMOID}",
    "gelu": "x * (1 + math.erf(x * math.sqrt(1 / 2))) / 2",
}
_TO_FLOAT = ("sin", "cos", "rsqrt", "log1p", "expm1", "erf", "sigmoid", "softplus", "silu", "gelu")
_SAME = ("abs", "sign", "floor", "ceil", "round", "isnan")
PREPARE = dict.fromkeys((*_TO_FLOAT, *_SAME), prepare)
