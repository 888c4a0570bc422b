"""Kernels that are written as text: functions of one element for a device, and how the text becomes a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...dtypes import F32, AnyDType
from ..generate.expression import rename, typed
from ..source import Kernel
from . import angle, compat

# The functions that expressions name, beside those of `compat.math`: parameters, and the result.
FUNCTIONS = {
    "add_any_order": (("a", "b"), "a + b"),
    "multiply_any_order": (("a", "b"), "a * b"),
    "maximum": (("a", "b"), "a if a > b or a != a else b"),
    "minimum": (("a", "b"), "a if a < b or a != a else b"),
    "larger": (("a", "b"), "b if b > a else a"),
    "exp_of_negative": (("x",), "exp(x)"),
    "rsqrt": (("x",), "1 / sqrt(x)"),
    "sigmoid": (("x",), "1 / (1 + exp(-x))"),
    "silu": (("x",), "-0.0 if x < -10000 else x / (1 + exp(-x))"),
    "gelu": (("x",), "-0.0 if x < -10000 else x * 0.5 * erfc(x * -0.7071067811865476)"),
    "softplus": (("x",), "(x if x > 0 else 0) + log1p(exp(-abs(x)))"),
    # As NumPy divides floats, of r = fmod(x, y): the rest has the sign of y, the quotient is rounded down.
    "float_rest": (("r", "y"), "copysign(0, y) if r == 0 else r + y if (r < 0) != (y < 0) else r"),
    "float_quotient": (("x", "y", "r"), "(x - r) / y - (1 if r != 0 and (r < 0) != (y < 0) else 0)"),
    "rounded_quotient": (
        ("d", "q"),
        "copysign(0, q) if d == 0 else floor(d) + 1 if d - floor(d) > 0.5 else floor(d)",
    ),
    # Adding what has no places behind the point rounds half to even.
    "rint": (("x",), "x if not (abs(x) < {whole}) else copysign((abs(x) + {whole}) - {whole}, x)"),
}
_NAMES = {"np.floor": "floor", "np.ceil": "ceil", "np.rint": "rint", "math.sqrt": "sqrt"}
_WHOLE: dict[AnyDType, str] = {F32: "8388608.0"}  # from here on, and no earlier, every float is whole
_BUILTIN = "exp log log2 sqrt tanh sin cos log1p expm1 floor ceil erf erfc copysign fmod".split()


def on_device(text: str) -> str:
    """An expression with the names that functions have on a device."""
    for spelling, name in _NAMES.items():
        text = text.replace(spelling, name)
    return text


def functions(body: str, dtype: AnyDType) -> str:
    """The text of the functions that a kernel's body names; their own expressions name functions of `math` only."""
    found = ""
    for name, (parameters, result) in FUNCTIONS.items():
        if re.search(rf"\b{name}\(", body):
            value = typed(result.format(whole=_WHOLE.get(dtype, "4503599627370496.0")), dtype)
            found += f"@device_function\ndef {name}({', '.join(parameters)}):\n    return {value}\n\n\n"
    return found


def halved(name: str, combine: str, threads: int) -> Iterator[str]:
    """Lines that make one number of what each thread of a block has by this name: `combine` is of `a` and `b`."""
    yield f"part[t] = {name}"
    yield "cuda.syncthreads()"
    half = threads // 2
    while half:
        value = rename(combine, {"a": "part[t]", "b": f"part[t + {half}]"})
        yield f"if t < {half}: part[t] = {value}"
        yield "cuda.syncthreads()"
        half //= 2
    yield f"{name} = part[0]"
    yield "cuda.syncthreads()"


def formula(kernel: Kernel) -> Any:
    """A function of formulas/, with its helpers, for kernels to call."""
    scope = {"device_function": compat.device_function, "math": compat.math, "np": np, "Any": Any}
    text = kernel.text().replace("{kernel}\n", "@device_function\n")
    exec(compile(text, f"<shapetensor formula {kernel.function.__name__}>", "exec"), scope)
    return scope[kernel.function.__name__]


def load(name: str, body: str, dtype: AnyDType) -> Callable[..., None]:
    """The function `name` of a text that may use `cuda`, `int32`, `kind` (the dtype's type) and functions of floats."""
    body = on_device(body)
    text = functions(body, dtype) + body
    scope: dict[str, Any] = {
        "__name__": f"{__package__}.generated",
        "cuda": compat.cuda,
        "device_function": compat.device_function,
        "int32": compat.int32,
        "int64": compat.int64,
        "uint32": compat.uint32,
        "kind": compat.TYPES[dtype.storage],
        "np": np,
        **{function: getattr(compat.math, function) for function in _BUILTIN},
        **({"sin": angle.sin, "cos": angle.cos} if dtype is F32 else {}),
    }
    exec(compile(text, f"<shapetensor CUDA kernel {name}>", "exec"), scope)
    function: Callable[..., None] = scope[name]
    return function
