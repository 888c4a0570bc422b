"""Neural network layers, as frozen modules; names, arguments and state_dict keys are torch's."""

from __future__ import annotations

from . import init
from .activation import ReLU, Tanh
from .containers import Sequential
from .dropout import Dropout
from .linear import Linear
from .module import Module, buffer
from .norm import BatchNorm1d

__all__ = [
    "BatchNorm1d",
    "Dropout",
    "Linear",
    "Module",
    "ReLU",
    "Sequential",
    "Tanh",
    "buffer",
    "init",
]


def __dir__() -> list[str]:
    return __all__
