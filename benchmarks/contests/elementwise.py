"""Functions of single elements, and two of them as one expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np
from scipy import special

import shapetensor as st
from shapetensor._core.dtypes import F32
from shapetensor._core.kernels.cpu.elementwise import strided_kernel
from shapetensor._core.kernels.generate.expression import Expression, compose
from shapetensor._core.ops.elementwise import relu_backward

from .row import OURS, Array, Call, Row, empty, normal, waiting

SIZE = 1_000_000
BIASED = (1024, 1000)
_BARS = {"numpy": 2.0, "torch": 1.0, "jax": 1.0}


def rows() -> Iterator[Row]:
    yield _row("add 1M", {"torch": 1.0, "jax": 1.0}, (st.add, np.add, attrgetter("add"), attrgetter("numpy.add")), 2)
    for name in ("exp", "tanh"):
        get = attrgetter(name)
        yield _row(f"{name} 1M", _BARS, (get(st), get(np), get, attrgetter(f"numpy.{name}")))
    yield _row("gelu 1M", _BARS, (st.gelu, _gelu, _gelu_torch, _gelu_jax))
    yield _row("relu backward 1M", _BARS, (relu_backward, _step, _step_torch, _step_jax), 2)
    yield Row(
        "gelu(x + bias) 1024x1000",
        {OURS: _biased, "numpy": _biased_numpy, "torch": _biased_torch, "jax": _biased_jax},
        {"numpy": 4.0, "torch": 2.0, "jax": 1.0},
        "ours: the kernel that the generator makes of the expression",
    )


def _gelu_torch(torch: Any) -> Callable[..., Any]:
    return lambda x, out: torch.nn.functional.gelu(x)


def _gelu_jax(jax: Any) -> Callable[..., Any]:
    return lambda x: jax.nn.gelu(x, approximate=False)


def _step(g: Array, y: Array, out: Array) -> Array:
    return np.multiply(g, y > 0, out=out)


def _step_torch(torch: Any) -> Callable[..., Any]:
    return lambda g, y, out: torch.ops.aten.threshold_backward(g, y, 0)


def _step_jax(jax: Any) -> Callable[..., Any]:
    return lambda g, y: jax.numpy.where(y > 0, g, 0)


def _row(name: str, bars: dict[str, float], functions: tuple[Callable[..., Any], ...], inputs: int = 1) -> Row:
    """Functions of ours, NumPy, torch and jax; those of the last two are found in the module that is given."""
    ours, numpys, torchs, jaxs = functions
    arrays = [normal(SIZE, seed=seed) for seed in range(inputs)]
    out = empty(SIZE)

    def make_ours() -> Call:
        xs = [st.from_numpy(a, copy=False) for a in arrays]
        return lambda: ours(*xs)

    def make_torch() -> Call:
        import torch

        function, xs, result = torchs(torch), [torch.from_numpy(a) for a in arrays], torch.empty(SIZE)
        return lambda: function(*xs, out=result)

    def make_jax() -> Call:
        import jax

        return waiting(jax.jit(jaxs(jax)), *map(jax.numpy.asarray, arrays))

    make = {OURS: make_ours, "numpy": lambda: lambda: numpys(*arrays, out=out), "torch": make_torch, "jax": make_jax}
    return Row(name, make, bars)


def _gelu(x: Array, out: Array) -> Array:
    """NumPy has no erf; SciPy's takes `out`."""
    special.erf(x * np.float32(0.5**0.5), out=out)
    np.add(out, np.float32(1), out=out)
    np.multiply(out, x, out=out)
    return np.multiply(out, np.float32(0.5), out=out)


def _operands() -> tuple[Array, Array, Array]:
    return normal(*BIASED), normal(BIASED[1], seed=1), empty(*BIASED)


def _biased() -> Call:
    x, bias, out = _operands()
    add, gelu = Expression(("x", "y"), (), "x + y"), Expression(("x",), (), "gelu(x)")
    kernel = strided_kernel("gelu_add", compose(("x", "y"), [(add, ("x", "y")), (gelu, ("t0",))]), F32, out.size)
    arguments = (x.ravel(), bias, (1, 1, *BIASED), (0, 0, BIASED[1], 1), (0, 0, 0, 1), out.ravel())
    return lambda: kernel(*arguments)


def _biased_numpy() -> Call:
    x, bias, out = _operands()
    return lambda: _gelu(x + bias, out)


def _biased_torch() -> Call:
    import torch

    x, bias, _ = map(torch.from_numpy, _operands())
    return lambda: torch.nn.functional.gelu(x + bias)


def _biased_jax() -> Call:
    import jax

    x, bias, _ = map(jax.numpy.asarray, _operands())
    return waiting(jax.jit(lambda x, bias: jax.nn.gelu(x + bias, approximate=False)), x, bias)
