"""How many numbers a range has, and how many elements a slice takes: of ints, and of symbols."""

from __future__ import annotations

from .dims import UNKNOWN, Dim, Poly, is_identical, is_natural, simplify
from .errors import ShapeError


def range_length(start: Dim, stop: Dim, step: Dim) -> Dim:
    """How many numbers `range` has; a symbolic stop is taken to be behind the start."""
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        return len(range(start, stop, step))
    if not isinstance(step, int):
        return UNKNOWN
    length = Poly.of(stop - start + step - 1) // step if step > 0 else Poly.of(start - stop - step - 1) // -step
    return 0 if is_natural(-length) else simplify(length)


def slice_length(start: Dim | None, stop: Dim | None, step: Dim | None, size: Dim) -> Dim:
    """How many elements `x[start:stop:step]` takes of an axis of `size`.

    A symbolic size is taken to be long enough, and a symbolic bound to lie within the axis: `x[1:]` is `T-1` and
    `x[:t]` is `t`. UNKNOWN where the sign of `T-3` would decide.
    """
    step = 1 if step is None else step
    if step == 0:
        raise ShapeError("slice step cannot be zero")
    if not isinstance(step, int):
        return UNKNOWN
    if isinstance(size, int) and not isinstance(start, Poly) and not isinstance(stop, Poly):
        return len(range(*slice(start, stop, step).indices(size)))
    if start is None and stop is None:
        return simplify((size + (abs(step) - 1)) // abs(step))
    first = 0 if start is None else _from_front(start, size, False)
    last = size if stop is None else _from_front(stop, size, True)
    if step < 0 or first is None or last is None:
        return UNKNOWN
    return range_length(first, last, step)


def _from_front(bound: Dim, size: Dim, behind: bool) -> Dim | None:
    """A bound of a slice counted from the front; None where that cannot be told.

    Of a symbolic axis ints cut off ends, as in `x[1:]` and `x[:-1]`; `x[:3]`, which has a bound `behind`, takes less
    where the axis is shorter.
    """
    if isinstance(bound, int):
        if isinstance(size, int):
            return slice(bound).indices(size)[1]
        return None if (bound < 0) is not behind else size + bound if behind else bound
    if is_natural(-bound):
        return size + bound
    if is_natural(bound) or is_natural(Poly.of(size) - bound):
        return bound
    return bound if not is_identical(size, 0) and is_identical(bound // size, 0) else None
