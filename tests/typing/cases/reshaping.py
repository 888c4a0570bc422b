"""reshape."""

from __future__ import annotations

from typing import Any, Final, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
H = TypeVar("H", bound=int)
S = TypeVarTuple("S")
WANTED: Final = (4, 6)
WRONG: Final = (4, 5)


def numbers(x: Tensor[F32, L[6], L[4]]) -> None:
    reveal_type(x.reshape((2, 12)))  # R: Tensor[F32, 2, 12]
    reveal_type(st.reshape(x, (4, 3, 2)))  # R: Tensor[F32, 4, 3, 2]
    x.reshape((5, 5))
    # E: reshape: (6, 4) has 24 elements, (5, 5) wants 25


def rest(x: Tensor[F32, L[6], L[4]]) -> None:
    reveal_type(x.reshape((-1, 8)))  # R: Tensor[F32, 3, 8]
    reveal_type(x.reshape(-1))  # R: Tensor[F32, 24]
    x.reshape((-1, 5))
    # E: reshape: (6, 4) has 24 elements, not a multiple of 5 for (-1, 5)


def two_rests(x: Tensor[F32, L[6], L[4]]) -> None:
    reveal_type(x.reshape((3, -1, 2)))  # R: Tensor[F32, 3, 4, 2]
    x.reshape((-1, -1))
    # E: reshape: only one -1 is allowed in (-1, -1)


def several_arguments(x: Tensor[F32, L[6], L[4]]) -> None:
    reveal_type(x.reshape(3, 8))  # R: Tensor[F32, 3, 8]
    reveal_type(x.reshape([3, 8]))  # R: Tensor[F32, 3, 8]
    x.reshape(3, 7)
    # E: reshape: (6, 4) has 24 elements, (3, 7) wants 21


def symbols(x: Tensor[F32, B, T, D]) -> None:
    b, t, d = x.shape
    reveal_type(x.reshape((b * t, d)))  # R: Tensor[F32, B*T, D]
    reveal_type(x.reshape((b, t * d)))  # R: Tensor[F32, B, D*T]
    reveal_type(x.reshape((-1, d)))  # R: Tensor[F32, B*T, D]
    reveal_type(x.reshape(b * t * d))  # R: Tensor[F32, B*D*T]
    x.reshape((b, t))
    # E: reshape: (B, T, D) has B*D*T elements, (B, T) wants B*T, not known to be equal


def other_symbols(x: Tensor[F32, B, T], y: Tensor[F32, B, D]) -> None:
    reveal_type(x.reshape(x.shape))  # R: Tensor[F32, B, T]
    x.reshape(y.shape)
    # E: reshape: (B, T) has B*T elements, (B, D) wants B*D, not known to be equal


def symbols_and_numbers(x: Tensor[F32, B, L[28], L[28]]) -> None:
    reveal_type(x.reshape((-1, 784)))  # R: Tensor[F32, B, 784]
    reveal_type(x.reshape((x.shape[0], -1)))  # R: Tensor[F32, B, 784]
    reveal_type(x.reshape((x.shape[0], 4, 7, 28)))  # R: Tensor[F32, B, 4, 7, 28]
    x.reshape((x.shape[0], 783))
    # E: reshape: (B, 28, 28) has 784*B elements, (B, 783) wants 783*B, not known to be equal


def rest_of_symbols(x: Tensor[F32, B, T]) -> None:
    reveal_type(x.reshape((1, -1)))  # R: Tensor[F32, 1, B*T]
    reveal_type(x.reshape((x.shape[1], -1)))  # R: Tensor[F32, T, B]
    reveal_type(x.reshape((2, -1)))  # R: Tensor[F32, 2, (B*T)//2]
    reveal_type(x.reshape((7, -1, 7)).shape)  # R: tuple[7, int, 7]


def split_heads(x: Tensor[F32, B, T, D], h: H) -> None:
    b, t, d = x.shape
    heads = x.reshape((b, t, h, d // h))
    reveal_type(heads)  # R: Tensor[F32, B, T, H, D//H]
    reveal_type(heads.permute_dims((0, 2, 1, 3)))  # R: Tensor[F32, B, H, T, D//H]
    x.reshape((b, h, d // h))
    # E: reshape: (B, T, D) has B*D*T elements, (B, H, D//H) wants B*D, not known to be equal


def number_of_heads(x: Tensor[F32, B, L[64]]) -> None:
    reveal_type(x.reshape((x.shape[0], 4, 16)))  # R: Tensor[F32, B, 4, 16]
    reveal_type(x.reshape((-1, 4, 64 // 4)))  # R: Tensor[F32, B, 4, 16]
    x.reshape((x.shape[0], 5, 64 // 5))
    # E: reshape: (B, 64) has 64*B elements, (B, 5, 12) wants 60*B, not known to be equal


def negative_size(x: Tensor[F32, L[6]]) -> None:
    reveal_type(x.reshape((6, 1)))  # R: Tensor[F32, 6, 1]
    x.reshape((-2, -3))
    # E: reshape: -2 in (-2, -3) is not a size


def empty(x: Tensor[F32, L[0], L[3]]) -> None:
    reveal_type(x.reshape((0, 5)))  # R: Tensor[F32, 0, 5]
    x.reshape((-1, 0))
    # E: reshape: -1 in (-1, 0) could be anything: the other sizes multiply to 0


def scalar(x: Tensor[F32], one: Tensor[F32, L[1], L[1]]) -> None:
    reveal_type(x.reshape((1, 1)))  # R: Tensor[F32, 1, 1]
    reveal_type(one.reshape(()))  # R: Tensor[F32]
    x.reshape(2)
    # E: reshape: () has 1 elements, (2,) wants 2


def unknown(x: Tensor[F32, int, L[4]], n: int) -> None:
    reveal_type(x.reshape((-1, 2)))  # R: Tensor[F32, Any, 2]
    reveal_type(x.reshape((n, 4)))  # R: Tensor[F32, Any, 4]
    reveal_type(x.reshape((n, -1)))  # R: Tensor[F32, Any, Any]
    reveal_type(x.reshape((2, 10)))  # R: Tensor[F32, 2, 10]


def unknown_rank(x: Tensor[F32, *tuple[Any, ...]]) -> None:
    reveal_type(x.reshape((2, 3)))  # R: Tensor[F32, 2, 3]
    reveal_type(x.reshape((-1, 3)))  # R: Tensor[F32, Any, 3]
    reveal_type(x.reshape(-1))  # R: Tensor[F32, Any]


def stars(x: Tensor[F32, Unpack[S], D]) -> None:
    reveal_type(x.reshape(x.shape))  # R: Tensor[F32, *S, D]
    reveal_type(x.reshape((-1, x.shape[-1])))  # R: Tensor[F32, Any, D]
    reveal_type(x.reshape(-1))  # R: Tensor[F32, Any]


def variable_shape(
    x: Tensor[F32, L[6], L[4]], shape: tuple[int, int], sizes: tuple[int, ...], lengths: list[int]
) -> None:
    reveal_type(x.reshape(shape))  # R: Tensor[F32, Any, Any]
    reveal_type(x.reshape(sizes))  # R: Tensor[F32, ...]
    reveal_type(x.reshape(lengths))  # R: Tensor[F32, ...]
    reveal_type(x.reshape(WANTED))  # R: Tensor[F32, 4, 6]
    x.reshape(WRONG)
    # E: reshape: (6, 4) has 24 elements, (4, 5) wants 20


def sizes_in_variables(x: Tensor[F32, B, T, D]) -> None:
    b, t, d = x.shape
    n = b * t
    reveal_type(n)  # R: int
    reveal_type(x.reshape((n, d)))  # R: Tensor[F32, B*T, D]
    m = d * t
    x.reshape((n, m))
    # E: reshape: (B, T, D) has B*D*T elements, (B*T, D*T) wants B*D*T*T, not known to be equal


def computed_sizes(x: Tensor[F32, B, T]) -> None:
    b, t = x.shape
    reveal_type(st.zeros((b + 1, 2 * t)))  # R: Tensor[F32, B+1, 2*T]
    reveal_type(st.zeros((t - 1,)))  # R: Tensor[F32, T-1]
    reveal_type(st.zeros((t // 2, b % 2)))  # R: Tensor[F32, T//2, Any]
    st.zeros((b + 1, t)) + x
    # E: add: shapes (B+1, T) and (B, T) do not broadcast: axis -2: B+1 != B


def returned(x: Tensor[F32, B, T]) -> Tensor[F32, L["B*T"]]:
    return x.reshape(-1)


def returned_wrong(x: Tensor[F32, B, T]) -> Tensor[F32, L["B*T"], L[1]]:
    return x.reshape(-1)
    # E: returned_wrong: the result has shape (B*T,), not (B*T, 1): it has 1 axis, not 2
