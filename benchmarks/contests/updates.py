"""Adam on a million parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import shapetensor as st

from .row import OURS, Array, Call, Row, normal

SIZE = 1_000_000
RATE, B1, B2, EPS = 1e-3, 0.9, 0.999, 1e-8


def rows() -> Iterator[Row]:
    yield Row(
        "Adam update of 1M",
        {
            OURS: _ours,
            "numpy": _numpy,
            "torch": lambda: _torch(fused=False),
            "torch fused": lambda: _torch(fused=True),
            "jax": _jax,
        },
        {"numpy": 4.0, "torch": 2.5, "torch fused": 1.0, "jax": 1.0},
        "in place; ours and jax's compiled, with donated arguments",
    )


def _ours() -> Call:
    optimizer = st.optim.Adam(lr=RATE, betas=(B1, B2), eps=EPS)
    step = st.compile(lambda x, state, g: optimizer.update(x, g, state), donate_argnums=(0, 1))
    x, g = st.from_numpy(normal(SIZE)), st.from_numpy(normal(SIZE, seed=1), copy=False)
    held = [(x, optimizer.init(x))]
    del x

    def run() -> None:
        held.append(step(*held.pop(), g))

    return run


def _numpy() -> Call:
    x, g = normal(SIZE).copy(), normal(SIZE, seed=1)
    m, v, a, b = (np.zeros(SIZE, np.float32) for _ in range(4))
    count = [0]

    def run() -> Array:
        count[0] += 1
        rate, root = np.float32(RATE / (1 - B1 ** count[0])), np.float32((1 - B2 ** count[0]) ** 0.5)
        np.multiply(m, np.float32(B1), out=m)
        np.multiply(g, np.float32(1 - B1), out=a)
        np.add(m, a, out=m)
        np.multiply(v, np.float32(B2), out=v)
        np.multiply(g, g, out=a)
        np.multiply(a, np.float32(1 - B2), out=a)
        np.add(v, a, out=v)
        np.sqrt(v, out=a)
        np.divide(a, root, out=a)
        np.add(a, np.float32(EPS), out=a)
        np.divide(m, a, out=b)
        np.multiply(b, rate, out=b)
        return np.subtract(x, b, out=x)

    return run


def _torch(fused: bool) -> Call:
    import torch

    x = torch.nn.Parameter(torch.from_numpy(normal(SIZE).copy()))
    x.grad = torch.from_numpy(normal(SIZE, seed=1))
    optimizer = torch.optim.Adam([x], lr=RATE, betas=(B1, B2), eps=EPS, fused=fused)
    return optimizer.step


def _jax() -> Call:
    import jax

    def update(x: Any, m: Any, v: Any, g: Any, count: Any) -> Any:
        count = count + 1
        m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
        rate, root = RATE / (1 - B1**count), jax.numpy.sqrt(1 - B2**count)
        return x - rate * m / (jax.numpy.sqrt(v) / root + EPS), m, v, count

    step = jax.jit(update, donate_argnums=(0, 1, 2))
    zeros = jax.numpy.zeros(SIZE)
    held = [jax.numpy.asarray(normal(SIZE).copy()), zeros, zeros + 0, jax.numpy.zeros(())]
    g = jax.numpy.asarray(normal(SIZE, seed=1))

    def run() -> Any:
        x, m, v, count = held
        held[:] = step(x, m, v, g, count)
        return jax.block_until_ready(held)

    return run
