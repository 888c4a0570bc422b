"""Elementwise kernels: the expressions of formulas/elementwise.py, in two forms.

linear     operands are flat arrays of the output's size, or have one element for all
strided    operands of any strides: each thread finds the places of its elements by dividing
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ... import ops  # noqa: F401, since it fills OPS
from ...dtypes import F32, F64, I32, I64, U8, AnyDType, Bool, Float
from ...errors import DTypeError
from ...op import OPS, Call
from ...spec import contiguous_strides
from ..formulas.elementwise import ELEMENTWISE, EXPRESSIONS, compute_dtype, expression
from ..generate.expression import rename, typed
from ..launch import Launch, Place, broadcast_strides, merge
from . import compat
from .compat import array, int32
from .kernel import Kernel, once
from .operands import Builder, cast, contiguous, i32
from .source import load

DTYPES = (F32, F64, I32, I64, U8, Bool)
# What a device computes otherwise: booleans that are subtracted would be integers, and these doubles.
_INSTEAD = {"sign": "x if x != x else 1 if x > 0 else -1 if x < 0 else 0"}
# The operators of floats would divide, round down and subtract, of which little is right for large quotients.
_OF_FLOATS = {
    "remainder": "float_rest(fmod(x, y), y) if y != 0 else (x - x) / y",
    "floor_divide": "rounded_quotient(float_quotient(x, y, fmod(x, y)), x / y) if y != 0 else x / y",
}


def linear(name: str, inputs: tuple[str, ...], code: str) -> str:
    """Kernel `name(*inputs, *steps, out)`; a step is 1, or 0 for an operand of one element."""
    loads = "".join(f"        {n}_ = {n}[int32(i * {n}s)]\n" for n in inputs)
    return f"""\
def {name}({", ".join([*inputs, *(f"{n}s" for n in inputs)])}, out):
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
{loads}        out[i] = {rename(code, {n: f"{n}_" for n in inputs})}
"""


def strided(name: str, inputs: tuple[str, ...], code: str) -> str:
    """Kernel `name(*inputs, walk, rank, out)`; the walk is sizes, and then the strides of each operand."""
    starts = "".join(f"        {n}o = int32(0)\n" for n in inputs)
    moves = "".join(
        f"            {n}o = int32({n}o + place * walk[int32(rank * {k + 1}) + axis])\n" for k, n in enumerate(inputs)
    )
    return f"""\
def {name}({", ".join(inputs)}, walk, rank, out):
    for i in range(int32(cuda.grid(1)), int32(out.size), int32(cuda.gridsize(1))):
        rest = i
{starts}        for axis in range(rank - 1, -1, -1):
            size = walk[axis]
            whole = int32(uint32(rest) // uint32(size))
            place = int32(rest - whole * size)
{moves}            rest = whole
        out[i] = {rename(code, {n: f"{n}[{n}o]" for n in inputs})}
"""


@once
def kernel(op: str, dtype: AnyDType, form: str) -> Kernel:
    """The kernel of an op that computes in this dtype."""
    inputs = OPS[op].inputs
    stem, code = expression(op, inputs, dtype)
    name = f"{stem}_{form}_{dtype.storage}"
    instead = _INSTEAD | (_OF_FLOATS if issubclass(dtype, Float) else {})
    text = typed(instead.get(op, code.result), dtype)
    kind, out = compat.TYPES[dtype.storage], compat.TYPES[_result(op, dtype).storage]
    operands = [array(compat.boolean if n == "condition" else kind) for n in inputs]
    if form == "linear":
        function = load(name, linear(name, inputs, text), dtype)
        return Kernel(name, function, *operands, *[int32] * len(inputs), array(out))
    function = load(name, strided(name, inputs, text), dtype)
    return Kernel(name, function, *operands, array(int32), int32, array(out))


def _result(op: str, dtype: AnyDType) -> AnyDType:
    """The dtype of the result where the kernel computes in this one.

    Raises:
        DTypeError: where the op takes no such operands.
    """
    record = OPS[op]
    found: AnyDType = record.dtype(*(Bool if n == "condition" else dtype for n in record.inputs))
    return found


def kernels() -> Iterator[Kernel]:
    """One for each op, each dtype that it computes in, and each form."""
    for op in EXPRESSIONS:
        for dtype in DTYPES:
            try:
                computes = _result(op, dtype) in (dtype, Bool)
            except DTypeError:
                continue
            for form in ("linear", "strided") if computes else ():
                yield kernel(op, dtype, form)


def prepare(call: Call) -> Launch:
    """The linear form where every operand has the output's shape in C order or one element, else the strided one."""
    b = Builder(call)
    out, name = call.outs[0], call.op.name
    if out.size == 0:
        return b.done()
    dtype = compute_dtype(call)
    wanted = [Bool if n == "condition" else dtype for n in call.op.inputs]
    operands = [_operand(b, i, d) for i, d in enumerate(wanted)]
    shape, strides = merge(out.shape, *(steps for _, steps in operands))
    places = [place for place, _ in operands]
    if all(len(s) <= 1 and set(s) <= {0, 1} for s in strides):
        steps = [i32(s[0] if s else 0) for s in strides]
        b.over(kernel(name, dtype, "linear"), out.size, *places, *steps, b.outs[0])
    else:
        walk = b.table(*shape, *(n for s in strides for n in s))
        b.over(kernel(name, dtype, "strided"), out.size, *places, walk, i32(len(shape)), b.outs[0])
    return b.done()


def _operand(b: Builder, index: int, dtype: AnyDType) -> tuple[Place, tuple[int, ...]]:
    """An operand in the kernel's dtype and the strides that walk it along the output."""
    spec, shape = b.call.ins[index], b.call.outs[0].shape
    if spec.dtype.weak:
        return b.scalar(index, dtype), (0,) * len(shape)
    if spec.dtype is dtype:
        return b.ins[index], broadcast_strides(spec, shape)
    own = contiguous_strides(spec.shape)
    missing = len(shape) - spec.rank
    steps = (*(0,) * missing, *(0 if n == 1 else s for n, s in zip(spec.shape, own, strict=True)))
    return contiguous(b, index, dtype), steps


def prepare_astype(call: Call) -> Launch:
    """Convert each element; floats to integers truncate."""
    b = Builder(call)
    source, target = call.ins[0], call.outs[0]
    if target.size:
        cast(b, contiguous(b, 0), source.dtype, target.dtype, target.size, b.outs[0])
    return b.done()


PREPARE: dict[str, Callable[[Call], Launch]] = dict.fromkeys(ELEMENTWISE, prepare)
PREPARE["astype"] = prepare_astype
