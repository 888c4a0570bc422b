"""Products other than `@`."""

from __future__ import annotations

from typing import Literal as L
from typing import TypeVar, reveal_type

import shapetensor as st
from shapetensor import F32, F64, I64, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
K = TypeVar("K", bound=int)


def outer(x: Tensor[F32, B], y: Tensor[F64, L[3]], bad: Tensor[F32, B, T]) -> None:
    reveal_type(st.outer(x, y))  # R: Tensor[F64, B, 3]
    st.outer(x, bad)
    # E: outer: (B,) and (B, T) are not both vectors: write x.reshape(-1) first


def tensordot(x: Tensor[F32, B, T, D], w: Tensor[F32, T, D, K], bad: Tensor[F32, D, T, K]) -> None:
    reveal_type(st.tensordot(x, w))  # R: Tensor[F32, B, K]
    st.tensordot(x, bad)
    # E: tensordot: axis 1 of (B, T, D) and axis 0 of (D, T, K) differ: T and D are not known to be equal


def tensordot_one(x: Tensor[F32, B, T], w: Tensor[F32, T, K], bad: Tensor[F32, L[7], K]) -> None:
    reveal_type(st.tensordot(x, w, axes=1))  # R: Tensor[F32, B, K]
    reveal_type(st.tensordot(x, w, axes=0))  # R: Tensor[F32, B, T, T, K]
    st.tensordot(x, bad, axes=1)
    # E: tensordot: axis 1 of (B, T) and axis 0 of (7, K) differ: T and 7 are not known to be equal
    st.tensordot(x, w, axes=3)
    # E: tensordot: (B, T) and (T, K) do not both have 3 axes to sum over


def tensordot_pairs(x: Tensor[F32, B, T, D], w: Tensor[F32, D, K, B]) -> None:
    reveal_type(st.tensordot(x, w, axes=((0, 2), (2, 0))))  # R: Tensor[F32, T, K]
    reveal_type(st.tensordot(x, w, axes=([2], [0])))  # R: Tensor[F32, B, T, K, B]
    st.tensordot(x, w, axes=((0, 1), (2, 0)))
    # E: tensordot: axis 1 of (B, T, D) and axis 0 of (D, K, B) differ: T and D are not known to be equal
    st.tensordot(x, w, axes=((0,), (2, 0)))
    # E: tensordot: axes (0,) of (B, T, D) and (2, 0) of (D, K, B) are not as many


def norms(x: Tensor[F32, B, D], y: Tensor[F32, B, D], bad: Tensor[F32, B, K]) -> None:
    reveal_type(((x - y) ** 2).sum(axis=-1).sqrt())  # R: Tensor[F32, B]
    ((x - bad) ** 2).sum(axis=-1).sqrt()
    # E: sub: shapes (B, D) and (B, K) do not broadcast: axis -1: D and K are not known to be equal


def distances(x: Tensor[F32, B, D], y: Tensor[F32, T, D]) -> None:
    reveal_type(((x[:, None] - y[None]) ** 2).sum(axis=-1))  # R: Tensor[F32, B, T]
    ((x[:, None] - y[:, None]) ** 2).sum(axis=-1)
    # E: sub: shapes (B, 1, D) and (T, 1, D) do not broadcast: axis -3: B and T are not known to be equal


def gram(x: Tensor[F32, B, D]) -> None:
    reveal_type(x @ x.mT)  # R: Tensor[F32, B, B]
    reveal_type(x.mT @ x)  # R: Tensor[F32, D, D]
    (x @ x.mT) @ (x.mT @ x)
    # E: matmul: (B, B) @ (D, D): inner dimensions differ: B and D are not known to be equal


def attention(q: Tensor[F32, B, T, D], k: Tensor[F32, B, T, D], v: Tensor[F32, B, T, D]) -> Tensor[F32, B, T, D]:
    weights = st.softmax(q @ k.mT / 8.0)
    reveal_type(weights)  # R: Tensor[F32, B, T, T]
    q @ k
    # E: matmul: (B, T, D) @ (B, T, D): inner dimensions differ: D and T are not known to be equal
    return weights @ v


def attention_wrong(q: Tensor[F32, B, T, D], v: Tensor[F32, B, T, D]) -> Tensor[F32, B, T, D]:
    return q.mT @ v
    # E: attention_wrong: the result has shape (B, D, D), not (B, T, D): axis 1: D and T are not known to be equal


def integers(i: Tensor[I64, L[3]], j: Tensor[I64, L[3]]) -> None:
    reveal_type(i @ j)  # R: Tensor[I64]
    reveal_type(st.outer(i, j))  # R: Tensor[I64, 3, 3]
    i @ j @ i
    # E: matmul: () @ (3,): a scalar has no axes to multiply along: use x * w
