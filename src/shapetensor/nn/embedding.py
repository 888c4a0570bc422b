"""Vectors for integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, TypeVarTuple

from .. import random
from .._core.dtypes import F32, Integer
from ..tensor import Tensor
from .init import check_key
from .module import Module
from .widths import D, N

if TYPE_CHECKING:
    from ..random import Key

IT = TypeVar("IT", bound=Integer)
Shape = TypeVarTuple("Shape")


class Embedding(Module, Generic[N, D]):
    """A table of vectors, looked up by integers; only the rows that were looked up have a gradient other than 0.

    Shape: `(...) -> (..., d)`; weight `(n, d)`, standard normal at first.

    Example:
        >>> import shapetensor as st
        >>> table = st.nn.Embedding(100, 8, key=st.random.key(0))
        >>> table
        Embedding(100, 8)
        >>> table(st.tensor([[3, 1, 4], [1, 5, 9]])).shape
        (2, 3, 8)
    """

    num_embeddings: N
    embedding_dim: D
    weight: Tensor[F32, N, D]

    def __init__(self, num_embeddings: int, embedding_dim: int, *, key: Key) -> None:
        """Draw the vectors.

        Args:
            num_embeddings: how many vectors there are.
            embedding_dim: their length.
            key: a random key.

        Raises:
            TypeError: if the key is no tensor.
            ValueError: for a negative size.
        """
        if num_embeddings < 0 or embedding_dim < 0:
            sizes = f"num_embeddings={num_embeddings} and embedding_dim={embedding_dim}"
            raise ValueError(f"Embedding: {sizes} cannot be negative")
        check_key("Embedding", key, "nn.Embedding(100, 8, key=st.random.key(0))")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim  # type: ignore[assignment]
        self.weight = random.normal(key, (num_embeddings, embedding_dim))

    def __call__(self, indices: Tensor[IT, *Shape]) -> Tensor[F32, *Shape, D]:
        """The vectors at these places; negative ones count from the end, as everywhere here.

        Raises:
            IndexError: for a place that the table does not have.
            DTypeError: for indices that are no integers.
        """
        return self.weight.take(indices, axis=0)

    def extra_repr(self) -> str:
        return f"{self.num_embeddings}, {self.embedding_dim}"
