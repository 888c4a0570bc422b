"""Type variables for the sizes of layers.

They are Any by default: without the plugin no type checker can tell the widths of `Linear(64, 10, key=key)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    C = TypeVar("C", bound=int, default=Any)
    D = TypeVar("D", bound=int, default=Any)
    I = TypeVar("I", bound=int, default=Any)
    N = TypeVar("N", bound=int, default=Any)
    O = TypeVar("O", bound=int, default=Any)
else:  # typing_extensions takes long to load, and the defaults mean nothing
    from typing import TypeVar

    C, D, I, N, O = (TypeVar(name, bound=int) for name in "CDINO")
