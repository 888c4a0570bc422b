"""Functions of one element, as expressions of their input."""

from __future__ import annotations

SPECIAL = {
    "abs": "abs(x)",
    "sign": "x if x != x else (x > 0) - (x < 0)",
    "floor": "np.floor(x)",
    "ceil": "np.ceil(x)",
    "round": "np.rint(x)",  # half to even
    "isnan": "x != x",
}
# Each is a function of kernels/vector.py by the same name.
_FUNCTIONS = ("sin", "cos", "rsqrt", "log2", "log1p", "expm1", "erf", "sigmoid", "softplus", "silu", "gelu")
SPECIAL |= {name: f"{name}(x)" for name in _FUNCTIONS}
