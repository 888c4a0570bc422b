"""Shapes that meet in an operator."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
S = TypeVarTuple("S")


def same_shape(x: Tensor[F32, L[2], L[3]], y: Tensor[F32, L[2], L[3]], bad: Tensor[F32, L[2], L[4]]) -> None:
    reveal_type(x + y)  # R: Tensor[F32, 2, 3]
    x + bad
    # E: add: shapes (2, 3) and (2, 4) do not broadcast: axis -1: 3 != 4


def row(x: Tensor[F32, B, L[3]], row: Tensor[F32, L[3]], bad: Tensor[F32, L[4]]) -> None:
    reveal_type(x + row)  # R: Tensor[F32, B, 3]
    reveal_type(row - x)  # R: Tensor[F32, B, 3]
    x + bad
    # E: add: shapes (B, 3) and (4,) do not broadcast: axis -1: 3 != 4
    bad - x
    # E: sub: shapes (4,) and (B, 3) do not broadcast: axis -1: 4 != 3


def column(x: Tensor[F32, B, D], column: Tensor[F32, B, L[1]], bad: Tensor[F32, B]) -> None:
    reveal_type(x * column)  # R: Tensor[F32, B, D]
    x * bad
    # E: mul: shapes (B, D) and (B,) do not broadcast: axis -1: D and B are not known to be equal


def outer_sum(x: Tensor[F32, B, L[1]], y: Tensor[F32, L[1], D]) -> None:
    reveal_type(x + y)  # R: Tensor[F32, B, D]
    x + y.mT + y
    # E: add: shapes (B, 1) and (D, 1) do not broadcast: axis -2: B and D are not known to be equal


def ones_stretch(
    x: Tensor[F32, L[4], L[1], L[3]], y: Tensor[F32, L[2], L[1]], bad: Tensor[F32, L[4], L[2], L[2]]
) -> None:
    reveal_type(x / y)  # R: Tensor[F32, 4, 2, 3]
    x / y + bad
    # E: add: shapes (4, 2, 3) and (4, 2, 2) do not broadcast: axis -1: 3 != 2


def symbols(x: Tensor[F32, B, T], y: Tensor[F32, B, T], bad: Tensor[F32, T, B]) -> None:
    reveal_type(x - y)  # R: Tensor[F32, B, T]
    x - bad
    # E: sub: shapes (B, T) and (T, B) do not broadcast: axis -2: B and T are not known to be equal


def products(x: Tensor[F32, B, T], flat: Tensor[F32, L["B*T"]], bad: Tensor[F32, L["B+T"]]) -> None:
    reveal_type(x.reshape(-1) * flat)  # R: Tensor[F32, B*T]
    x.reshape(-1) * bad
    # E: mul: shapes (B*T,) and (B+T,) do not broadcast: axis -1: B*T and B+T are not known to be equal


def shorter(x: Tensor[F32, B, T], y: Tensor[F32, B, L["T-1"]]) -> None:
    reveal_type(x[:, 1:] - y)  # R: Tensor[F32, B, T-1]
    x - y
    # E: sub: shapes (B, T) and (B, T-1) do not broadcast: axis -1: T != T-1


def stars(x: Tensor[F32, Unpack[S], D], bias: Tensor[F32, D], bad: Tensor[F32, T]) -> None:
    reveal_type(x + bias)  # R: Tensor[F32, *S, D]
    x + bad
    # E: add: shapes (*S, D) and (T,) do not broadcast: axis -1: D and T are not known to be equal


def star_and_itself(x: Tensor[F32, Unpack[S]], y: Tensor[F32, Unpack[S]]) -> None:
    reveal_type(x + y)  # R: Tensor[F32, *S]
    reveal_type(x.exp() * y)  # R: Tensor[F32, *S]


def zero_axes(x: Tensor[F32, B, T], s: Tensor[F32]) -> None:
    reveal_type(x * s)  # R: Tensor[F32, B, T]
    reveal_type(s + s)  # R: Tensor[F32]
    reveal_type(1.0 - x)  # R: Tensor[F32, B, T]


def reflected(x: Tensor[F32, B, T]) -> None:
    reveal_type(2**x)  # R: Tensor[F32, B, T]
    reveal_type(1 / x)  # R: Tensor[F32, B, T]
    reveal_type(3 - x)  # R: Tensor[F32, B, T]


def comparisons(x: Tensor[F32, B, T], y: Tensor[F32, T], bad: Tensor[F32, B]) -> None:
    reveal_type(x < y)  # R: Tensor[Bool, B, T]
    reveal_type(x == y)  # R: Tensor[Bool, B, T]
    reveal_type(x != 0.5)  # R: Tensor[Bool, B, T]
    x >= bad
    # E: greater_equal: shapes (B, T) and (B,) do not broadcast: axis -1: T and B are not known to be equal
    x == bad
    # E: equal: shapes (B, T) and (B,) do not broadcast: axis -1: T and B are not known to be equal


def functions(x: Tensor[F32, B, L[3]], y: Tensor[F64, L[3]], bad: Tensor[F32, L[4]]) -> None:
    reveal_type(st.add(x, y))  # R: Tensor[F64, B, 3]
    reveal_type(st.maximum(x, 0.0))  # R: Tensor[F32, B, 3]
    reveal_type(x.maximum(y))  # R: Tensor[F64, B, 3]
    st.add(x, bad)
    # E: add: shapes (B, 3) and (4,) do not broadcast: axis -1: 3 != 4
    st.maximum(x, bad)
    # E: maximum: shapes (B, 3) and (4,) do not broadcast: axis -1: 3 != 4


def where(x: Tensor[F32, B, L[3]], row: Tensor[F32, L[3]], bad: Tensor[F32, L[2]]) -> None:
    reveal_type(st.where(x > 0.0, x, row))  # R: Tensor[F32, B, 3]
    reveal_type(st.where(x > 0.0, x, 0.0))  # R: Tensor[F32, B, 3]
    st.where(x > 0.0, x, bad)
    # E: where: shapes (B, 3), (B, 3) and (2,) do not broadcast: axis -1: 3 != 2
    st.where(bad > 0.0, x, row)
    # E: where: shapes (2,), (B, 3) and (3,) do not broadcast: axis -1: 2 != 3


def broadcast_to(x: Tensor[F32, L[1], L[3]], n: int) -> None:
    reveal_type(x.broadcast_to((5, 3)))  # R: Tensor[F32, 5, 3]
    reveal_type(st.broadcast_to(x, (2, n, 3)))  # R: Tensor[F32, 2, Any, 3]
    x.broadcast_to((5, 4))
    # E: broadcast_to: shapes (1, 3) and (5, 4) do not broadcast: axis -1: 3 != 4
    st.broadcast_to(x, (3,))
    # E: broadcast_to: (1, 3) has more axes than (3,)


def augmented(x: Tensor[F32, B, L[3]], row: Tensor[F32, L[3]], bad: Tensor[F32, L[2]]) -> None:
    x += row
    reveal_type(x)  # R: Tensor[F32, B, 3]
    x -= bad
    # E: sub: shapes (B, 3) and (2,) do not broadcast: axis -1: 3 != 2


def grows(x: Tensor[F32, L[3]], y: Tensor[F32, L[2], L[3]]) -> None:
    z = x + y
    reveal_type(z)  # R: Tensor[F32, 2, 3]
    x += y
    # E: Incompatible types in assignment (expression has type "Tensor[F32, Literal[2], Literal[3]]", variable has type "Tensor[F32, Literal[3]]")  [assignment]


def unknown_sizes(x: Tensor[F32, int, L[3]], y: Tensor[F32, Any, L[3]], bad: Tensor[F32, int, L[4]]) -> None:
    reveal_type(x + y)  # R: Tensor[F32, Any, 3]
    x + bad
    # E: add: shapes (?, 3) and (?, 4) do not broadcast: axis -1: 3 != 4


def unknown_rank(x: Tensor[F32, *tuple[Any, ...]], y: Tensor[F32, L[3]]) -> None:
    reveal_type(x + y)  # R: Tensor[F32, ...]
    reveal_type(y * x)  # R: Tensor[F32, ...]


def unions(c: bool, x: Tensor[F32, L[3]], y: Tensor[F32, L[2], L[3]], bad: Tensor[F32, L[4]]) -> None:
    either = x if c else y
    reveal_type(either + x)  # R: Tensor[F32, 3] | Tensor[F32, 2, 3]
    wrong = x if c else bad
    wrong + y
    # E: add: shapes (4,) and (2, 3) do not broadcast: axis -1: 4 != 3
    # N: Left operand is of type "Tensor[F32, Literal[3]] | Tensor[F32, Literal[4]]"
