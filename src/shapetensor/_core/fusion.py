"""Instructions of a program, and which of them become one: elementwise operations in the kernel of what they follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .kernels.launch import Follower, Launch
from .op import ELEMENTWISE, Call
from .processor import Processor
from .recorder import Slot
from .spec import Spec

MOST = 8  # followers: kernels of longer chains are compiled for one function only, and gain little more


class Window(NamedTuple):
    """Elements `start` to `stop` of the root's memory, laid out as the spec says."""

    root: Slot
    start: int
    stop: int
    spec: Spec


class Instruction(NamedTuple):
    """A call on a processor. Its operands are slots and Python scalars. Prepared without a launch: views.

    The operands of followers stand behind its own; the results are those of the last one.
    """

    call: Call
    operands: tuple[Any, ...]
    results: tuple[Slot, ...]
    followers: tuple[Follower, ...] = ()
    launch: Launch | None = None

    def prepared(self, device: Processor) -> Instruction:
        """With its kernels."""
        if self.call.views is not None:
            return self
        return self._replace(launch=device.prepare_compiled(self.call, self.followers))

    def flops(self) -> int:
        """Floating point operations of one run."""
        if self.call.views is not None:
            return 0
        return self.call.flops() + sum(f.call.flops() for f in self.followers)


def fuse(
    instructions: Sequence[Instruction],
    views: Mapping[Slot, Window],
    kept: set[Slot],
    donated: set[Slot],
    device: Processor,
) -> list[Instruction]:
    """The instructions, each with those that follow where its kernel can do them: nobody else may read the result.

    Args:
        instructions: in order.
        views: the window of each slot.
        kept: roots whose memory is no temporary's.
        donated: roots of `kept` that may be written over once nobody reads them any more.
        device: whose kernels they are.
    """
    return _Fusion(instructions, views, kept, donated, device).run()


class _Fusion:
    def __init__(
        self,
        instructions: Sequence[Instruction],
        views: Mapping[Slot, Window],
        kept: set[Slot],
        donated: set[Slot],
        device: Processor,
    ) -> None:
        self.views, self.kept, self.donated, self.device = views, kept, donated, device
        self.left = dict(enumerate(instructions))
        self.producers: dict[Slot, int] = {}
        reads = [(i, x) for i, y in enumerate(instructions) for x in set(y.operands) if isinstance(x, Slot)]
        self.readers = Counter(slot for _, slot in reads)
        self.last = {views[slot].root: i for i, slot in reads}

    def run(self) -> list[Instruction]:
        for number, instruction in list(self.left.items()):
            slots = [x for x in set(instruction.operands) if x in self.producers]
            for slot in sorted(slots, key=self.producers.__getitem__, reverse=True):  # the latest moves least
                if fused := self._followed(self.producers[slot], number, slot):
                    del self.left[self.producers[slot]]
                    self.left[number] = fused
                    self.last |= {r: max(number, self.last[r]) for r in self._roots(fused)}
                    break
            if instruction.call.views is None and len(instruction.results) == 1:
                self.producers[instruction.results[0]] = number
        return list(self.left.values())

    def _followed(self, first: int, then: int, slot: Slot) -> Instruction | None:
        """Both as one; None if the first one's kernel cannot do the second, or should not."""
        product, after = self.left[first], self.left[then]
        if after.call.op.kind != ELEMENTWISE or self.readers[slot] > 1 or slot in self.kept:
            return None
        places = tuple(i for i, x in enumerate(after.operands) if x == slot)
        follower = Follower(after.call, places)
        if (
            len(product.followers) == MOST
            or not self.device.can_follow(product.call, follower)
            or not self._may_wait(first, then)
        ):
            return None
        operands = (*product.operands, *follower.others(after.operands))
        return Instruction(product.call, operands, after.results, (*product.followers, follower))

    def _may_wait(self, first: int, then: int) -> bool:
        """Whether the first can be done as late as the second: its operands live longer then, its result shorter.

        Operands that somebody would write over meanwhile stay as they are.
        """
        if all(self.left[i].call.views is not None for i in range(first + 1, then) if i in self.left):
            return True
        waiting = {root for root in self._roots(self.left[first]) if self.last[root] < then}
        if waiting & self.donated:
            return False
        return sum(self._bytes(x) for x in waiting - self.kept) <= self._bytes(self.left[first].results[0])

    def _roots(self, instruction: Instruction) -> set[Slot]:
        return {self.views[x].root for x in instruction.operands if isinstance(x, Slot)}

    def _bytes(self, slot: Slot) -> int:
        spec = self.views[slot].spec
        return spec.size * spec.dtype.itemsize
