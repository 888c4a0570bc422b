"""Neural network layers, as frozen modules; names, arguments and state_dict keys are torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import init
from .activation import GELU, Identity, ReLU, Sigmoid, SiLU, Tanh
from .containers import Residual, Sequential
from .dropout import Dropout
from .embedding import Embedding
from .flatten import Flatten
from .linear import Linear
from .module import Module, buffer
from .norm import BatchNorm1d, LayerNorm

__all__ = [
    "GELU",
    "BatchNorm1d",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "LayerNorm",
    "Linear",
    "Module",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Tanh",
    "buffer",
    "init",
]


if not TYPE_CHECKING:  # a checker would take every name to exist

    def __getattr__(name: str) -> Any:
        """What to write instead of a name that is not there (PEP 562)."""
        from ..methods.hints import unknown_layer

        raise AttributeError(unknown_layer(name, __all__), name=name)


def __dir__() -> list[str]:
    return __all__
