"""A device whose tensors have a shape and a dtype but no elements: how a type checker runs the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .apply import tensors_make
from .dims import Shape
from .dtypes import AnyDType
from .op import Call
from .spec import make_spec


class Abstract:
    """Runs nothing; axes of its tensors may be symbols. It stands for the CPU, too."""

    name = "abstract"
    is_abstract = True
    depth = 1

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        return [None] * len(call.outs) if call.many else None

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        return None, tensor._marks

    def release(self, tensor: Any) -> None:
        """There is no buffer."""

    def __repr__(self) -> str:
        return "abstract"


ABSTRACT = Abstract()


def abstract_tensor(shape: Shape, dtype: AnyDType) -> Any:
    """A tensor of this shape, whose sizes may be symbols, and this dtype."""
    return tensors_make()(None, make_spec(shape, dtype, ABSTRACT), ())  # type: ignore[arg-type]
