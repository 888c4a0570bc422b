"""Elementwise kernels: one expression an op, compiled for contiguous, scalar and strided operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dtypes import AnyDType, Bool, Integer, promote
from ...op import Call
from ...spec import Spec, make_spec
from .. import cache, threads
from ..generate import elementwise as generate
from ..generate.expression import Expression
from ..launch import Builder, Launch, Place, broadcast_strides, merge, pad
from .operands import cast_kernel, contiguous, copy

_RAISED = "(low if x < low or low != low else x)"
# In the names of the op's inputs.
EXPRESSIONS = {
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


def prepare(call: Call) -> Launch:
    """Choose the layout class: contiguous where every tensor has the output's shape in C order, else strided."""
    b = Builder(call)
    out = call.outs[0]
    if out.size == 0:
        return b.done()
    dtype = compute_dtype(call)
    wanted = [Bool if name == "condition" else dtype for name in call.op.inputs]
    tensors = [s for s in call.ins if not s.dtype.weak]
    if all(s.contiguous and s.shape == out.shape for s in tensors):
        _contiguous(b, wanted)
    else:
        _strided(b, wanted)
    return b.done()


def _contiguous(b: Builder, wanted: list[AnyDType]) -> None:
    op, out = b.call.op, b.outs[0]
    scalars = [s.dtype.weak for s in b.call.ins]
    args = [
        b.scalar(i, dtype) if scalar else contiguous(b, i, dtype)
        for i, (scalar, dtype) in enumerate(zip(scalars, wanted, strict=True))
    ]
    stem, code = expression(op.name, op.inputs, wanted[-1])
    b.step(contiguous_kernel(stem, code, scalars, wanted[-1], b.call.outs[0].size), *args, out)


def contiguous_kernel(
    stem: str, code: Expression, scalars: list[bool], dtype: AnyDType, size: int
) -> Callable[..., None]:
    """The kernel `(*inputs, out)` of flat arrays and numbers, on several threads where the size is worth it."""
    name = f"{stem}_" + "".join("s" if scalar else "c" for scalar in scalars)
    kernel = getattr(cache.load(name, generate.contiguous(name, code, scalars, dtype)), name)
    return threads.shared(
        kernel, generate.contiguous_split([*(not s for s in scalars), True], threads.CHUNK), size * code.weight()
    )


def _strided(b: Builder, wanted: list[AnyDType]) -> None:
    op, out = b.call.op, b.call.outs[0]
    operands = [_operand(b, i, spec, dtype) for i, (spec, dtype) in enumerate(zip(b.call.ins, wanted, strict=True))]
    places = [place for place, _ in operands]
    shape, strides = merge(out.shape, *(steps for _, steps in operands))
    if len(shape) > generate.RANK:
        places = [_stretched(b, p, out.shape, s, d) for (p, s), d in zip(operands, wanted, strict=True)]
        shape, strides = (out.size,), [(1,) for _ in places]
    stem, code = expression(op.name, op.inputs, wanted[-1])
    kernel = strided_kernel(stem, code, wanted[-1], out.size)
    padded = [pad(s, generate.RANK, 0) for s in strides]
    b.step(kernel, *places, pad(shape, generate.RANK, 1), *padded, b.outs[0])


def strided_kernel(stem: str, code: Expression, dtype: AnyDType, size: int) -> Callable[..., None]:
    """The kernel `(*inputs, shape, *strides, out)` of any strides."""
    name = f"{stem}_strided"
    kernel = getattr(cache.load(name, generate.strided(name, code, dtype)), name)
    return threads.shared(kernel, generate.strided_split(len(code.inputs), threads.CHUNK), size * code.weight())


def _operand(b: Builder, index: int, spec: Spec, dtype: AnyDType) -> tuple[Place, tuple[int, ...]]:
    """An operand in the kernel's dtype and the strides that walk it along the output."""
    shape = b.call.outs[0].shape
    if spec.dtype.weak:
        value = b.scratch(1, dtype)
        b.step(_fill_one, b.scalar(index, dtype), value)
        return value, (0,) * len(shape)
    if spec.dtype is dtype:
        return b.ins[index], broadcast_strides(spec, shape)
    place = contiguous(b, index, dtype)
    return place, broadcast_strides(make_spec(spec.shape, dtype, spec.device), shape)


def _fill_one(value: Any, out: Any) -> None:
    out[0] = value


def _stretched(b: Builder, x: Place, shape: tuple[int, ...], strides: tuple[int, ...], dtype: AnyDType) -> Place:
    """More axes than the kernel has loops: the operand is copied out to the output's shape first."""
    out = b.scratch(b.call.outs[0].size, dtype)
    copy(b, x, shape, strides, out)
    return out


def prepare_astype(call: Call) -> Launch:
    """Convert each element; rounds half to even, floats to integers truncate as in NumPy."""
    b = Builder(call)
    source, target = call.ins[0], call.outs[0]
    if target.size:
        x = contiguous(b, 0)
        b.step(cast_kernel(source.dtype, target.dtype), x, b.outs[0])
    return b.done()


PREPARE: dict[str, Callable[[Call], Launch]] = dict.fromkeys(EXPRESSIONS, prepare)
PREPARE["astype"] = prepare_astype
