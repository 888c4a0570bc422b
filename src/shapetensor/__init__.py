"""shapetensor: a numerical engine in which tensor shapes are types."""

from __future__ import annotations

from .tensor import Tensor
