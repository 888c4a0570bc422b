"""One element of the result of each elementwise op, in the names of the op's inputs."""

from __future__ import annotations

from ...dtypes import AnyDType, Bool, Integer, promote
from ...op import Call
from ..generate.expression import Expression
from .special import SPECIAL

_RAISED = "(low if x < low or low != low else x)"
ELEMENTWISE = {
    "add": "x + y",
    "sub": "x - y",
    "mul": "x * y",
    "div": "x / y",
    "neg": "-x",
    "exp": "exp(x)",
    "log": "log(x)",
    "sqrt": "math.sqrt(x)",
    "tanh": "tanh(x)",
    "maximum": "x if x > y or x != x else y",
    "relu": "x if not (x <= 0) else 0",
    "relu_backward": "grad if y > 0 else 0",
    "tanh_backward": "grad * (1 - y * y)",
    "sigmoid_backward": "grad * (y * (1 - y))",
    # s + y s (1 - s), s = sigmoid(y)
    "silu_backward": "grad * (sigmoid(y) + y * sigmoid(y) * (1 - sigmoid(y)))",
    # Phi(y) + y phi(y): the normal distribution and its density; 0.3989... is 1 / sqrt(2 pi)
    "gelu_backward": "grad * ((erf(y * 0.7071067811865476) + 1) * 0.5 + y * exp(y * y * -0.5) * 0.3989422804014327)",
    "minimum": "x if x < y or x != x else y",
    "clip": f"high if {_RAISED} > high or high != high else {_RAISED}",
    "where": "x if condition else y",
    "logical_and": "x & y",
    "logical_or": "x | y",
    "logical_xor": "x ^ y",
    "logical_not": "not x",
    "pow": "x ** y",
    "floor_divide": "x // y if y != 0 else x / y",
    "remainder": "x % y if y != 0 else (x - x) / y",
    "equal": "x == y",
    "not_equal": "x != y",
    "less": "x < y",
    "less_equal": "x <= y",
    "greater": "x > y",
    "greater_equal": "x >= y",
}
EXPRESSIONS = ELEMENTWISE | SPECIAL
# Numba takes exponents above 2**16 by way of floats; in steps of 16 bits the result wraps as products do.
_P1, _P2, _P3 = "x**65536", "(x**65536) ** 65536", "((x**65536) ** 65536) ** 65536"
_WRAPPED_POWER = (
    f"x ** (y & 65535) * ({_P1}) ** (y >> 16 & 65535) * ({_P2}) ** (y >> 32 & 65535) * ({_P3}) ** (y >> 48)"
)
# The lowest integer over -1 wraps; the processor traps or Numba gives 0.
# Where integers are computed otherwise than floats: `// 0` is 0, as in NumPy, and so is a negative power.
_INTEGER = {
    "pow": f"x ** y if 0 <= y <= 65536 else {_WRAPPED_POWER} if y > 0 else 0",
    "floor_divide": "0 if y == 0 else -x if y == -1 else x // y",
    "remainder": "0 if y == 0 or y == -1 else x % y",
}


def expression(op: str, inputs: tuple[str, ...], dtype: AnyDType) -> tuple[str, Expression]:
    """Name and code of an op for a dtype."""
    if op in _INTEGER and issubclass(dtype, Integer):
        return f"{op}_integer", Expression(inputs, (), _INTEGER[op])
    return op, Expression(inputs, (), EXPRESSIONS[op])


def compute_dtype(call: Call) -> AnyDType:
    """The dtype that the kernel computes in; comparisons compare in it and give Bool."""
    dtypes = [s.dtype for s, name in zip(call.ins, call.op.inputs, strict=True) if name != "condition"]
    out = call.outs[0].dtype
    return promote(*dtypes) if out is Bool else out
