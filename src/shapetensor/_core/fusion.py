"""Instructions of a program, and which of them become one: elementwise operations in the kernel of what they follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from .cpu import prepare_compiled
from .kernels.launch import Follower, Launch
from .op import ELEMENTWISE, Call
from .recorder import Slot


class Instruction(NamedTuple):
    """A call at CPU specs; its operands are slots and Python scalars. No launch: its results are views.

    The operands of followers stand behind its own; the results are those of the last one.
    """

    call: Call
    operands: tuple[Any, ...]
    results: tuple[Slot, ...]
    launch: Launch | None
    followers: tuple[Follower, ...] = ()

    @property
    def name(self) -> str:
        return " + ".join([self.call.op.name, *(f.call.op.name for f in self.followers)])

    def flops(self) -> int:
        """Floating point operations of one run."""
        if self.launch is None:
            return 0
        return self.call.flops() + sum(f.call.flops() for f in self.followers)


def fuse(instructions: Sequence[Instruction], returned: set[Slot]) -> list[Instruction]:
    """The instructions, each with those that follow where its kernel can do them: nobody else may read the result."""
    readers = Counter(slot for x in instructions for slot in {o for o in x.operands if isinstance(o, Slot)})
    done: dict[int, Instruction] = {}
    producers: dict[Slot, int] = {}
    for number, instruction in enumerate(instructions):
        done[number] = instruction
        for slot in instruction.operands:
            if slot not in producers or readers[slot] > 1 or slot in returned:
                continue
            if fused := _followed(done[producers[slot]], instruction, slot):
                del done[producers[slot]]
                done[number] = fused
                break
        if instruction.launch is not None and len(instruction.results) == 1:
            producers[instruction.results[0]] = number
    return list(done.values())


def _followed(first: Instruction, then: Instruction, slot: Slot) -> Instruction | None:
    """Both as one; None if the first one's kernel cannot do the second."""
    if then.call.op.kind != ELEMENTWISE or then.launch is None:
        return None
    places = tuple(i for i, x in enumerate(then.operands) if x == slot)
    followers = (*first.followers, follower := Follower(then.call, places))
    launch = prepare_compiled(first.call, followers)
    if launch is None:
        return None
    return Instruction(first.call, (*first.operands, *follower.others(then.operands)), then.results, launch, followers)
