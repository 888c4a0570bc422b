"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, TypeVarTuple, overload

from .. import random
from .._core.errors import DTypeError, ShapeError
from .module import Module

if TYPE_CHECKING:
    from ..random import Key
    from ..tensor import AnyTensor

Layers = TypeVarTuple("Layers")
Inner = TypeVar("Inner")


class Sequential(Module, Generic[*Layers]):
    """Layers one after the other; a layer is a module or any function of one tensor.

    In training each module gets a key of its own, and the new modules are put together to a new Sequential.

    Example:
        >>> import shapetensor as st
        >>> from shapetensor import nn
        >>> model = nn.Sequential(nn.Linear(4, 3, key=st.random.key(0)), nn.ReLU(), nn.Dropout(0.5))
        >>> model
        Sequential(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): ReLU()
          (2): Dropout(p=0.5)
        )
        >>> model(st.ones((2, 4))).shape, len(model), list(model.state_dict())
        ((2, 3), 3, ['0.weight', '0.bias'])
        >>> y, model = model.training(st.ones((2, 4)), key=st.random.key(1))
    """

    layers: tuple[*Layers]
    _threads_training: ClassVar[bool] = True

    def __init__(self, *layers: *Layers) -> None:
        """Put layers together.

        Raises:
            TypeError: for something that cannot be called.
        """
        self.layers = layers
        for i, layer in enumerate(self):
            if not callable(layer):
                raise TypeError(f"Sequential: layer {i} is {type(layer).__name__}, which cannot be called")

    def __call__(self, x: AnyTensor) -> AnyTensor:
        place = 0
        try:
            for layer in self:
                x = layer(x)
                place += 1
        except (ShapeError, DTypeError) as error:
            _name_place(error, f"Sequential: layer {place}")
            raise
        return x

    def training(self, x: AnyTensor, *, key: Key) -> tuple[AnyTensor, Self]:
        layers: list[Any] = []
        try:
            for i, layer in enumerate(self):
                if isinstance(layer, Module):
                    x, layer = layer.training(x, key=random.fold_in(key, i))
                else:
                    x = layer(x)
                layers.append(layer)
        except (ShapeError, DTypeError) as error:
            _name_place(error, f"Sequential: layer {len(layers)}")
            raise
        return x, self.replace(layers=tuple(layers))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential[*tuple[Any, ...]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """One layer, or a Sequential of some."""
        found: Any = self.layers[index]
        return Sequential(*found) if isinstance(index, slice) else found

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def extra_repr(self) -> str:
        return ""

    def _flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...], Any]:
        """The layers as children of their own, so that names read `0.weight` as torch's do."""
        names, values, rest = super()._flatten()
        at = names.index("layers")
        return (
            (*names[:at], *range(len(self.layers)), *names[at + 1 :]),
            (*values[:at], *values[at], *values[at + 1 :]),
            rest,
        )

    @classmethod
    def _unflatten(cls, names: tuple[Any, ...], values: list[Any], rest: Any) -> Self:
        layers = tuple(v for n, v in zip(names, values, strict=True) if isinstance(n, int))
        named = {n: v for n, v in zip(names, values, strict=True) if not isinstance(n, int)}
        return super()._unflatten(("layers", *named), [layers, *named.values()], rest)


class Residual(Module, Generic[Inner]):
    """`x + inner(x)`; in training too, where `inner` gets the key and gives back its new buffers.

    Shape: `(...) -> (...)`

    Reference: He et al., "Deep residual learning for image recognition", CVPR 2016.

    Args:
        inner: a module, or any function of one tensor.

    Raises:
        TypeError: for something that cannot be called.

    Example:
        >>> import shapetensor as st
        >>> from shapetensor import nn
        >>> block = nn.Residual(nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4, key=st.random.key(0)), nn.GELU()))
        >>> block(st.ones((2, 4))).shape, list(block.state_dict())[:2]
        ((2, 4), ['inner.0.weight', 'inner.0.bias'])
    """

    inner: Inner
    _threads_training: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not callable(self.inner):
            raise TypeError(f"Residual: inner is {type(self.inner).__name__}, which cannot be called")

    def __call__(self, x: AnyTensor) -> AnyTensor:
        """The sum of the input and what `inner` makes of it.

        Raises:
            ShapeError: if `inner` changes the shape; the sum would broadcast.
        """
        inner: Any = self.inner
        try:
            y = inner(x)
        except (ShapeError, DTypeError) as error:
            _name_place(error, "Residual: inner")
            raise
        return self._sum(x, y)

    def training(self, x: AnyTensor, *, key: Key) -> tuple[AnyTensor, Self]:
        inner: Any = self.inner
        if not isinstance(inner, Module):
            return self(x), self
        try:
            y, inner = inner.training(x, key=key)
        except (ShapeError, DTypeError) as error:
            _name_place(error, "Residual: inner")
            raise
        return self._sum(x, y), self.replace(inner=inner)

    def _sum(self, x: AnyTensor, y: AnyTensor) -> AnyTensor:
        if y.shape != x.shape:
            raise ShapeError(f"Residual: inner makes {y.shape} of {x.shape}: the shapes of a sum should be the same")
        return x + y


def _name_place(error: Exception, place: str) -> None:
    """Say in the error's own text where it arose: no second exception hides the frames of the first."""
    error.args = (f"{place}: {error}",)
