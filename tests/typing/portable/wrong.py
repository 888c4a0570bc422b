"""Mistakes that type checkers find without the plugin: each line marked E is reported, and no other line is.

`# E, not by ty` is a line in which ty finds nothing.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, TypeVarTuple
from typing import Literal as L

import shapetensor as st
from shapetensor import F32, F64, I64, U32, Tensor, nn

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
S = TypeVarTuple("S")
Key = Tensor[U32, L[4]]


# Products of matrices whose inner dimensions differ.
def inner(x: Tensor[F32, B, L[784]], w: Tensor[F32, L[100], L[10]], v: Tensor[F32, L[10]]) -> None:
    print(x @ w)  # E
    print(x @ v)  # E
    print(v @ w)  # E
    print(st.matmul(x, w))  # E


# Affine maps whose weight or bias does not fit.
def affine(x: Tensor[F32, B, L[784]], w: Tensor[F32, L[10], L[784]], v: Tensor[F32, L[784]]) -> None:
    print(st.linear(x, w, v))  # E
    print(st.linear(w, w, x))  # E
    print(st.linear(x, v))  # E


def affine_of_variables(x: Tensor[F32, B, T], w: Tensor[F32, D, T], bad: Tensor[F32, T, D]) -> Tensor[F32, B, D]:
    print(st.linear(x, bad))  # E
    print(st.linear(bad, bad, x))  # E
    return st.linear(w, w)  # E


def transposed(x: Tensor[F32, B, D]) -> None:
    print(x @ x)  # E


def of_variables(x: Tensor[F32, B, T], w: Tensor[F32, D, T]) -> None:
    print(x @ w)  # E


def of_sequences(x: Tensor[F32, B, T, D], w: Tensor[F32, L[3], L[4]], s: Tensor[F32, *S, L[5]]) -> None:
    print(x @ w)  # E
    print(s @ w)  # E, not by pyright


def no_tensor(x: Tensor[F32, B, D]) -> None:
    print(x @ 2.0)  # E


def scaled(x: Tensor[F32, B, L[3]], w: Tensor[F32, L[4], L[5]]) -> None:
    print(-(2.0 * x.exp()).relu() @ w)  # E


# Results that are not as declared.
def swapped(x: Tensor[F32, B, T]) -> Tensor[F32, T, B]:
    return x  # E


def product(x: Tensor[F32, B, L[784]], w: Tensor[F32, L[784], L[10]]) -> Tensor[F32, B, L[100]]:
    return x @ w  # E


def of_dtype(x: Tensor[F32, B]) -> Tensor[F64, B]:
    return x  # E


def of_rank(x: Tensor[F32, B, D]) -> Tensor[F32, B]:
    return st.softmax(x)  # E


# Arguments of functions with dimensions.
def linear(x: Tensor[F32, B, D], w: Tensor[F32, D, T]) -> Tensor[F32, B, T]:
    return x @ w


def arguments(x: Tensor[F32, L[2], L[3]], w: Tensor[F32, L[4], L[5]], v: Tensor[F32, L[3]]) -> None:
    print(linear(x, w))  # E
    print(linear(v, w))  # E


# Layers.
def widths(x: Tensor[F32, B, L[784]], layer: nn.Linear[L[100], L[10]], key: Key) -> None:
    print(layer(x))  # E
    print(nn.Linear[L[100], L[10]](100, 10, key=key)(x))  # E
    print(layer(nn.Linear[L[784], L[99]](784, 99, key=key)(x)))  # E


class Network(st.Module):
    first: nn.Linear[L[784], L[128]]
    second: nn.Linear[L[100], L[10]]

    def __call__(self, x: Tensor[F32, B, L[784]]) -> Tensor[F32, B, L[10]]:
        return self.second(self.first(x).relu())  # E


class Two(st.Module, Generic[B, D]):
    first: nn.Linear[B, D]
    second: nn.Linear[B, D]

    def __call__(self, x: Tensor[F32, *S, B]) -> Tensor[F32, *S, D]:
        return self.second(self.first(x))  # E


def normalised(x: Tensor[F32, B, L[64]], norm: nn.BatchNorm1d[L[32]]) -> None:
    print(norm(x))  # E


def floats(x: Tensor[F32, B], table: nn.Embedding[L[100], L[8]]) -> None:
    print(table(x))  # E


# Losses, and gradients.
def labels(scores: Tensor[F32, B, L[10]], one_hot: Tensor[I64, B, L[10]], floats: Tensor[F32, B]) -> None:
    print(st.losses.cross_entropy(scores, one_hot))  # E
    print(st.losses.cross_entropy(scores, floats))  # E
    print(st.losses.mse_loss(scores, floats))  # E


def loss(w: Tensor[F32, D], x: Tensor[F32, B, D]) -> Tensor[F32]:
    return (x @ w).sum()


def gradients(w: Tensor[F32, L[3]], x: Tensor[F32, L[2], L[3]], y: Tensor[F32, L[2], L[4]]) -> None:
    wrong: Tensor[F32, L[4]] = st.grad(loss)(w, x)  # E, not by ty
    print(wrong, st.grad(loss)(w, y))  # E, not by ty
    print(st.compile(loss)(w, y))  # E
    value, gradient = st.value_and_grad(loss)(w, x)
    print(value, gradient @ y)  # E, not by ty
    print(st.compile(loss)(w))  # E


def unknown(x: Tensor[F32, Any, Any], y: Tensor[F32, L[3], L[4]]) -> Any:
    return y @ x @ y.mT @ y @ st.ones((4, 3))
