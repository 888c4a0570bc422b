"""Optimizer steps: a thread for each element of a parameter, which may write where it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dtypes import F32, F64
from ...op import Call
from ..formulas import update as formulas
from ..launch import Launch, storage
from . import compat
from .compat import array, cuda, int32, types
from .kernel import Kernel
from .operands import Builder, contiguous, of
from .source import formula

penalised = formula(formulas.penalised)
momentum_one = formula(formulas.momentum_one)
adam_one = formula(formulas.adam_one)


def _sgd(x: Any, g: Any, rate: Any, options: Any, out: Any) -> None:
    for i in range(int32(cuda.grid(1)), int32(x.size), int32(cuda.gridsize(1))):
        out[i] = x[i] - rate[0] * penalised(g[i], x[i], options[0])


def _momentum(x: Any, g: Any, v: Any, rate: Any, options: Any, new_x: Any, new_v: Any) -> None:
    for i in range(int32(cuda.grid(1)), int32(x.size), int32(cuda.gridsize(1))):
        new_x[i], new_v[i] = momentum_one(x[i], g[i], v[i], rate[0], options)


def _adam(
    x: Any, g: Any, m: Any, v: Any, rate: Any, root: Any, kept: Any, options: Any, new_x: Any, new_m: Any, new_v: Any
) -> None:
    for i in range(int32(cuda.grid(1)), int32(x.size), int32(cuda.gridsize(1))):
        new_x[i], new_m[i], new_v[i] = adam_one(x[i], g[i], m[i], v[i], rate[0], root[0], kept[0], options)


def _kernels(name: str, function: Callable[..., None], operands: int, options: int, results: int) -> dict[str, Kernel]:
    found = {}
    for dtype in (F32, F64):
        kind = compat.TYPES[dtype.storage]
        signature = *[array(kind)] * operands, types.UniTuple(kind, options), *[array(kind)] * results
        found[dtype.storage] = Kernel(f"{name}_{dtype.storage}", function, *signature)
    return found


SGD = _kernels("sgd_update", _sgd, 3, 1, 1)
MOMENTUM = _kernels("momentum_update", _momentum, 4, 3, 2)
ADAM = _kernels("adam_update", _adam, 7, 6, 3)
KERNELS = [*SGD.values(), *MOMENTUM.values(), *ADAM.values()]


def _launch(call: Call, kernels: dict[str, Kernel], pairs: tuple[tuple[int, int], ...], *options: float) -> Launch:
    """The same kernel for new memory and in place; options are numbers of the operands' dtype."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        values = tuple(map(storage(out.dtype).type, options))
        operands = [contiguous(b, i) for i in range(len(call.ins))]
        run = of(kernels, call.op.name, out.dtype).over(b.device, out.size)
        b.step(run, *operands, values, *b.outs)
        b.in_place(run, *operands, values, *(operands[i] for i, _ in pairs), pairs=pairs)
    return b.done()


def prepare_sgd(call: Call) -> Launch:
    """x - rate * gradient."""
    return _launch(call, SGD, ((0, 0),), *call.attrs)


def prepare_momentum(call: Call) -> Launch:
    """x' and v'."""
    return _launch(call, MOMENTUM, ((0, 0), (2, 1)), *call.attrs)


def prepare_adam(call: Call) -> Launch:
    """x', m' and v'."""
    b1, b2, eps, decay = call.attrs
    return _launch(call, ADAM, ((0, 0), (2, 1), (3, 2)), b1, 1.0 - b1, b2, 1.0 - b2, eps, decay)


PREPARE = {"sgd_update": prepare_sgd, "momentum_update": prepare_momentum, "adam_update": prepare_adam}
