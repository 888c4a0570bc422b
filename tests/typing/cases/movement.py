"""Axes moved, added, joined and cut."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

from typing_extensions import TypeVarTuple, Unpack

import shapetensor as st
from shapetensor import F32, F64, I64, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
D = TypeVar("D", bound=int)
S = TypeVarTuple("S")


def permute(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x.permute_dims((2, 0, 1)))  # R: Tensor[F32, D, B, T]
    reveal_type(st.permute_dims(x, (-1, 0, 1)))  # R: Tensor[F32, D, B, T]
    reveal_type(x.permute(0, 2, 1))  # R: Tensor[F32, B, D, T]
    x.permute_dims((0, 1))
    # E: permute_dims: axes (0, 1) are not a permutation of the 3 axes of (B, T, D)
    x.permute_dims((0, 1, 1))
    # E: permute_dims: axes (0, 1, 1) are not a permutation of the 3 axes of (B, T, D)
    x.permute_dims((0, 1, 3))
    # E: permute_dims: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (B, T, D)


def expand(x: Tensor[F32, B, T]) -> None:
    reveal_type(x.expand_dims(0))  # R: Tensor[F32, 1, B, T]
    reveal_type(st.expand_dims(x, axis=-1))  # R: Tensor[F32, B, T, 1]
    reveal_type(x.unsqueeze(1))  # R: Tensor[F32, B, 1, T]
    x.expand_dims(3)
    # E: expand_dims: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (B, T)


def squeeze(x: Tensor[F32, B, L[1], L[3]]) -> None:
    reveal_type(x.squeeze(1))  # R: Tensor[F32, B, 3]
    reveal_type(st.squeeze(x, axis=(1,)))  # R: Tensor[F32, B, 3]
    x.squeeze(2)
    # E: squeeze: axis 2 of (B, 1, 3) has size 3, not 1


def squeeze_symbol(x: Tensor[F32, B, L[1]]) -> None:
    reveal_type(x.squeeze(-1))  # R: Tensor[F32, B]
    x.squeeze(0)
    # E: squeeze: axis 0 of (B, 1) has size B, not 1


def concat(x: Tensor[F32, B, T], y: Tensor[F32, B, D], bad: Tensor[F32, T, D]) -> None:
    reveal_type(st.concat([x, y], axis=1))  # R: Tensor[F32, B, D+T]
    reveal_type(st.concat((x, x, x)))  # R: Tensor[F32, 3*B, T]
    st.concat([x, y])
    # E: concat: operands 0 and 1, (B, T) and (B, D), differ off axis 0: axis 1: T and D are not known to be equal
    st.concat([x, bad], axis=1)
    # E: concat: operands 0 and 1, (B, T) and (T, D), differ off axis 1: axis 0: B and T are not known to be equal


def concat_numbers(x: Tensor[F32, L[2], L[3]], y: Tensor[F32, L[2], L[4]], v: Tensor[F32, L[2]]) -> None:
    reveal_type(st.concat([x, y], axis=-1))  # R: Tensor[F32, 2, 7]
    st.concat([x, y], axis=0)
    # E: concat: operands 0 and 1, (2, 3) and (2, 4), differ off axis 0: axis 1: 3 != 4
    st.concat([x, v])
    # E: concat: operand 1 has shape (2,), operand 0 (2, 3): their ranks differ
    st.concat([x, y], axis=2)
    # E: concat: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (2, 3)


def concat_flat(x: Tensor[F32, L[2], L[3]], y: Tensor[F64, L[4]], i: Tensor[I64, L[4]]) -> None:
    reveal_type(st.concat([x, y], axis=None))  # R: Tensor[F64, 10]
    reveal_type(st.concat([i, i]))  # R: Tensor[I64, 8]
    st.concat([x, y])
    # E: concat: operand 1 has shape (4,), operand 0 (2, 3): their ranks differ


def concat_many(parts: list[Tensor[F32, B, T]], some: tuple[Tensor[F32, B, T], Tensor[F32, D, T]]) -> None:
    reveal_type(st.concat(parts))  # R: Tensor[Any, ...]
    reveal_type(st.concat(some))  # R: Tensor[F32, B+D, T]
    st.concat(some, axis=1)
    # E: concat: operands 0 and 1, (B, T) and (D, T), differ off axis 1: axis 0: B and D are not known to be equal


def stack(x: Tensor[F32, B, T], y: Tensor[F32, B, T], bad: Tensor[F32, T, B]) -> None:
    reveal_type(st.stack([x, y]))  # R: Tensor[F32, 2, B, T]
    reveal_type(st.stack([x, y, x], axis=-1))  # R: Tensor[F32, B, T, 3]
    st.stack([x, bad])
    # E: stack: operand 1 has shape (T, B), operand 0 (B, T): they must be one shape
    st.stack([x, y], axis=4)
    # E: stack: axis 4 is out of range for rank 3 (valid: -3..2); the shape is (B, T)


def unstack(x: Tensor[F32, L[2], T]) -> None:
    a, b = st.unstack(x)
    reveal_type(a)  # R: Tensor[F32, T]
    reveal_type(st.unstack(x, axis=0))  # R: tuple[Tensor[F32, T], Tensor[F32, T]]
    st.unstack(x, axis=2)
    # E: unstack: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (2, T)


def split(x: Tensor[F32, L[6], T]) -> None:
    a, b = st.split(x, 2)
    reveal_type(a)  # R: Tensor[F32, 3, T]
    reveal_type(st.split(x, [1, 4]))  # R: tuple[Tensor[F32, 1, T], Tensor[F32, 3, T], Tensor[F32, 2, T]]
    st.split(x, 4)
    # E: split: axis 0 of (6, T) has size 6, which 4 equal parts do not make: say where to cut, as in st.split(x, [1, 3])
    st.split(x, 2, axis=2)
    # E: split: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (6, T)


def split_rest(x: Tensor[F32, B, L["3*D"]], w: Tensor[F32, D]) -> None:
    q, k, v = st.split(x, 3, axis=1)
    reveal_type(q)  # R: Tensor[F32, B, D]
    reveal_type(q @ k.mT @ v)  # R: Tensor[F32, B, D]
    q @ k
    # E: matmul: (B, D) @ (B, D): inner dimensions differ: D and B are not known to be equal


def too_many_parts(x: Tensor[F32, L[6], T]) -> None:
    a, b, c = st.split(x, 3)
    reveal_type(c)  # R: Tensor[F32, 2, T]
    a, b = st.split(x, 3)
    # E: Too many values to unpack (2 expected, 3 provided)  [misc]


def pad(x: Tensor[F32, B, L[3]]) -> None:
    reveal_type(st.pad(x, 1))  # R: Tensor[F32, B+2, 5]
    reveal_type(st.pad(x, (1, 2)))  # R: Tensor[F32, B+3, 6]
    reveal_type(st.pad(x, ((0, 0), (1, 2))))  # R: Tensor[F32, B, 6]
    st.pad(x, ((0, 0), (1, 2), (3, 4)))
    # E: pad: pad_width ((0, 0), (1, 2), (3, 4)) does not say how many to put before and behind each axis of (B, 3): use an int, (before, after), or such a pair for each axis, none negative
    st.pad(x, -1)
    # E: pad: pad_width -1 does not say how many to put before and behind each axis of (B, 3): use an int, (before, after), or such a pair for each axis, none negative


def tile(x: Tensor[F32, B, L[3]]) -> None:
    reveal_type(st.tile(x, 2))  # R: Tensor[F32, B, 6]
    reveal_type(st.tile(x, (2, 3)))  # R: Tensor[F32, 2*B, 9]
    reveal_type(st.tile(x, (4, 1, 1)))  # R: Tensor[F32, 4, B, 3]
    st.tile(x, (2, 2)) + st.zeros((7,))
    # E: add: shapes (2*B, 6) and (7,) do not broadcast: axis -1: 6 != 7


def repeat(x: Tensor[F32, B, L[3]]) -> None:
    reveal_type(st.repeat(x, 2, axis=0))  # R: Tensor[F32, 2*B, 3]
    reveal_type(st.repeat(x, 2))  # R: Tensor[F32, 6*B]
    st.repeat(x, 2, axis=2)
    # E: repeat: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, 3)


def flatten(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(x.flatten())  # R: Tensor[F32, B*D*T]
    reveal_type(x.flatten(1))  # R: Tensor[F32, B, D*T]
    reveal_type(x.flatten(start_axis=0, end_axis=1))  # R: Tensor[F32, B*T, D]
    x.flatten(3)
    # E: flatten: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (B, T, D)
    x.flatten(2, 1)
    # E: flatten: start_axis 2 is behind end_axis 1; the shape is (B, T, D)


def moveaxis(x: Tensor[F32, B, T, D]) -> None:
    reveal_type(st.moveaxis(x, 0, -1))  # R: Tensor[F32, T, D, B]
    reveal_type(x.moveaxis((0, 1), (1, 0)))  # R: Tensor[F32, T, B, D]
    st.moveaxis(x, 0, 3)
    # E: moveaxis: axis 3 is out of range for rank 3 (valid: -3..2); the shape is (B, T, D)
    x.moveaxis((0, 1), 0)
    # E: moveaxis: (0, 1) and 0 are not as many axes; the shape is (B, T, D)


def flip_and_roll(x: Tensor[F32, B, T]) -> None:
    reveal_type(st.flip(x, axis=1))  # R: Tensor[F32, B, T]
    reveal_type(st.roll(x, 1))  # R: Tensor[F32, B, T]
    reveal_type(x.roll((1, 2), axis=(0, 1)))  # R: Tensor[F32, B, T]
    st.flip(x, axis=2)
    # E: flip: axis 2 is out of range for rank 2 (valid: -2..1); the shape is (B, T)
    x.roll((1, 2), axis=0)
    # E: roll: (1, 2) and 0 are not as many shifts as axes; the shape is (B, T)


def stars(x: Tensor[F32, Unpack[S], D]) -> None:
    reveal_type(x.expand_dims(-1))  # R: Tensor[F32, *S, D, 1]
    reveal_type(x.expand_dims(0))  # R: Tensor[F32, 1, *S, D]
    reveal_type(st.flip(x, axis=-1))  # R: Tensor[F32, *S, D]
    reveal_type(st.concat([x, x], axis=-1))  # R: Tensor[F32, *S, 2*D]
    reveal_type(st.stack([x, x]))  # R: Tensor[F32, 2, *S, D]
    reveal_type(x.flatten(-1))  # R: Tensor[F32, *S, D]


def transposed(x: Tensor[F32, B, T, D], v: Tensor[F32, B]) -> None:
    reveal_type(st.matrix_transpose(x))  # R: Tensor[F32, B, D, T]
    st.matrix_transpose(v)
    # E: matrix_transpose: (B,) has no last two axes to swap: it needs at least 2 axes


def unknown_rank(x: Tensor[F32, *tuple[Any, ...]]) -> None:
    reveal_type(x.expand_dims(0))  # R: Tensor[F32, 1, ...]
    reveal_type(x.permute_dims((1, 0)))  # R: Tensor[F32, Any, Any]
    reveal_type(st.concat([x, x]))  # R: Tensor[F32, ...]
    reveal_type(x.flatten())  # R: Tensor[F32, Any]
    reveal_type(x.squeeze(0))  # R: Tensor[F32, ...]


def triangles(x: Tensor[F32, T, T], v: Tensor[F32, T]) -> None:
    reveal_type(st.tril(x))  # R: Tensor[F32, T, T]
    reveal_type(st.triu(x, k=1))  # R: Tensor[F32, T, T]
    st.tril(v)
    # E: tril: (T,) is no matrix: it has 1 axes, and needs 2 or more


def sizes(x: Tensor[F32, B, T], n: int) -> None:
    reveal_type(st.tile(x, (n, 1)))  # R: Tensor[F32, Any, T]
    reveal_type(st.repeat(x, n, axis=1))  # R: Tensor[F32, B, Any]
    reveal_type(st.pad(x, n))  # R: Tensor[F32, Any, Any]
    reveal_type(st.split(x, n))  # R: tuple[Tensor[F32, ...], ...]
