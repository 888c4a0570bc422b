"""Optimizer steps: one pass over the parameter, its gradient and what is remembered of it.

Each has two loops around one piece of arithmetic: one writes new memory, the other writes where it reads. A kernel that
took outputs that are its inputs would not do for both: finding overlaps, it would run the scalar code beside the
vectorised one, a third as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...buffers import Flat
from ...op import Call
from .. import threads
from ..formulas.update import adam_one, momentum_one, penalised
from ..generate.elementwise import contiguous_split
from ..launch import Builder, Launch, storage
from ..source import Kernel, kernel
from .operands import contiguous

_WEIGHT = 4  # of an element, in additions


@kernel(penalised)
def sgd_update(x: Flat, g: Flat, rate: Flat, options: Any, out: Flat) -> None:
    (decay,) = options
    r = rate[0]
    for i in range(x.size):
        out[i] = x[i] - r * penalised(g[i], x[i], decay)


@kernel(penalised)
def sgd_update_in_place(x: Flat, g: Flat, rate: Flat, options: Any) -> None:
    (decay,) = options
    r = rate[0]
    for i in range(x.size):
        x[i] = x[i] - r * penalised(g[i], x[i], decay)


@kernel(momentum_one)
def momentum_update(x: Flat, g: Flat, v: Flat, rate: Flat, options: Any, new_x: Flat, new_v: Flat) -> None:
    r = rate[0]
    for i in range(x.size):
        new_x[i], new_v[i] = momentum_one(x[i], g[i], v[i], r, options)


@kernel(momentum_one)
def momentum_update_in_place(x: Flat, g: Flat, v: Flat, rate: Flat, options: Any) -> None:
    r = rate[0]
    for i in range(x.size):
        x[i], v[i] = momentum_one(x[i], g[i], v[i], r, options)


@kernel(adam_one)
def adam_update(
    x: Flat,
    g: Flat,
    m: Flat,
    v: Flat,
    rate: Flat,
    root: Flat,
    kept: Flat,
    options: Any,
    new_x: Flat,
    new_m: Flat,
    new_v: Flat,
) -> None:
    a, b, c = rate[0], root[0], kept[0]
    for i in range(x.size):
        new_x[i], new_m[i], new_v[i] = adam_one(x[i], g[i], m[i], v[i], a, b, c, options)


@kernel(adam_one)
def adam_update_in_place(x: Flat, g: Flat, m: Flat, v: Flat, rate: Flat, root: Flat, kept: Flat, options: Any) -> None:
    a, b, c = rate[0], root[0], kept[0]
    for i in range(x.size):
        x[i], m[i], v[i] = adam_one(x[i], g[i], m[i], v[i], a, b, c, options)


def _launch(call: Call, run: Kernel, in_place: Kernel, pairs: tuple[tuple[int, int], ...], *options: float) -> Launch:
    """Both forms; options are numbers of the operands' dtype, or the kernel would compute in double precision."""
    b = Builder(call)
    out = call.outs[0]
    if out.size:
        values = tuple(map(storage(out.dtype).type, options))
        operands = [contiguous(b, i) for i in range(len(call.ins))]
        results = len(pairs)  # beside as many operands, and the gradient; the rest are numbers
        cut = [i <= results for i in range(len(call.ins) + 1)]
        b.step(_shared(run, [*cut, *[True] * results], out.size), *operands, values, *b.outs)
        b.in_place(_shared(in_place, cut, out.size), *operands, values, pairs=pairs)
    return b.done()


def _shared(run: Kernel, cut: Sequence[bool], size: int) -> Callable[..., Any]:
    return threads.shared(run.load(), contiguous_split(cut, threads.CHUNK), size * _WEIGHT)


def prepare_sgd(call: Call) -> Launch:
    """x - rate * gradient."""
    return _launch(call, sgd_update, sgd_update_in_place, ((0, 0),), *call.attrs)


def prepare_momentum(call: Call) -> Launch:
    """x' and v'."""
    return _launch(call, momentum_update, momentum_update_in_place, ((0, 0), (2, 1)), *call.attrs)


def prepare_adam(call: Call) -> Launch:
    """x', m' and v'."""
    b1, b2, eps, decay = call.attrs
    options = b1, 1.0 - b1, b2, 1.0 - b2, eps, decay
    return _launch(call, adam_update, adam_update_in_place, ((0, 0), (2, 1), (3, 2)), *options)


PREPARE = {"sgd_update": prepare_sgd, "momentum_update": prepare_momentum, "adam_update": prepare_adam}
