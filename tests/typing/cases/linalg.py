"""Products other than `@`."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, Bool, Tensor
from shapetensor.tensor import AnyTensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
K = TypeVar("K", bound=int)
S = TypeVarTuple("S")


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


def linear(x: Tensor[F32, L[32], L[784]], w: Tensor[F32, L[10], L[784]], b: Tensor[F32, L[10]]) -> None:
    reveal_type(st.linear(x, w, b))  # R: Tensor[F32, 32, 10]
    reveal_type(st.linear(x[0], w, b))  # R: Tensor[F32, 10]
    reveal_type(st.linear(x[None], w))  # R: Tensor[F32, 1, 32, 10]
    st.linear(x, w.mT, b)
    # E: linear: the last axes of x (32, 784) and weight (784, 10) differ: 784 != 10
    # N: did you mean `weight.mT` with shape (10, 784)?
    st.linear(x, w[1:], b)
    # E: linear: the first axes of weight (9, 784) and bias (10,) differ: 9 != 10


def linear_of_symbols(x: Tensor[F32, B, T, D], w: Tensor[F32, K, D], b: Tensor[F32, K], bad: Tensor[F32, D]) -> None:
    reveal_type(st.linear(x, w, b))  # R: Tensor[F32, B, T, K]
    reveal_type(st.linear(x, w, None))  # R: Tensor[F32, B, T, K]
    st.linear(x, w, bad)
    # E: linear: the first axes of weight (K, D) and bias (D,) differ: K and D are not known to be equal
    st.linear(x.mT, w)
    # E: linear: the last axes of x (B, D, T) and weight (K, D) differ: T and D are not known to be equal


def linear_of_ranks(x: Tensor[F32, B, D], w: Tensor[F32, K, D], b: Tensor[F32, K], s: Tensor[F32]) -> None:
    reveal_type(st.linear(x, w, b))  # R: Tensor[F32, B, K]
    st.linear(s, w, b)
    # E: linear: x () and weight (K, D) should be (..., in) and (out, in)
    # N: use expand_dims or reshape
    st.linear(x, b)
    # E: linear: x (B, D) and weight (K,) should be (..., in) and (out, in)
    # N: use expand_dims or reshape
    st.linear(x, w, b[None])
    # E: linear: weight (K, D) and bias (1, K) should be (out, in) and (out,)
    # N: write x @ weight.mT + bias for one that broadcasts


def linear_of_stars(
    x: Tensor[F32, Unpack[S], D], w: Tensor[F32, K, D], b: Tensor[F32, K], bad: Tensor[F32, D, K]
) -> None:
    reveal_type(st.linear(x, w, b))  # R: Tensor[F32, *S, K]
    reveal_type(st.linear(x, w))  # R: Tensor[F32, *S, K]
    st.linear(x, bad)
    # E: linear: the last axes of x (*S, D) and weight (D, K) differ: D and K are not known to be equal
    # N: did you mean `weight.mT` with shape (K, D)?


def linear_of_dtypes(
    x: Tensor[F32, B, D], w: Tensor[F64, K, D], i: Tensor[I64, K, D], mask: Tensor[Bool, K, D], b: Tensor[I64, K]
) -> None:
    reveal_type(st.linear(x, w, b))  # R: Tensor[F64, B, K]
    reveal_type(st.linear(i, mask, b))  # R: Tensor[I64, K, K]
    st.linear(mask, mask, b)
    # E: linear: Bool has no products to sum: write x.astype(I32) or F32 first


def linear_of_unknown(
    x: AnyTensor, y: Tensor[F32, int, int], w: Tensor[F32, Any, L[4]], b: Tensor[F32, L[5]], bad: Tensor[F32, L[3]]
) -> None:
    reveal_type(st.linear(x, w, b))  # R: Tensor[Any, ...]
    reveal_type(st.linear(y, w, b))  # R: Tensor[F32, Any, 5]
    reveal_type(st.linear(y, w))  # R: Tensor[F32, Any, Any]
    st.linear(bad, w, b)
    # E: linear: the last axes of x (3,) and weight (?, 4) differ: 3 != 4
