"""Subscripts."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, I32, I64, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
S = TypeVarTuple("S")


def ints(x: Tensor[F32, L[3], L[4]]) -> None:
    reveal_type(x[0])  # R: Tensor[F32, 4]
    reveal_type(x[2, 3])  # R: Tensor[F32]
    x[3]
    # E: index 3 is out of range for axis 0 of shape (3, 4)
    x[0, 4]
    # E: index 4 is out of range for axis 1 of shape (3, 4)


def negative_ints(x: Tensor[F32, L[3], L[4]]) -> None:
    reveal_type(x[-3])  # R: Tensor[F32, 4]
    x[-4]
    # E: index -4 is out of range for axis 0 of shape (3, 4)


def too_many(x: Tensor[F32, B, T]) -> None:
    reveal_type(x[0, 0])  # R: Tensor[F32]
    x[0, 0, 0]
    # E: 3 indices for a tensor of 2 axes, shape (B, T)
    x[:, :, :]
    # E: 3 indices for a tensor of 2 axes, shape (B, T)


def slices(x: Tensor[F32, L[10], L[4]]) -> None:
    reveal_type(x[2:5])  # R: Tensor[F32, 3, 4]
    reveal_type(x[::3, 1:])  # R: Tensor[F32, 4, 3]
    reveal_type(x[-3:, :-1])  # R: Tensor[F32, 3, 3]
    reveal_type(x[8:100])  # R: Tensor[F32, 2, 4]
    reveal_type(x[::-1])  # R: Tensor[F32, 10, 4]
    x[2:5] + x[2:6]
    # E: add: shapes (3, 4) and (4, 4) do not broadcast: axis -2: 3 != 4


def symbolic_slices(x: Tensor[F32, B, T]) -> None:
    reveal_type(x[:, 1:])  # R: Tensor[F32, B, T-1]
    reveal_type(x[:, :-1])  # R: Tensor[F32, B, T-1]
    reveal_type(x[:, 1:] - x[:, :-1])  # R: Tensor[F32, B, T-1]
    x[:, 1:] - x
    # E: sub: shapes (B, T-1) and (B, T) do not broadcast: axis -1: T-1 != T


def symbolic_bounds(x: Tensor[F32, B, T], y: Tensor[F32, T]) -> None:
    b, t = x.shape
    reveal_type(x[:b])  # R: Tensor[F32, B, T]
    reveal_type(x[:, t - 1 :])  # R: Tensor[F32, B, 1]
    reveal_type(x[0, : t - 1])  # R: Tensor[F32, T-1]
    x[0, : t - 1] + y
    # E: add: shapes (T-1,) and (T,) do not broadcast: axis -1: T-1 != T


def new_axes(x: Tensor[F32, B, T]) -> None:
    reveal_type(x[None])  # R: Tensor[F32, 1, B, T]
    reveal_type(x[:, None, :])  # R: Tensor[F32, B, 1, T]
    reveal_type(x[..., None])  # R: Tensor[F32, B, T, 1]
    reveal_type(x[:, None] - x[None, :])  # R: Tensor[F32, B, B, T]
    x[:, None] - x[None, :, 1:]
    # E: sub: shapes (B, 1, T) and (1, B, T-1) do not broadcast: axis -1: T != T-1


def ellipsis(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x[..., 0])  # R: Tensor[F32, B, T]
    reveal_type(x[0, ..., 0])  # R: Tensor[F32, T]
    reveal_type(x[...])  # R: Tensor[F32, B, T, D]
    x[..., 0, ...]
    # E: an index can have one '...' only


def tensors(x: Tensor[F32, B, D], i: Tensor[I64, T], j: Tensor[I32, L[2], L[5]], bad: Tensor[F32, T]) -> None:
    reveal_type(x[i])  # R: Tensor[F32, T, D]
    reveal_type(x[j])  # R: Tensor[F32, 2, 5, D]
    reveal_type(x[:, i])  # R: Tensor[F32, B, T]
    x[bad]
    # E: take: indices are integers, not F32: write indices.astype(I64)


def tensors_together(x: Tensor[F32, B, D], i: Tensor[I64, T], j: Tensor[I64, T], bad: Tensor[I64, B]) -> None:
    reveal_type(x[i, j])  # R: Tensor[F32, T]
    x[i, bad]
    # E: the index tensors (T,), (B,): shapes (T,) and (B,) do not broadcast: axis -1: T and B are not known to be equal


def separated(x: Tensor[F32, B, T, D], i: Tensor[I64, L[4]]) -> None:
    reveal_type(x[i, i])  # R: Tensor[F32, 4, D]
    x[i, :, i]
    # E: integer tensors and ints in one subscript must stand beside one another, since libraries order the axes differently otherwise: index in two steps, as in x[:, j][i], or use x.take(indices, axis=axis) or st.take_along_axis(x, indices, axis=axis)


def symbol_at_int(x: Tensor[F32, B, T], n: int) -> None:
    reveal_type(x[0])  # R: Tensor[F32, T]
    reveal_type(x[n])  # R: Tensor[F32, T]
    reveal_type(x[n:])  # R: Tensor[F32, Any, T]
    reveal_type(x[-1, n])  # R: Tensor[F32]
    x[n, 0, 0]
    # E: 3 indices for a tensor of 2 axes, shape (B, T)


def scalar(s: Tensor[F32]) -> None:
    reveal_type(s[...])  # R: Tensor[F32]
    reveal_type(s[None])  # R: Tensor[F32, 1]
    s[0]
    # E: 1 indices for a tensor of 0 axes, shape ()


def not_an_index(x: Tensor[F32, B, T]) -> None:
    reveal_type(x[0])  # R: Tensor[F32, T]
    x[0.5]
    # E: index 0 is of type float: use ints, slices, None, '...' and integer tensors such as st.tensor([0, 2]), or x.take(indices, axis=0), or st.where(mask, x, other)
    x["a"]
    # E: index 0 is of type str: use ints, slices, None, '...' and integer tensors such as st.tensor([0, 2]), or x.take(indices, axis=0), or st.where(mask, x, other)


def take(x: Tensor[F32, B, D], i: Tensor[I64, T], bad: Tensor[F32, T]) -> None:
    reveal_type(st.take(x, i, axis=0))  # R: Tensor[F32, T, D]
    reveal_type(x.take(i, axis=1))  # R: Tensor[F32, B, T]
    st.take(x, i, axis=2)
    # E: take: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, D)
    st.take(x, bad, axis=0)
    # E: take: indices are integers, not F32: write indices.astype(I64)


def take_along(x: Tensor[F32, B, D], i: Tensor[I64, B, L[1]], bad: Tensor[I64, B]) -> None:
    reveal_type(st.take_along_axis(x, i, axis=1))  # R: Tensor[F32, B, 1]
    st.take_along_axis(x, bad, axis=1)
    # E: take_along_axis: indices (B,) need as many axes as (B, D)


def one_hot(labels: Tensor[I64, B], bad: Tensor[F32, B]) -> None:
    reveal_type(st.one_hot(labels, 10))  # R: Tensor[F32, B, 10]
    st.one_hot(bad, 10)
    # E: one_hot: F32 names no classes: write x.astype(I64)


def scatter(x: Tensor[F32, B, D], i: Tensor[I64, B], bad: Tensor[I64, D]) -> None:
    reveal_type(st.scatter_add(x, i, axis=0, size=100))  # R: Tensor[F32, 100, D]
    st.scatter_add(x, bad, axis=0, size=100)
    # E: scatter_add: axes 0 to 0 of (B, D) are not those of the indices (D,): B and D are not known to be equal


def at(x: Tensor[F32, B, L[4]], row: Tensor[F32, L[4]]) -> None:
    reveal_type(x.at[0].set(row))  # R: Tensor[F32, B, 4]
    reveal_type(x.at[:, 0].add(1.0))  # R: Tensor[F32, B, 4]


def at_wrong(x: Tensor[F32, B, L[4]], bad: Tensor[F32, L[3]]) -> None:
    reveal_type(x.at[0].set(0.0))  # R: Tensor[F32, B, 4]
    x.at[0].set(bad)
    # E: broadcast_to: shapes (3,) and (4,) do not broadcast: axis -1: 3 != 4


def stars(x: Tensor[F32, Unpack[S], D]) -> None:
    reveal_type(x[..., 0])  # R: Tensor[F32, *S]
    reveal_type(x[..., None])  # R: Tensor[F32, *S, D, 1]
    reveal_type(x[..., 1:])  # R: Tensor[F32, *S, D-1]
    reveal_type(x[0])  # R: Tensor[F32, ...]


def unknown(x: Tensor[F32, *tuple[Any, ...]], key: tuple[int, ...], anything: Any) -> None:
    reveal_type(x[0])  # R: Tensor[F32, ...]
    reveal_type(x[:, None])  # R: Tensor[F32, ...]
    reveal_type(x[key])  # R: Tensor[F32, ...]
    reveal_type(x[anything])  # R: Tensor[F32, ...]


def loops(x: Tensor[F32, L[3], L[4]]) -> None:
    for row in x:
        reveal_type(row)  # R: Tensor[F32, 4]
        row + st.zeros((3,))
        # E: add: shapes (4,) and (3,) do not broadcast: axis -1: 4 != 3


def unpacked(x: Tensor[F32, L[2], T]) -> None:
    first, second = x
    reveal_type(first)  # R: Tensor[F32, T]


def length(x: Tensor[F32, L[3], T], s: Tensor[F32]) -> None:
    reveal_type(len(x))  # R: int
    reveal_type(x.ndim)  # R: 2
    reveal_type(x.shape)  # R: tuple[3, int]
    reveal_type(x.shape[0])  # R: 3
    reveal_type(x.size)  # R: int
    reveal_type(s.shape)  # R: tuple[()]


def shape_arithmetic(x: Tensor[F32, B, T]) -> None:
    reveal_type(x.shape[0] * x.shape[1])  # R: int
    reveal_type(x.shape[-1] + 1)  # R: int
    reveal_type(2 * x.shape[0])  # R: int
    reveal_type(x.shape[:1])  # R: tuple[int]
    reveal_type((*x.shape, 3))  # R: tuple[int, int, 3]
    x.shape[2]
    # E: Tuple index out of range  [misc]
