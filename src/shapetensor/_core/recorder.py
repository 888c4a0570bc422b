"""A device that writes calls down instead of running them: how functions are compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import CompileError
from .op import HOST, Call
from .spec import Spec
from .tape import next_level


@dataclass(frozen=True, slots=True)
class Slot:
    """The result of an instruction, an input or a constant of the recording."""

    index: int


@dataclass(slots=True)
class Recording:
    """What a Recorder wrote down."""

    instructions: list[tuple[Call, tuple[Any, ...], tuple[Slot, ...]]] = field(default_factory=list)
    constants: dict[Slot, Any] = field(default_factory=dict)  # slot -> the tensor that was met
    slots: int = 0

    def new_slot(self) -> Slot:
        self.slots += 1
        return Slot(self.slots - 1)


class Recorder:
    """Tensors of this device have no elements, only a Slot."""

    name = "recorder"

    def __init__(self, inner: Any = None) -> None:
        self.inner = inner  # where the recording will run, as far as that is known
        self.recording: Recording | None = Recording()
        self.level = next_level()
        self._lifted: dict[tuple[int, Spec], Slot] = {}

    @property
    def depth(self) -> int:
        """Asked for where operands live on several devices: of an escaped tensor there is none."""
        self._open("an operation on several devices")
        return 1

    def new_slot(self) -> Slot:
        """A slot for an input of the function."""
        return self._open("an input").new_slot()

    def run(self, call: Call, buffers: Sequence[Any]) -> Any:
        recording = self._open(call.op.name)
        if call.op.kind == HOST:
            raise CompileError(
                f"{call.op.name} runs on the host and cannot be part of a compiled function: call it outside"
            )
        outputs = tuple(recording.new_slot() for _ in call.outs)
        recording.instructions.append((call, tuple(buffers), outputs))
        return list(outputs) if call.many else outputs[0]

    def lift(self, tensor: Any) -> tuple[Any, tuple[Any, ...]]:
        """A tensor that the function reads from outside becomes a constant of the recording."""
        if tensor._marks and tensor._marks[0][0].level < self.level:
            raise CompileError(
                "the function reads a traced tensor from outside: its gradient would be lost; pass it as an argument"
            )
        recording = self._open("a constant")
        key = (id(tensor._buffer), tensor._spec)
        slot = self._lifted.get(key)
        if slot is None:
            slot = self._lifted[key] = recording.new_slot()
            recording.constants[slot] = tensor._marked(())  # held there, so that the buffer's id stays its own
        return slot, tensor._marks  # of tapes that began while recording

    def release(self, tensor: Any) -> None:
        """Slots are lifetimes of the recording, not of Python objects."""

    def close(self) -> Recording:
        """End the recording; tensors that escaped raise from now on."""
        recording = self._open("close")
        self.recording = None
        return recording

    def _open(self, what: str) -> Recording:
        if self.recording is None:
            raise CompileError(
                f"{what}: a tensor escaped from a compiled function; return it from the function instead of storing it"
            )
        return self.recording

    def __repr__(self) -> str:
        return "recorder"
