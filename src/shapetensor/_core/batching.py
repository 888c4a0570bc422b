"""vmap as a device: a tensor of one example whose buffer is the tensor of all examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .device import level_of
from .errors import CompileError
from .op import Call
from .ops.rules import batch_loop


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples of a tensor: along axis 0 if `batched`, else one that they share."""

    tensor: Any
    batched: bool
    level: int  # of the vmap that it belongs to


class Batch:
    """Runs a call for all examples at once, by the op's batching rule.

    There is one for each device inside, whatever vmap uses it, so that calls are found in the cache again; the level
    tells one use from another.
    """

    name = "vmap"

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.depth: int = inner.depth + 1

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        level = self._level()
        xs = [self._examples(b, level) if isinstance(b, Examples) else b for b in buffers]
        batched = [isinstance(b, Examples) and b.batched for b in buffers]
        attrs = call.named_attrs()
        if "device" in attrs:
            attrs["device"] = self.inner
        if any(batched):
            outputs = (call.op.batch or batch_loop)(call.op, xs, batched, attrs)
        else:
            outputs = apply_op(call, xs, attrs)
        if call.many:
            return [Examples(out, any(batched), level) for out in outputs]
        return Examples(outputs, any(batched), level)

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        """A tensor from outside is the same for all examples; only tapes begun inside see it as such."""
        level = self._level()
        outer = tuple(m for m in tensor._marks if m[0].level < level)
        inner = tuple(m for m in tensor._marks if m[0].level > level)
        return Examples(tensor._marked(outer), False, level), inner

    def _level(self) -> int:
        level = level_of(self)
        if level is None:
            raise _escaped()
        return level

    def _examples(self, examples: Examples, level: int) -> Any:
        if examples.level != level:
            raise _escaped()
        return examples.tensor

    def release(self, tensor: Any) -> None:
        """The tensor of all examples releases its own buffer."""

    def __repr__(self) -> str:
        return f"vmap of {self.inner!r}"


def _escaped() -> CompileError:
    return CompileError("a tensor escaped from a vmapped function: return it from the function instead of storing it")


# Bounded, because a recorder that is mapped over is one more device.
batch_of = lru_cache(maxsize=32)(Batch)


def apply_op(call: Call, xs: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """The op on unbatched operands; creation ops have none, and go by way of `apply` itself."""
    from .apply import apply

    return apply(call.op, tuple(xs), tuple(attrs.values()))
