"""Functions of one element: kernels made of expressions, as in elementwise.py."""

from __future__ import annotations

from .elementwise import PREPARE

__all__ = ["PREPARE"]
