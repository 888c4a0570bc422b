"""New tensors."""

from __future__ import annotations

from typing import Any, Final, TypeVar, reveal_type
from typing import Literal as L

import numpy as np

import shapetensor as st
from shapetensor import F32, F64, I64, U32, Bool, Tensor

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
N: Final = 5
SHAPE: Final = (2, 3)
WIDTH = 7


def literal_sizes(w: Tensor[F32, L[2], L[4]]) -> None:
    reveal_type(st.zeros((2, 3)))  # R: Tensor[F32, 2, 3]
    reveal_type(st.ones(3))  # R: Tensor[F32, 3]
    reveal_type(st.zeros([2, 3]))  # R: Tensor[F32, 2, 3]
    reveal_type(st.zeros(()))  # R: Tensor[F32]
    st.zeros((2, 3)) + w
    # E: add: shapes (2, 3) and (2, 4) do not broadcast: axis -1: 3 != 4


def final_sizes(w: Tensor[F32, L[4]]) -> None:
    reveal_type(st.zeros((N, 2)))  # R: Tensor[F32, 5, 2]
    reveal_type(st.zeros(N))  # R: Tensor[F32, 5]
    reveal_type(st.zeros(SHAPE))  # R: Tensor[F32, 2, 3]
    reveal_type(st.zeros((N + 1, 2 * N)))  # R: Tensor[F32, 6, 10]
    st.zeros((2, N)) + w
    # E: add: shapes (2, 5) and (4,) do not broadcast: axis -1: 5 != 4


def variable_sizes(n: int, shape: tuple[int, int]) -> None:
    reveal_type(st.zeros((n, 3)))  # R: Tensor[F32, Any, 3]
    reveal_type(st.zeros(n))  # R: Tensor[F32, Any]
    reveal_type(st.ones(shape))  # R: Tensor[F32, Any, Any]
    reveal_type(st.zeros((WIDTH, 3)))  # R: Tensor[F32, Any, 3]
    st.zeros((n, 3)) + st.zeros((n, 4))
    # E: add: shapes (?, 3) and (?, 4) do not broadcast: axis -1: 3 != 4


def symbolic_sizes(x: Tensor[F32, B, T], n: T) -> None:
    reveal_type(st.zeros((x.shape[0], 2)))  # R: Tensor[F32, B, 2]
    reveal_type(st.zeros(x.shape))  # R: Tensor[F32, B, T]
    reveal_type(st.zeros((n, n)))  # R: Tensor[F32, T, T]
    x + st.zeros((n, n))
    # E: add: shapes (B, T) and (T, T) do not broadcast: axis -2: B and T are not known to be equal


def negative_size() -> None:
    st.zeros((2, 0))
    st.zeros((2, -1))
    # E: zeros: (2, -1) has a negative size


def sizes_that_are_none() -> None:
    st.zeros((2, 3))
    st.zeros((2.5, 3))
    # E: Argument 1 to "zeros" has incompatible type "tuple[float, int]"; expected "int | Sequence[int]"  [arg-type]
    # E: a shape is made of ints, not (2.5, 3)


def dtypes(dtype: type[F64]) -> None:
    reveal_type(st.zeros((2,), dtype=F64))  # R: Tensor[F64, 2]
    reveal_type(st.ones((2,), dtype="int64"))  # R: Tensor[I64, 2]
    reveal_type(st.zeros((2,), dtype=st.bool_))  # R: Tensor[Bool, 2]
    reveal_type(st.zeros(2, dtype=dtype))  # R: Tensor[F64, 2]
    reveal_type(st.full((2,), 1.5))  # R: Tensor[F32, 2]
    reveal_type(st.full((2,), 3))  # R: Tensor[F32, 2]
    reveal_type(st.full((2,), True))  # R: Tensor[F32, 2]
    st.zeros((2,), dtype=F64) @ st.zeros((3,), dtype=F64)
    # E: matmul: (2,) @ (3,): inner dimensions differ: 2 != 3


def likes(x: Tensor[I64, B, T]) -> None:
    reveal_type(st.zeros_like(x))  # R: Tensor[I64, B, T]
    reveal_type(st.ones_like(x, dtype=F32))  # R: Tensor[F32, B, T]
    reveal_type(st.full_like(x, 7))  # R: Tensor[I64, B, T]
    st.zeros_like(x) + st.zeros_like(x).mT
    # E: add: shapes (B, T) and (T, B) do not broadcast: axis -2: B and T are not known to be equal


def identity(n: int, x: Tensor[F32, B, L[3]]) -> None:
    reveal_type(st.eye(3))  # R: Tensor[F32, 3, 3]
    reveal_type(st.eye(2, 3))  # R: Tensor[F32, 2, 3]
    reveal_type(st.eye(n))  # R: Tensor[F32, Any, Any]
    reveal_type(x @ st.eye(3))  # R: Tensor[F32, B, 3]
    x @ st.eye(4)
    # E: matmul: (B, 3) @ (4, 4): inner dimensions differ: 3 != 4


def ranges(n: int) -> None:
    reveal_type(st.arange(5))  # R: Tensor[I64, 5]
    reveal_type(st.arange(2, 8))  # R: Tensor[I64, 6]
    reveal_type(st.arange(2, 8, 2))  # R: Tensor[I64, 3]
    reveal_type(st.arange(n))  # R: Tensor[I64, Any]
    reveal_type(st.arange(5, dtype=F32))  # R: Tensor[F32, 5]
    reveal_type(st.arange(0.0, 1.0, 0.25))  # R: Tensor[F32, 4]
    st.arange(5) + st.arange(6)
    # E: add: shapes (5,) and (6,) do not broadcast: axis -1: 5 != 6


def ranges_of_symbols(x: Tensor[F32, B, T]) -> None:
    reveal_type(st.arange(x.shape[1]))  # R: Tensor[I64, T]
    reveal_type(x + st.arange(x.shape[1], dtype=F32))  # R: Tensor[F32, B, T]
    x + st.arange(x.shape[0], dtype=F32)
    # E: add: shapes (B, T) and (B,) do not broadcast: axis -1: T and B are not known to be equal


def spaces() -> None:
    reveal_type(st.linspace(0.0, 1.0, 5))  # R: Tensor[F32, 5]
    st.linspace(0.0, 1.0, 5) + st.zeros(6)
    # E: add: shapes (5,) and (6,) do not broadcast: axis -1: 5 != 6


def literals(y: float) -> None:
    reveal_type(st.tensor(1.0))  # R: Tensor[F32]
    reveal_type(st.tensor([1.0, 2.0, 3.0]))  # R: Tensor[F32, 3]
    reveal_type(st.tensor([[1, 2], [3, 4], [5, 6]]))  # R: Tensor[I64, 3, 2]
    reveal_type(st.tensor([True, False]))  # R: Tensor[Bool, 2]
    reveal_type(st.tensor([1, 2], dtype=F64))  # R: Tensor[F64, 2]
    reveal_type(st.tensor([y, y]))  # R: Tensor[Any, 2]
    st.tensor([1.0, 2.0]) + st.tensor([1.0, 2.0, 3.0])
    # E: add: shapes (2,) and (3,) do not broadcast: axis -1: 2 != 3


def data(rows: list[float], array: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    reveal_type(st.tensor(rows))  # R: Tensor[Any, ...]
    reveal_type(st.from_numpy(array))  # R: Tensor[Any, ...]
    reveal_type(st.asarray(array))  # R: Tensor[Any, ...]


def random(key: Tensor[U32, L[4]], n: int) -> None:
    reveal_type(st.random.key(0))  # R: Tensor[U32, 4]
    reveal_type(st.random.normal(key, (2, 3)))  # R: Tensor[F32, 2, 3]
    reveal_type(st.random.uniform(key, (n, 3), low=-1.0))  # R: Tensor[F32, Any, 3]
    reveal_type(st.random.bernoulli(key, 0.5, (2,)))  # R: Tensor[Bool, 2]
    reveal_type(st.random.permutation(key, 10))  # R: Tensor[I64, 10]
    reveal_type(st.random.fold_in(key, 3))  # R: Tensor[U32, 4]
    st.random.normal(key, (2, 3)) @ st.random.normal(key, (2, 3))
    # E: matmul: (2, 3) @ (2, 3): inner dimensions differ: 3 != 2
    # N: did you mean `w.mT` with shape (3, 2)?


def random_dtypes(key: Tensor[U32, L[4]]) -> None:
    reveal_type(st.random.normal(key, (2,), dtype=F64))  # R: Tensor[F64, 2]
    st.random.normal(key, (2,), dtype=I64)
    # E: normal: numbers are drawn as F32 or F64, not I64: write .astype(...) behind


def random_keys(key: Tensor[U32, L[4]], bad: Tensor[U32, L[3]], ints: Tensor[I64, L[4]]) -> None:
    a, b = st.random.split(key)
    reveal_type(a)  # R: Tensor[U32, 4]
    reveal_type(st.random.split(key, 5))  # R: Tensor[U32, 5, 4]
    st.random.normal(bad, (2,))
    # E: random_normal: a random key has shape (4,), not (3,): make one with st.random.key(seed)
    st.random.normal(ints, (2,))
    # E: a random key is a Tensor[U32, L[4]], not I64: make one with st.random.key(seed)


def declared(n: int) -> None:
    x: Tensor[F32, L[2], L[3]] = st.zeros((2, 3))
    y: Tensor[F32, int, L[3]] = st.zeros((n, 3))
    z: Tensor[F32, L[4], L[3]] = st.zeros((n, 3))
    bad: Tensor[F32, L[2], L[3]] = st.zeros((2, 4))
    # E: Incompatible types in assignment (expression has type "Tensor[F32, Literal[2], Literal[4]]", variable has type "Tensor[F32, Literal[2], Literal[3]]")  [assignment]
    other: Tensor[F32, L[2]] = st.zeros((2,), dtype=F64)
    # E: Incompatible types in assignment (expression has type "Tensor[F64, Literal[2]]", variable has type "Tensor[F32, Literal[2]]")  [assignment]


def masks(x: Tensor[F32, B, T]) -> None:
    mask: Tensor[Bool, B, T] = x > 0.0
    wrong: Tensor[F32, B, T] = x > 0.0
    # E: Incompatible types in assignment (expression has type "Tensor[Bool, B, T]", variable has type "Tensor[F32, B, T]")  [assignment]
