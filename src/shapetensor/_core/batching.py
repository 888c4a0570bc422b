"""vmap as a device: a tensor of one example whose buffer is the tensor of all examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .op import Call
from .ops.rules import batch_loop


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples of a tensor: along axis 0 if `batched`, else one that they share."""

    tensor: Any
    batched: bool


class Batch:
    """Runs a call for all examples at once, by the op's batching rule."""

    name = "vmap"

    def __init__(self, inner: Any, level: int) -> None:
        self.inner, self.level = inner, level
        self.depth: int = inner.depth + 1

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        xs = [b.tensor if isinstance(b, Examples) else b for b in buffers]
        batched = [isinstance(b, Examples) and b.batched for b in buffers]
        attrs = call.named_attrs()
        if "device" in attrs:
            attrs["device"] = self.inner
        if not any(batched):
            outputs = apply_op(call, xs, attrs)
        else:
            outputs = (call.op.batch or batch_loop)(call.op, xs, batched, attrs)
        if call.many:
            return [Examples(out, any(batched)) for out in outputs]
        return Examples(outputs, any(batched))

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        """A tensor from outside is the same for all examples; only tapes begun inside see it as such."""
        outer = tuple(m for m in tensor._marks if m[0].level < self.level)
        inner = tuple(m for m in tensor._marks if m[0].level > self.level)
        return Examples(tensor._marked(outer), False), inner

    def release(self, tensor: Any) -> None:
        """The tensor of all examples releases its own buffer."""

    def __repr__(self) -> str:
        return f"vmap of {self.inner!r}"


def apply_op(call: Call, xs: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """The op on unbatched operands; creation ops have none, and go by way of `apply` itself."""
    from .apply import apply

    return apply(call.op, tuple(xs), tuple(attrs.values()))
