"""Matrix products: the bare kernels, called from Python with memory for the result, as the others are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import shapetensor as st
from shapetensor._core.apply import infer
from shapetensor._core.buffers import POOL
from shapetensor._core.cpu import CPU
from shapetensor._core.kernels.launch import Launch, Place
from shapetensor._core.ops.linalg import matmul

from .row import OURS, Array, Call, Row, waiting

PEERS = ("numpy", "torch", "jax")
LAYOUTS = ("NN", "NT", "TN")
Shape = tuple[int, int, int]


def rows() -> Iterator[Row]:
    for n in (4, 8, 16, 32):
        yield _row((n, n, n), "NN", np.float32, (1.8, 2.5, 10))
    for n in (48, 64, 96, 100, 128):
        yield _row((n, n, n), "NN", np.float32, (1.0, 2.0, 1.8))
        yield _row((n, n, n), "NT", np.float32, (1.3, 2.0, 1.8))
    for m, k, n in ((256, 256, 256), (512, 512, 512), (32, 784, 400), (100, 784, 400), (128, 784, 400)):
        yield _row((m, k, n), "NN", np.float32, (1.1, 2.0, 1.3))
    for n in (1024, 2048):
        yield _row((n, n, n), "NN", np.float32, (0.95, 1.8, None))
    for n in (8, 32, 64, 128, 256, 500):
        yield _row((n, n, n), "NN", np.float64, (None, None, None))


def _row(shape: Shape, layout: str, dtype: Any, bars: tuple[float | None, ...]) -> Row:
    m, k, n = shape
    kind = np.dtype(dtype).name
    makers = (ours, _numpy, _torch, _jax)
    make = {
        library: partial(maker, shape, layout, dtype) for library, maker in zip((OURS, *PEERS), makers, strict=True)
    }
    wanted = {peer: bar for peer, bar in zip(PEERS, bars, strict=True) if bar is not None}
    return Row(f"{kind} {m}x{k}x{n} {layout}", make, wanted)


def factors(shape: Shape, layout: str, dtype: Any) -> tuple[Array, Array]:
    """Two matrices, transposed ones as views."""
    m, k, n = shape
    draw = np.random.default_rng(0).standard_normal
    x = draw((k, m)).astype(dtype).T if layout[0] == "T" else draw((m, k)).astype(dtype)
    w = draw((n, k)).astype(dtype).T if layout[1] == "T" else draw((k, n)).astype(dtype)
    return x, w


def ours(shape: Shape, layout: str, dtype: Any, *, compiled: bool = True) -> Call:
    """The kernels of a compiled function, or of an eager call, on memory that is there."""
    operands = [_tensor(a) for a in factors(shape, layout, dtype)]
    call = infer(matmul, (), *(x._spec for x in operands))
    launch = CPU.prepare_compiled(call) if compiled else CPU.prepare(call)
    assert launch is not None
    steps = list(_bound(launch, [x._buffer for x in operands]))
    if len(steps) == 1:
        return steps[0]
    return lambda: [step() for step in steps]


def _tensor(a: Array) -> Any:
    return st.from_numpy(a) if a.flags.c_contiguous else st.from_numpy(a.T).mT


def _bound(launch: Launch, operands: list[Array]) -> Iterator[Call]:
    memory = [*operands, *(POOL.fresh(*kind) for kind in (*launch.outputs, *launch.scratch))]
    for step in launch.steps:
        yield partial(step.kernel, *(memory[a.index] if isinstance(a, Place) else a for a in step.args))


def _numpy(shape: Shape, layout: str, dtype: Any) -> Call:
    x, w = factors(shape, layout, dtype)
    out = np.empty((x.shape[0], w.shape[1]), dtype)
    return lambda: np.matmul(x, w, out=out)


def _torch(shape: Shape, layout: str, dtype: Any) -> Call:
    import torch

    x, w = map(torch.from_numpy, factors(shape, layout, dtype))
    out = torch.empty((x.shape[0], w.shape[1]), dtype=x.dtype)
    return lambda: torch.mm(x, w, out=out)


def _jax(shape: Shape, layout: str, dtype: Any) -> Call:
    import jax

    jax.config.update("jax_enable_x64", dtype is np.float64)
    x, w = factors(shape, layout, dtype)
    # a view is no layout of jax: the transpose is part of the compiled function
    function: Callable[..., Any] = jax.jit(
        lambda a, b: (a.T if layout[0] == "T" else a) @ (b.T if layout[1] == "T" else b)
    )
    stored = (x.T if layout[0] == "T" else x), (w.T if layout[1] == "T" else w)
    return waiting(function, *map(jax.numpy.asarray, stored))
