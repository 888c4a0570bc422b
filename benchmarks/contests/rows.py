"""Functions of rows: softmax, layer norm, cross-entropy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import shapetensor as st

from .row import OURS, Array, Call, Row, empty, normal, waiting

SHAPES = ((1024, 1000), (4096, 64))
PEERS = ("numpy", "torch", "jax")


def rows() -> Iterator[Row]:
    works = (
        ("softmax", (3.8, 1.25, 1.25), (_softmax, _softmax_numpy, _softmax_torch, _softmax_jax)),
        ("layer norm", (8.0, 1.6, 1.8), (_layer_norm, _layer_norm_numpy, _layer_norm_torch, _layer_norm_jax)),
        (
            "cross-entropy and gradient",
            (3.3, 2.3, 2.5),
            (_cross_entropy, _cross_entropy_numpy, _cross_entropy_torch, _cross_entropy_jax),
        ),
    )
    for name, bars, makers in works:
        for shape in SHAPES:
            make = {library: partial(maker, shape) for library, maker in zip((OURS, *PEERS), makers, strict=True)}
            yield Row(f"{name} {'x'.join(map(str, shape))}", make, dict(zip(PEERS, bars, strict=True)))


def _softmax(shape: tuple[int, int]) -> Call:
    x = st.from_numpy(normal(*shape), copy=False)
    return lambda: st.softmax(x)


def _softmax_numpy(shape: tuple[int, int]) -> Call:
    x, out = normal(*shape), empty(*shape)

    def run() -> Array:
        np.subtract(x, x.max(1, keepdims=True), out=out)
        np.exp(out, out=out)
        np.divide(out, out.sum(1, keepdims=True), out=out)
        return out

    return run


def _softmax_torch(shape: tuple[int, int]) -> Call:
    import torch

    x = torch.from_numpy(normal(*shape))
    out = torch.empty_like(x)
    return lambda: torch.softmax(x, 1, out=out)


def _softmax_jax(shape: tuple[int, int]) -> Call:
    import jax

    return waiting(jax.jit(lambda x: jax.nn.softmax(x, 1)), jax.numpy.asarray(normal(*shape)))


def _scale(shape: tuple[int, int]) -> tuple[Array, Array]:
    return normal(shape[1], seed=1), normal(shape[1], seed=2)


def _layer_norm(shape: tuple[int, int]) -> Call:
    x, (w, b) = st.from_numpy(normal(*shape), copy=False), map(st.from_numpy, _scale(shape))
    layer: Any = st.nn.LayerNorm(shape[1]).replace(weight=w, bias=b)
    return lambda: layer(x)


def _layer_norm_numpy(shape: tuple[int, int]) -> Call:
    x, out, (w, b) = normal(*shape), empty(*shape), _scale(shape)

    def run() -> Array:
        np.subtract(x, x.mean(1, keepdims=True), out=out)
        np.divide(out, np.sqrt(x.var(1, keepdims=True) + np.float32(1e-5)), out=out)
        np.multiply(out, w, out=out)
        np.add(out, b, out=out)
        return out

    return run


def _layer_norm_torch(shape: tuple[int, int]) -> Call:
    import torch

    x, (w, b) = torch.from_numpy(normal(*shape)), map(torch.from_numpy, _scale(shape))
    return lambda: torch.nn.functional.layer_norm(x, (shape[1],), w, b)


def _layer_norm_jax(shape: tuple[int, int]) -> Call:
    import jax

    def norm(x: Any, w: Any, b: Any) -> Any:
        centred = x - x.mean(1, keepdims=True)
        return centred / jax.numpy.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * w + b

    return waiting(jax.jit(norm), *map(jax.numpy.asarray, (normal(*shape), *_scale(shape))))


def _labels(shape: tuple[int, int]) -> Array:
    return np.random.default_rng(1).integers(0, shape[1], shape[0])


def _cross_entropy(shape: tuple[int, int]) -> Call:
    x, labels = st.from_numpy(normal(*shape), copy=False), st.from_numpy(_labels(shape))
    function = st.compile(st.value_and_grad(lambda x, labels: st.losses.cross_entropy(x, labels)))
    return lambda: function(x, labels)


def _cross_entropy_numpy(shape: tuple[int, int]) -> Call:
    x, labels, p = normal(*shape), _labels(shape), empty(*shape)
    places = np.arange(shape[0]), labels

    def run() -> tuple[Array, Array]:
        np.subtract(x, x.max(1, keepdims=True), out=p)
        picked = p[places]
        np.exp(p, out=p)
        total = p.sum(1, keepdims=True)
        loss = np.log(total[:, 0]) - picked
        np.divide(p, total * np.float32(shape[0]), out=p)
        p[places] -= np.float32(1 / shape[0])
        return loss.mean(), p

    return run


def _cross_entropy_torch(shape: tuple[int, int]) -> Call:
    import torch

    x, labels = torch.from_numpy(normal(*shape)).requires_grad_(), torch.from_numpy(_labels(shape))

    def run() -> Any:
        x.grad = None
        torch.nn.functional.cross_entropy(x, labels).backward()  # type: ignore[no-untyped-call]
        return x.grad

    return run


def _cross_entropy_jax(shape: tuple[int, int]) -> Call:
    import jax

    def loss(x: Any, labels: Any) -> Any:
        rows = jax.nn.log_softmax(x, 1)
        return -jax.numpy.take_along_axis(rows, labels[:, None], 1).mean()

    function = jax.jit(jax.value_and_grad(loss))
    return waiting(function, jax.numpy.asarray(normal(*shape)), jax.numpy.asarray(_labels(shape)))
