"""Functions of one element: kernels made of expressions, as in elementwise.py."""

from __future__ import annotations

from ..formulas.special import SPECIAL
from .elementwise import prepare

PREPARE = dict.fromkeys(SPECIAL, prepare)
