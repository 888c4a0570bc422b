"""Where the elements of a slice are."""

from __future__ import annotations

from ...ops.movement import Bounds, resolve
from ...spec import Ints
from ..launch import merge


def walk(shape: Ints, strides: Ints, bounds: tuple[Bounds, ...]) -> tuple[int, Ints, Ints]:
    """Start, shape and strides of a slice; strides are negative where it walks backwards."""
    ranges = [range(*r) for r in resolve(bounds, shape)]
    ranges += [range(n) for n in shape[len(ranges) :]]
    start = sum(r.start * s for r, s in zip(ranges, strides, strict=True))
    steps = tuple(r.step * s for r, s in zip(ranges, strides, strict=True))
    merged, (merged_steps,) = merge(tuple(map(len, ranges)), steps)
    return start, merged, merged_steps
