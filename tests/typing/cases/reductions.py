"""Sums and the like over axes."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, I64, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
S = TypeVarTuple("S")


def one_axis(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x.sum(axis=1))  # R: Tensor[F32, B, D]
    reveal_type(st.max(x, axis=0))  # R: Tensor[F32, T, D]
    x.sum(axis=3)
    # E: sum: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (B, T, D)


def no_axis(x: Tensor[F32, B, T, D], s: Tensor[F32]) -> None:
    reveal_type(x.sum())  # R: Tensor[F32]
    reveal_type(x.mean(keepdims=True))  # R: Tensor[F32, 1, 1, 1]
    reveal_type(s.sum())  # R: Tensor[F32]
    s.sum(axis=0)
    # E: sum: axis 0 is out of range for rank 0 (a scalar has no axes); the shape is ()


def negative_axis(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x.mean(axis=-1))  # R: Tensor[F32, B, T]
    reveal_type(st.mean(x, axis=-3))  # R: Tensor[F32, T, D]
    x.mean(axis=-4)
    # E: mean: axis -4 is out of range for rank 3 (valid: -3..2); the shape is (B, T, D)


def several_axes(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x.max(axis=(0, 2)))  # R: Tensor[F32, T]
    reveal_type(x.min(axis=(-1, 0), keepdims=True))  # R: Tensor[F32, 1, T, 1]
    x.max(axis=(0, 3))
    # E: max: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (B, T, D)


def axis_twice(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x.sum(axis=(0, 1)))  # R: Tensor[F32, D]
    x.sum(axis=(1, -2))
    # E: sum: axes (1, -2) name axis 1 twice; the shape is (B, T, D)


def keepdims(x: Tensor[F32, B, T]) -> None:
    reveal_type(x - x.mean(axis=1, keepdims=True))  # R: Tensor[F32, B, T]
    x - x.mean(axis=1)
    # E: sub: shapes (B, T) and (B,) do not broadcast: axis -1: T and B are not known to be equal


def keepdims_variable(x: Tensor[F32, B, T], keep: bool) -> None:
    reveal_type(x.sum(axis=0, keepdims=False))  # R: Tensor[F32, T]
    reveal_type(x.sum(axis=0, keepdims=keep))  # R: Tensor[F32, ...]
    x.sum(axis=2, keepdims=keep)
    # E: sum: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, T)


def places(x: Tensor[F32, B, L[10]]) -> None:
    reveal_type(x.argmax(axis=1))  # R: Tensor[I64, B]
    reveal_type(x.argmax())  # R: Tensor[I64]
    reveal_type(st.argmin(x, axis=0, keepdims=True))  # R: Tensor[I64, 1, 10]
    x.argmax(axis=2)
    # E: argmax: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, 10)


def spread(x: Tensor[F32, B, D], i: Tensor[I64, B]) -> None:
    reveal_type(x.var(axis=0))  # R: Tensor[F32, D]
    reveal_type(st.std(x, axis=1, correction=1))  # R: Tensor[F32, B]
    x.std(axis=5)
    # E: std: axis 5 is out of range for rank 2 (valid: -2..1); the shape is (B, D)
    i.var()
    # E: var: I64 has no exact mean: write x.astype(F32).var(...)


def softmax(x: Tensor[F32, B, L[10]], i: Tensor[I64, B]) -> None:
    reveal_type(st.softmax(x))  # R: Tensor[F32, B, 10]
    reveal_type(st.log_softmax(x, axis=0))  # R: Tensor[F32, B, 10]
    reveal_type(x.logsumexp(axis=1))  # R: Tensor[F32, B]
    st.softmax(x, axis=2)
    # E: softmax: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, 10)


def running(x: Tensor[F32, B, T], v: Tensor[F32, T]) -> None:
    reveal_type(x.cumulative_sum(axis=1))  # R: Tensor[F32, B, T]
    reveal_type(v.cumulative_sum())  # R: Tensor[F32, T]
    reveal_type(x.cumsum(0))  # R: Tensor[F32, B, T]
    x.cumulative_sum()
    # E: cumulative_sum: (B, T) has 2 axes: say which with axis=
    x.cumsum(2)
    # E: cumulative_sum: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, T)


def empty(x: Tensor[F32, L[0], L[3]]) -> None:
    reveal_type(x.sum(axis=0))  # R: Tensor[F32, 3]
    reveal_type(x.max(axis=1))  # R: Tensor[F32, 0]
    x.max(axis=0)
    # E: max: axis 0 of (0, 3) is empty: there is no largest element


def stars(x: Tensor[F32, Unpack[S], D]) -> None:
    reveal_type(x.sum(axis=-1))  # R: Tensor[F32, *S]
    reveal_type(x.mean(axis=-1, keepdims=True))  # R: Tensor[F32, *S, 1]
    reveal_type(x - x.max(axis=-1, keepdims=True))  # R: Tensor[F32, *S, D]
    reveal_type(x.sum())  # R: Tensor[F32]
    reveal_type(x.sum(axis=0))  # R: Tensor[F32, ...]


def unknown_axis(x: Tensor[F32, B, T], n: int) -> None:
    reveal_type(x.sum(axis=n))  # R: Tensor[Any, ...]
    reveal_type(x.sum(axis=n) + 1.0)  # R: Tensor[Any, ...]


def unknown_rank(x: Tensor[F32, *tuple[Any, ...]]) -> None:
    reveal_type(x.sum())  # R: Tensor[F32]
    reveal_type(x.argmax(axis=1))  # R: Tensor[I64, ...]
    reveal_type(x.mean(axis=(0, 1)))  # R: Tensor[F32, ...]


def chained(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x.sum(axis=0).mean(axis=0))  # R: Tensor[F32, D]
    x.sum(axis=0).mean(axis=2)
    # E: mean: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (T, D)


def methods_and_functions(x: Tensor[F32, B, T]) -> None:
    reveal_type(st.prod(x, axis=1))  # R: Tensor[F32, B]
    reveal_type(st.any(x, axis=0))  # R: Tensor[Bool, T]
    reveal_type(st.all(x))  # R: Tensor[Bool]
    st.prod(x, axis=-3)
    # E: prod: axis -3 is out of range for rank 2 (valid: -2..1); the shape is (B, T)


def sorted_values(x: Tensor[F32, B, T]) -> None:
    reveal_type(st.sort(x))  # R: Tensor[F32, B, T]
    reveal_type(st.argsort(x, axis=0))  # R: Tensor[I64, B, T]
    st.sort(x, axis=2)
    # E: sort: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, T)
