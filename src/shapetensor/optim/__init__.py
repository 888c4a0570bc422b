"""Optimizers: pure functions from a model, its gradients and a state to a new model and a new state."""

from __future__ import annotations

from ..methods.hints import OPTIMIZER_REASONS, explain
from . import schedules
from .adam import Adam, AdamState, AdamW
from .clip import clip_by_global_norm
from .sgd import SGD, SGDState

__all__ = ["SGD", "Adam", "AdamState", "AdamW", "SGDState", "clip_by_global_norm", "schedules"]

explain(SGD, OPTIMIZER_REASONS)
explain(Adam, OPTIMIZER_REASONS)


def __dir__() -> list[str]:
    return __all__
