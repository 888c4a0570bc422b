"""Neural network layers, as frozen modules; names, arguments and state_dict keys are torch's."""

from __future__ import annotations

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


def __dir__() -> list[str]:
    return __all__
