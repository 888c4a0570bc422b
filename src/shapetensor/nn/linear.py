"""The affine layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, TypeVarTuple

from .. import random
from .._core.dtypes import F32
from .._core.errors import ShapeError
from ..functions.linalg import linear
from ..tensor import Tensor
from .init import check_key, kaiming_uniform
from .module import Module
from .widths import I, O

if TYPE_CHECKING:
    from ..random import Key

Shape = TypeVarTuple("Shape")


class Linear(Module, Generic[I, O]):
    """`x @ weight.mT + bias`.

    Shape: `(..., in) -> (..., out)`; weight `(out, in)`, bias `(out,)`, both uniform in +-1/sqrt(in) at first.

    Example:
        >>> import shapetensor as st
        >>> layer = st.nn.Linear(64, 10, key=st.random.key(0))
        >>> layer
        Linear(in_features=64, out_features=10, bias=True)
        >>> layer(st.ones((32, 64))).shape
        (32, 10)
    """

    in_features: I
    out_features: O
    weight: Tensor[F32, O, I]
    bias: Tensor[F32, O] | None

    def __init__(self, in_features: int, out_features: int, *, bias: bool = True, key: Key) -> None:
        """Draw the parameters.

        Args:
            in_features: size of the last axis of inputs.
            out_features: size of the last axis of results.
            bias: False: no bias.
            key: a random key.

        Raises:
            TypeError: if the key is no tensor.
            ValueError: for a negative size.
        """
        if in_features < 0 or out_features < 0:
            raise ValueError(f"Linear: in_features={in_features} and out_features={out_features} cannot be negative")
        check_key("Linear", key, "nn.Linear(64, 10, key=st.random.key(0))")
        weight_key, bias_key = random.split(key)
        self.in_features, self.out_features = in_features, out_features  # type: ignore[assignment]
        self.weight = kaiming_uniform(weight_key, (out_features, in_features), a=math.sqrt(5.0))
        bound = 1.0 / math.sqrt(in_features) if in_features else 0.0
        self.bias = random.uniform(bias_key, (out_features,), low=-bound, high=bound) if bias else None

    def __call__(self, x: Tensor[F32, *Shape, I]) -> Tensor[F32, *Shape, O]:
        """The affine map of the last axis.

        Raises:
            ShapeError: if the last axis of x has another size than `in_features`.
        """
        last: tuple[Any, ...] = x.shape[-1:]
        if last != (self.in_features,):
            raise ShapeError(f"Linear: x has shape {x.shape}, its last axis should be in_features={self.in_features}")
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
