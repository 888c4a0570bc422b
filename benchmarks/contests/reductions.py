"""Sums along memory, across it, and of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import shapetensor as st

from .row import OURS, Call, Row, normal, waiting

BARS = {"numpy": 1.5, "torch": 1.0, "jax": 1.0}
SQUARE, LARGE = (1024, 1024), (2, 64, 128, 256)


def rows() -> Iterator[Row]:
    yield _row("sum of 1024x1024 over axis 0", SQUARE, 0)
    yield _row("sum of 1024x1024 over axis 1", SQUARE, 1)
    yield _row("sum of 2x64x128x256", LARGE, None)


def _row(name: str, shape: tuple[int, ...], axis: int | None) -> Row:
    make = {
        OURS: lambda: _ours(shape, axis),
        "numpy": lambda: _numpy(shape, axis),
        "torch": lambda: _torch(shape, axis),
        "jax": lambda: _jax(shape, axis),
    }
    return Row(name, make, BARS)


def _ours(shape: tuple[int, ...], axis: int | None) -> Call:
    x = st.from_numpy(normal(*shape), copy=False)
    return lambda: x.sum(axis=axis)


def _numpy(shape: tuple[int, ...], axis: int | None) -> Call:
    x = normal(*shape)
    out: Any = None if axis is None else np.empty(shape[1 - axis], np.float32)
    return lambda: np.add.reduce(x, axis, out=out)


def _torch(shape: tuple[int, ...], axis: int | None) -> Call:
    import torch

    x = torch.from_numpy(normal(*shape))
    if axis is None:
        return lambda: torch.sum(x)
    out = torch.empty(shape[1 - axis])
    return lambda: torch.sum(x, axis, out=out)


def _jax(shape: tuple[int, ...], axis: int | None) -> Call:
    import jax

    return waiting(jax.jit(lambda x: x.sum(axis)), jax.numpy.asarray(normal(*shape)))
