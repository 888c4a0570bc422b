"""Functions of single elements, and two of them as one expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import special

import shapetensor as st
from shapetensor._core.dtypes import F32
from shapetensor._core.kernels.cpu.elementwise import expression, strided_kernel
from shapetensor._core.kernels.generate.expression import compose
from shapetensor._core.ops.elementwise import relu_backward

from .row import OURS, Array, Call, Row, normal, waiting

SIZE = 1_000_000
BIASED = (1024, 1000)


def rows() -> Iterator[Row]:
    yield _row(
        "add 1M",
        2,
        {"torch": 1.0, "jax": 1.0},
        lambda x, y: x + y,
        np.add,
        lambda t: t.add,
        lambda _: lambda x, y: x + y,
    )
    for name in ("exp", "tanh"):
        yield _row(
            f"{name} 1M",
            1,
            {"numpy": 2.0, "torch": 1.0, "jax": 1.0},
            lambda x, n=name: getattr(x, n)(),
            getattr(np, name),
            lambda torch, n=name: getattr(torch, n),
            lambda jax, n=name: getattr(jax.numpy, n),
        )
    yield _row(
        "gelu 1M",
        1,
        {"numpy": 2.0, "torch": 1.0, "jax": 1.0},
        st.gelu,
        _gelu,
        lambda torch: lambda x, out: torch.nn.functional.gelu(x),
        lambda jax: lambda x: jax.nn.gelu(x, approximate=False),
    )
    yield _row(
        "relu backward 1M",
        2,
        {"numpy": 2.0, "torch": 1.0, "jax": 1.0},
        relu_backward,
        lambda g, y, out: np.multiply(g, y > 0, out=out),
        lambda torch: lambda g, y, out: torch.ops.aten.threshold_backward(g, y, 0),
        lambda jax: lambda g, y: jax.numpy.where(y > 0, g, 0),
    )
    yield Row(
        "gelu(x + bias) 1024x1000",
        {OURS: _biased, "numpy": _biased_numpy, "torch": _biased_torch, "jax": _biased_jax},
        {"numpy": 4.0, "torch": 2.0, "jax": 1.0},
        "ours: the kernel that the generator makes of the expression",
    )


def _row(
    name: str,
    inputs: int,
    bars: dict[str, float],
    ours: Callable[..., Any],
    numpys: Callable[..., Any],
    torchs: Callable[[Any], Callable[..., Any]],
    jaxs: Callable[[Any], Callable[..., Any]],
) -> Row:
    arrays = [normal(SIZE, seed=seed) for seed in range(inputs)]
    out = np.empty(SIZE, np.float32)

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
    return normal(*BIASED), normal(BIASED[1], seed=1), np.empty(BIASED, np.float32)


def _biased() -> Call:
    x, bias, out = _operands()
    add, gelu = (expression(op, names, F32)[1] for op, names in (("add", ("x", "y")), ("gelu", ("x",))))
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
