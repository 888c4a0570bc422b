"""Normalisation layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, TypeVarTuple

from .._core.apply import apply
from .._core.dims import Poly
from .._core.dtypes import F32, I64, DType
from .._core.errors import ShapeError
from .._core.ops import fused
from ..functions.creation import ones, zeros
from ..tensor import Tensor
from .module import Module, buffer
from .widths import C

if TYPE_CHECKING:
    from ..random import Key
    from ..tensor import AnyTensor

N = TypeVar("N", bound=int)
DT = TypeVar("DT", bound=DType)
Length = TypeVarTuple("Length")
Normalized = TypeVarTuple("Normalized")
Shape = TypeVarTuple("Shape")


class BatchNorm1d(Module, Generic[C]):
    """Each channel with mean 0 and variance 1 over the batch, times `weight`, plus `bias`.

    Inference uses the running mean and variance that training leaves in the buffers; as in torch, the batch is
    normalised with the biased variance, and the running one takes the unbiased.

    Shape: `(n, c) -> (n, c)` or `(n, c, l) -> (n, c, l)`

    Reference: Ioffe and Szegedy, "Batch normalization", ICML 2015.

    Example:
        >>> import shapetensor as st
        >>> norm = st.nn.BatchNorm1d(2)
        >>> y, norm = norm.training(st.tensor([[1.0, 2.0], [3.0, 6.0]]), key=st.random.key(0))
        >>> norm.running_mean
        Tensor[F32, 2]([0.2, 0.4])
        >>> norm
        BatchNorm1d(2, eps=1e-05, momentum=0.1, affine=True)
    """

    num_features: C
    eps: float
    momentum: float | None
    weight: Tensor[F32, C] | None
    bias: Tensor[F32, C] | None
    running_mean: Tensor[F32, C] = buffer()
    running_var: Tensor[F32, C] = buffer()
    num_batches_tracked: Tensor[I64] = buffer()

    def __init__(
        self,
        num_features: int,
        *,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
    ) -> None:
        """Start at mean 0 and variance 1.

        Args:
            num_features: number of channels, the size of axis 1.
            eps: added to the variance before the root.
            momentum: how much of a new batch the running values take in; None: all batches count alike.
            affine: False: no weight and bias.
        """
        self.num_features, self.eps, self.momentum = num_features, eps, momentum  # type: ignore[assignment]
        self.weight = ones((num_features,)) if affine else None
        self.bias = zeros((num_features,)) if affine else None
        self.running_mean = zeros((num_features,))
        self.running_var = ones((num_features,))
        self.num_batches_tracked = zeros((), dtype=I64)

    def __call__(self, x: Tensor[F32, N, C, *Length]) -> Tensor[F32, N, C, *Length]:
        """Normalise with the running mean and variance.

        Raises:
            ShapeError: if x has not 2 or 3 axes with `num_features` as the second.
        """
        shape, _ = self._layout(x)
        centred = x - self.running_mean.reshape(shape)
        return self._scaled(centred, self.running_var.reshape(shape))

    def training(self, x: Tensor[F32, N, C, *Length], *, key: Key) -> tuple[Tensor[F32, N, C, *Length], Self]:
        """Normalise with the mean and variance of the batch, and take them into the running ones.

        Raises:
            ShapeError: as `__call__`, and if there is only one value per channel.
        """
        _, axes = self._layout(x)
        shape: tuple[Any, ...] = x.shape
        count = math.prod(shape[a] for a in axes)
        if count < 2:
            raise ShapeError(f"BatchNorm1d: training needs more than 1 value per channel, x has shape {x.shape}")
        mean = x.mean(axis=axes, keepdims=True)
        centred = x - mean
        var = (centred * centred).mean(axis=axes, keepdims=True)
        return self._scaled(centred, var), self._seen(mean, var * (count / (count - 1)))

    def _layout(self, x: AnyTensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shape that lines channels up with x, and the axes of x that are no channels."""
        if x.ndim not in (2, 3) or x.shape[1] != self.num_features:
            wanted = f"(n, {self.num_features}) or (n, {self.num_features}, l)"
            raise ShapeError(f"BatchNorm1d: x has shape {x.shape}, not {wanted}")
        return ((self.num_features,), (0,)) if x.ndim == 2 else ((self.num_features, 1), (0, 2))

    def _scaled(self, centred: AnyTensor, var: AnyTensor) -> AnyTensor:
        shape = (self.num_features,) if centred.ndim == 2 else (self.num_features, 1)
        deviation = (var + self.eps).sqrt()
        if self.weight is None or self.bias is None:
            return centred / deviation
        return centred * (self.weight.reshape(shape) / deviation) + self.bias.reshape(shape)

    def _seen(self, mean: AnyTensor, var: AnyTensor) -> Self:
        """The module after one more batch. Its buffers are on no tape: they are state, not results."""
        batches = self.num_batches_tracked + 1
        share = 1.0 / batches.astype(F32) if self.momentum is None else self.momentum
        new_mean, new_var = (x.reshape((self.num_features,))._below(0) for x in (mean, var))
        return self.replace(
            running_mean=self.running_mean + (new_mean - self.running_mean) * share,
            running_var=self.running_var + (new_var - self.running_var) * share,
            num_batches_tracked=batches,
        )

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.weight is not None}"


class LayerNorm(Module, Generic[*Normalized]):
    """Each example with mean 0 and variance 1 over its last axes, times `weight`, plus `bias`.

    The variance is the biased one, as in torch. Training and inference are the same.

    Shape: `(..., *normalized_shape) -> (..., *normalized_shape)`; weight and bias have the shape `normalized_shape`

    Reference: Ba, Kiros and Hinton, "Layer normalization", 2016, arXiv:1607.06450.

    Example:
        >>> import shapetensor as st
        >>> norm = st.nn.LayerNorm(2)
        >>> norm(st.tensor([[1.0, 3.0], [10.0, 10.0]]))
        Tensor[F32, 2, 2]([[-0.999995,  0.999995],
                           [ 0.      ,  0.      ]])
        >>> norm
        LayerNorm((2,), eps=1e-05, elementwise_affine=True, bias=True)
    """

    normalized_shape: tuple[*Normalized]
    eps: float
    weight: Tensor[F32, *Normalized] | None
    bias: Tensor[F32, *Normalized] | None

    def __init__(
        self: LayerNorm[*tuple[Any, ...]],
        normalized_shape: int | tuple[int, ...],
        *,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        """Start with weight 1 and bias 0.

        Args:
            normalized_shape: sizes of the last axes, or the size of the last.
            eps: added to the variance before the root.
            elementwise_affine: False: no weight and bias.
            bias: False: no bias.

        Raises:
            ShapeError: for no axes, and for a negative size.
        """
        sizes = (normalized_shape,) if isinstance(normalized_shape, (int, Poly)) else tuple(normalized_shape)
        if not sizes or any(n < 0 for n in sizes):
            raise ShapeError(f"LayerNorm: normalized_shape={sizes} should be the sizes of at least one axis")
        self.normalized_shape, self.eps = sizes, eps
        self.weight = ones(sizes) if elementwise_affine else None
        self.bias = zeros(sizes) if elementwise_affine and bias else None

    def __call__(self, x: Tensor[DT, *Shape]) -> Tensor[DT, *Shape]:
        """Normalise over the last axes.

        Raises:
            ShapeError: if the last axes of x are not `normalized_shape`.
        """
        count = len(self.normalized_shape)
        shape: tuple[Any, ...] = x.shape
        if len(shape) < count or shape[-count:] != self.normalized_shape:
            wanted = f"normalized_shape={self.normalized_shape}"
            raise ShapeError(f"LayerNorm: x has shape {x.shape}, its last {count} axes should be {wanted}")
        if self.weight is not None and self.bias is not None:
            return apply(fused.layer_norm, (x, self.weight, self.bias), (self.eps,))
        y: AnyTensor = apply(fused.standardize, (x,), (count, self.eps))
        return y if self.weight is None else y * self.weight

    def extra_repr(self) -> str:
        affine = f"elementwise_affine={self.weight is not None}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"
