"""Optimizers: pure functions from a model, its gradients and a state to a new model and a new state."""

from __future__ import annotations

from .adam import Adam, AdamState
from .sgd import SGD, SGDState

__all__ = ["SGD", "Adam", "AdamState", "SGDState"]


def __dir__() -> list[str]:
    return __all__
