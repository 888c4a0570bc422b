"""All kernels there are: what the tests compile and run."""

from __future__ import annotations

from collections.abc import Iterator

from . import creation, elementwise, fused, index, linalg, operands, random, reduce, update
from .kernel import Kernel


def kernels() -> Iterator[Kernel]:
    """Each kernel once."""
    for family in (operands, creation, index, linalg, random, reduce, update):
        yield from family.KERNELS
    for family_of_texts in (elementwise, fused, reduce):
        yield from family_of_texts.kernels()
