"""Products of matrices."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, Bool, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
K = TypeVar("K", bound=int)
S = TypeVarTuple("S")


def inner(x: Tensor[F32, L[2], L[3]], w: Tensor[F32, L[3], L[4]], bad: Tensor[F32, L[2], L[4]]) -> None:
    reveal_type(x @ w)  # R: Tensor[F32, 2, 4]
    x @ bad
    # E: matmul: (2, 3) @ (2, 4): inner dimensions differ: 3 != 2


def function(x: Tensor[F32, L[2], L[3]], w: Tensor[F32, L[3], L[4]], bad: Tensor[F32, L[2], L[4]]) -> None:
    reveal_type(st.matmul(x, w))  # R: Tensor[F32, 2, 4]
    st.matmul(x, bad)
    # E: matmul: (2, 3) @ (2, 4): inner dimensions differ: 3 != 2


def transposed(x: Tensor[F32, L[32], L[784]], w: Tensor[F32, L[10], L[784]]) -> None:
    reveal_type(x @ w.mT)  # R: Tensor[F32, 32, 10]
    x @ w
    # E: matmul: (32, 784) @ (10, 784): inner dimensions differ: 784 != 10
    # N: did you mean `w.mT` with shape (784, 10)?


def symbolic(x: Tensor[F32, B, D], w: Tensor[F32, D, K], bad: Tensor[F32, K, D]) -> None:
    reveal_type(x @ w)  # R: Tensor[F32, B, K]
    x @ bad
    # E: matmul: (B, D) @ (K, D): inner dimensions differ: D and K are not known to be equal


def symbol_beside_number(x: Tensor[F32, B, D], w: Tensor[F32, D, L[4]], bad: Tensor[F32, L[4], D]) -> None:
    reveal_type(x @ w)  # R: Tensor[F32, B, 4]
    x @ bad
    # E: matmul: (B, D) @ (4, D): inner dimensions differ: D and 4 are not known to be equal


def with_itself(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x @ x.mT)  # R: Tensor[F32, B, T, T]
    x @ x
    # E: matmul: (B, T, D) @ (B, T, D): inner dimensions differ: D and T are not known to be equal


def batched(
    x: Tensor[F32, L[5], L[2], L[3]], w: Tensor[F32, L[5], L[3], L[4]], bad: Tensor[F32, L[6], L[3], L[4]]
) -> None:
    reveal_type(x @ w)  # R: Tensor[F32, 5, 2, 4]
    x @ bad
    # E: matmul: (5, 2, 3) @ (6, 3, 4): shapes (5,) and (6,) do not broadcast: axis -1: 5 != 6


def batch_stretches(
    x: Tensor[F32, L[7], L[1], L[2], L[3]], w: Tensor[F32, L[5], L[3], L[4]], bad: Tensor[F32, L[5], L[2], L[4]]
) -> None:
    reveal_type(x @ w)  # R: Tensor[F32, 7, 5, 2, 4]
    x @ bad
    # E: matmul: (7, 1, 2, 3) @ (5, 2, 4): inner dimensions differ: 3 != 2


def vectors(x: Tensor[F32, L[2], L[3]], v: Tensor[F32, L[3]], bad: Tensor[F32, L[2]]) -> None:
    reveal_type(x @ v)  # R: Tensor[F32, 2]
    reveal_type(bad @ x)  # R: Tensor[F32, 3]
    reveal_type(v @ v)  # R: Tensor[F32]
    x @ bad
    # E: matmul: (2, 3) @ (2,): inner dimensions differ: 3 != 2
    v @ x
    # E: matmul: (3,) @ (2, 3): inner dimensions differ: 3 != 2
    v @ bad
    # E: matmul: (3,) @ (2,): inner dimensions differ: 3 != 2


def symbolic_vectors(v: Tensor[F32, B], w: Tensor[F32, T]) -> None:
    reveal_type(v @ v)  # R: Tensor[F32]
    v @ w
    # E: matmul: (B,) @ (T,): inner dimensions differ: B and T are not known to be equal


def scalars(x: Tensor[F32, L[2], L[3]], s: Tensor[F32]) -> None:
    reveal_type(x * s)  # R: Tensor[F32, 2, 3]
    x @ s
    # E: matmul: (2, 3) @ (): a scalar has no axes to multiply along: use x * w


def stars(x: Tensor[F32, Unpack[S], D], w: Tensor[F32, D, K], bad: Tensor[F32, K, D]) -> None:
    reveal_type(x @ w)  # R: Tensor[F32, *S, K]
    x @ bad
    # E: matmul: (*S, D) @ (K, D): inner dimensions differ: D and K are not known to be equal


def dtypes(x: Tensor[F32, B, D], y: Tensor[F64, D, K], i: Tensor[I64, D, K], mask: Tensor[Bool, D, D]) -> None:
    reveal_type(x @ y)  # R: Tensor[F64, B, K]
    reveal_type(x @ i)  # R: Tensor[F32, B, K]
    reveal_type(i.mT @ i)  # R: Tensor[I64, K, K]
    mask @ mask
    # E: matmul: Bool has no products to sum: write x.astype(I32) or F32 first


def in_place(x: Tensor[F32, B, D], w: Tensor[F32, D, D], bad: Tensor[F32, B, B]) -> None:
    x @= w
    reveal_type(x)  # R: Tensor[F32, B, D]
    x @= bad
    # E: matmul: (B, D) @ (B, B): inner dimensions differ: D and B are not known to be equal


def chained(x: Tensor[F32, B, L[64]], w1: Tensor[F32, L[64], L[32]], w2: Tensor[F32, L[32], L[10]]) -> None:
    reveal_type(x @ w1 @ w2)  # R: Tensor[F32, B, 10]
    x @ w2 @ w1
    # E: matmul: (B, 64) @ (32, 10): inner dimensions differ: 64 != 32


def wide(x: Tensor[F32, B, L[64]]) -> None:
    reveal_type(x.reshape((-1, 8, 8)) @ st.ones((8, 2)))  # R: Tensor[F32, B, 8, 2]
    x.reshape((-1, 8, 8)) @ st.ones((4, 2))
    # E: matmul: (B, 8, 8) @ (4, 2): inner dimensions differ: 8 != 4


def numbers(x: Tensor[F32, B, D]) -> None:
    reveal_type(x * 2)  # R: Tensor[F32, B, D]
    reveal_type(2 * x)  # R: Tensor[F32, B, D]
    2 @ x
    # E: Unsupported left operand type for @ ("int")  [operator]


def unknown(x: Tensor[F32, int, int], w: Tensor[F32, Any, L[4]], y: Tensor[F32, *tuple[Any, ...]]) -> None:
    reveal_type(x @ w)  # R: Tensor[F32, Any, 4]
    reveal_type(y @ w)  # R: Tensor[F32, ...]
    reveal_type(w @ y)  # R: Tensor[F32, ...]
    (x @ w) @ st.ones((5, 4))
    # E: matmul: (?, 4) @ (5, 4): inner dimensions differ: 4 != 5
    # N: did you mean `w.mT` with shape (4, 5)?


def transposes(x: Tensor[F32, L[2], L[3]], y: Tensor[F32, L[4], L[2], L[3]], v: Tensor[F32, L[3]]) -> None:
    reveal_type(x.T)  # R: Tensor[F32, 3, 2]
    reveal_type(y.mT)  # R: Tensor[F32, 4, 3, 2]
    y.T
    # E: T: (4, 2, 3) has 3 axes, not 2: use x.mT or x.permute_dims(...)
    v.mT
    # E: matrix_transpose: (3,) has no last two axes to swap: it needs at least 2 axes
