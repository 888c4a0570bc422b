"""What is said of an index that is out of range."""

from __future__ import annotations

from collections.abc import Callable


def out_of_range(name: str, axis: int, size: int) -> Callable[[int, int], Exception]:
    """The error for a bad index, of its position and its value."""

    def error(position: int, index: int) -> Exception:
        return IndexError(f"{name}: index {index} is out of range for axis {axis} of size {size}")

    return error
