"""Elementwise kernels: one expression an op, compiled for contiguous, scalar and strided operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dtypes import AnyDType, Bool
from ...op import Call
from ...spec import Spec, make_spec
from .. import cache, threads
from ..formulas.elementwise import ELEMENTWISE, compute_dtype, expression
from ..generate import elementwise as generate
from ..generate.expression import Expression
from ..launch import Builder, Launch, Place, broadcast_strides, merge, pad
from .operands import cast_kernel, contiguous, copy


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


PREPARE: dict[str, Callable[[Call], Launch]] = dict.fromkeys(ELEMENTWISE, prepare)
PREPARE["astype"] = prepare_astype
