"""Correct programs on tensors of unknown rank, of which only some ranks are tried: mypy says nothing."""

from __future__ import annotations

from typing import Any, TypeVar
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, I64, Mul, Tensor, nn
from shapetensor.tensor import AnyTensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
S = TypeVarTuple("S")
Flat = Tensor[F32, B, Mul[T, D]]


def matrix(x: Tensor[F32, B, T]) -> Tensor[F32, B]:
    return x[:, 0]


def cube(x: Tensor[F32, B, T, D]) -> Tensor[F32, B]:
    return x[:, 0, 0]


def reduced(x: AnyTensor, y: Tensor[F32, *tuple[Any, ...]]) -> None:
    for rank in (matrix, cube):
        rank(x.sum(axis=2))
    matrix(x.sum(axis=2))
    cube(x.sum(axis=2))
    cube(y.mean(axis=(0, 2)))
    cube(y.mean(axis=-3))
    matrix(y.argmax(axis=3).astype(F32))


def subscripts(x: AnyTensor, y: Tensor[F32, *tuple[Any, ...]], i: Tensor[I64, *tuple[Any, ...]]) -> None:
    matrix(x[0, 0, 0])
    cube(x[:, :, 1])
    cube(y[..., 0, 0])
    cube(y[0, ..., 0])
    matrix(y[i])
    cube(y[i])
    cube(y[:, i])
    matrix(x[None])
    matrix(x[:, None])
    x[0, 0, 0, 0, 0]
    x[..., 1, 2, 3, 4]


def axes(x: AnyTensor, y: Tensor[F32, *tuple[Any, ...]]) -> None:
    cube(x.squeeze(2))
    cube(y.expand_dims(3)[0])
    cube(y.flatten(2))
    cube(y.flatten(1, 2))
    matrix(y.flatten(1, 2))
    cube(st.moveaxis(y, 2, 0))
    cube(st.flip(y, axis=3)[0])
    matrix(y.mT)
    cube(y.mT)
    cube(st.stack([y, y]))
    matrix(st.stack([y, y]))
    st.concat([y, y], axis=3)
    st.take_along_axis(y, i_of(y), axis=3)


def i_of(x: AnyTensor) -> Tensor[I64, *tuple[Any, ...]]:
    return x.argmax(axis=-1, keepdims=True)


def joined(x: AnyTensor, y: Tensor[F32, L[2], L[3]], z: Tensor[F32, *tuple[Any, ...]]) -> None:
    cube(x + y)
    cube(y * x)
    cube(x @ y)
    matrix(x @ y)
    matrix(y @ x)
    cube(z @ z)
    matrix(z @ z)
    matrix(st.where(x > 0.0, y, z))
    cube(st.where(x > 0.0, y, z))
    cube(st.tensordot(z, y, axes=1))
    st.tensordot(z, z, axes=4)


def stars(x: Tensor[F32, Unpack[S]], y: Tensor[F32, Unpack[S], D]) -> None:
    z: AnyTensor = x
    cube(z)
    x.sum(axis=0)
    x[0, 0, 0, 0]
    y.sum(axis=4)
    y[0, 0, 0, 0, 0, 0]
    y.mean(axis=(-2, -1))
    y.mT
    x.permute_dims((0, 1, 2, 3, 4))
    y.squeeze(-2)
    y.reshape((-1, 2, 3))
    st.concat([x, x], axis=5)
    nn.Flatten(2, 4)(y)
    nn.LayerNorm((2, 3, 4, 5))(x)


def stars_of_results(x: Tensor[F32, Unpack[S], T, D]) -> Tensor[F32, Unpack[S], D, T]:
    y: Tensor[F32, Unpack[S], D, D] = x.mT @ x
    z: Tensor[F32, Unpack[S], T] = x.sum(axis=-1)
    w: Tensor[F32, L[1], Unpack[S], T] = z[None]
    return (y @ x.mT + w[0].expand_dims(-2)) * 2.0


def layers(
    x: AnyTensor, y: Tensor[F32, *tuple[Any, ...]], layer: nn.Linear[L[3], L[4]], norm: nn.BatchNorm1d[L[4]]
) -> None:
    cube(layer(x))
    matrix(layer(y))
    cube(norm(layer(y)))
    matrix(nn.Flatten()(y))
    cube(nn.Flatten(2)(y))
    cube(nn.Residual(nn.LayerNorm(4))(y))
    matrix(nn.Sequential(layer, nn.ReLU(), norm)(y))


def losses(x: AnyTensor, y: Tensor[F32, *tuple[Any, ...]], labels: Tensor[I64, *tuple[Any, ...]]) -> None:
    st.losses.cross_entropy(x, labels)
    st.losses.cross_entropy(y, labels, reduction="none")[0, 0, 0]
    cube(st.losses.mse_loss(x, y, reduction="none"))


def loops(x: AnyTensor, n: int) -> AnyTensor:
    y = x
    for _ in range(n):
        y = y[None]
    for i in range(n):
        y = y.sum(axis=i)
    while y.ndim > 2:
        y = y.flatten(0, 1)
    matrix(y)
    return y


def ranks_asked_for(x: AnyTensor) -> AnyTensor:
    if x.ndim == 4:
        b, c, h, w = x.shape
        return x.reshape((b, c, h * w)).sum(axis=2)
    if x.ndim == 1:
        return x[None]
    assert x.ndim == 2
    rows, columns = x.shape
    return matrix(x) + st.zeros((rows, columns))[:, 0]


def alias_of_products(x: Flat[B, L[2], L[3]]) -> Tensor[F32, B, L[6]]:
    flat_of_six(x)
    flat_of_six(x * 2.0)
    return x


def flat_of_six(x: Tensor[F32, B, L[6]]) -> Tensor[F32, B]:
    return x[:, 0]


def shapes(x: AnyTensor, shape: tuple[int, ...], sizes: list[int], some: tuple[int, int]) -> None:
    cube(st.zeros(shape))
    matrix(st.zeros(sizes))
    matrix(st.zeros(some))
    cube(x.reshape(shape))
    matrix(x.reshape(x.shape))
    cube(x.broadcast_to(shape))
    cube(st.zeros((*shape, 3)))
    cube(st.zeros((2, *sizes)))
    matrix(st.zeros(some + (2,))[0])
    cube(st.zeros(some + shape))
    matrix(st.zeros(tuple(n + 1 for n in shape)))
    cube(st.zeros(x.shape[:2] + (3,)))
    cube(st.zeros(shape[1:]))
    matrix(st.zeros([3] * len(sizes)))
    cube(st.random.normal(st.random.key(0), shape))
    matrix(st.full(shape, 1.0))
