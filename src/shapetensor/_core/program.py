"""A recorded function made ready to run again: kernels bound to memory that was planned once.

Every slot of the recording has a root, the slot whose memory its elements lie in; views are windows of it and cost
nothing. A root is an input (the caller's buffer), a constant, a temporary (a fixed place in the arena), or is returned
(a fresh buffer each time, since the caller keeps it). Only inputs and returned memory change from call to call, so
only these arguments of the kernels are put in before a replay and taken out behind it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .apply import infer, tensors_make
from .device import Donated
from .dtypes import DType
from .fusion import Instruction, Window, fuse
from .kernels.launch import Launch, Place
from .op import Call
from .plan import Lifetime, plan
from .processor import Processor, extent
from .pytree import TreeDef, unflatten
from .recorder import Recording, Slot
from .spec import Spec, make_spec

Kind = tuple[int, np.dtype[Any]]  # elements and dtype of a buffer
Check = Callable[[int, Sequence[Any]], Exception]
Step = tuple[Callable[..., Any], list[Any], Check | None]
# Which buffer of the call, the part of it (None: all), and the argument lists and places that it goes to
Patch = tuple[int, slice | None, list[tuple[list[Any], int]]]
_donating = threading.Lock()  # between looking who sees a tensor's memory and taking it


class _Code:
    """The instructions that the results need, and the window of each slot.

    Attributes:
        views: windows of the slots whose instructions wrote the elements.
        windows: windows of the slots in whose memory the elements lie.
        taken: for a result that was written over an operand, the slot of that.
    """

    def __init__(
        self,
        recording: Recording,
        inputs: dict[Slot, Spec],
        results: Sequence[Slot],
        donated: set[Slot],
        device: Processor,
    ) -> None:
        self.device = device
        live = _live(recording, results)
        used = {x for _, operands, _ in live for x in operands if isinstance(x, Slot)} | set(results)
        self.inputs = list(inputs)
        self.constants = {slot: x for slot, x in recording.constants.items() if slot in used}
        given = inputs | {slot: x._spec for slot, x in self.constants.items()}
        self.views = {slot: Window(slot, 0, extent(s.shape, s.strides), s) for slot, s in given.items()}
        lowered = [self._lower(*instruction) for instruction in live]
        self.taken: dict[Slot, Slot] = {}
        kept = (given.keys() - donated) | {self.views[x].root for x in results}
        fused = fuse(lowered, self.views, kept | given.keys(), donated, device)
        self.instructions = self._in_place([x.prepared(device) for x in fused], kept)
        self.windows = {slot: w._replace(root=self._memory(w.root)) for slot, w in self.views.items()}
        roots = dict.fromkeys(self.windows[x].root for x in results)
        self.returned = [root for root in roots if root not in given]

    def _lower(self, call: Call, operands: tuple[Any, ...], results: tuple[Slot, ...]) -> Instruction:
        """The instruction at specs of the processor."""
        pairs = zip(operands, call.ins, strict=True)
        specs = [self.views[x].spec if isinstance(x, Slot) else weak for x, weak in pairs]
        named = call.named_attrs()
        if "device" in named:
            named["device"] = self.device
        here = infer(call.op, tuple(named.values()), *specs)
        if here.views is None:
            for slot, spec in zip(results, here.outs, strict=True):
                self.views[slot] = Window(slot, 0, spec.size, spec)
            return Instruction(here, operands, results)
        whole = self.views[operands[0]]
        for slot, offset, spec in zip(results, here.views, here.outs, strict=True):
            start = whole.start + offset
            self.views[slot] = Window(whole.root, start, start + extent(spec.shape, spec.strides), spec)
        return Instruction(here, operands, results)

    def _reads(self, instruction: Instruction) -> list[Slot]:
        """The root of each operand."""
        return [self.views[x].root for x in instruction.operands if isinstance(x, Slot)]

    def _in_place(self, instructions: Sequence[Instruction], kept: set[Slot]) -> list[Instruction]:
        """The instructions, those written over operands where nobody sees it; the roots in `kept` stay as they are."""
        last = {root: i for i, instruction in enumerate(instructions) for root in self._reads(instruction)}
        dying = ({root for root in self._reads(x) if last[root] == i} - kept for i, x in enumerate(instructions))
        return [self._over_operands(*pair) for pair in zip(instructions, dying, strict=True)]

    def _over_operands(self, instruction: Instruction, dying: set[Slot]) -> Instruction:
        """The instruction in place, if it has such a form and the operands concerned are alone in roots that die."""
        _, operands, results, _, launch = instruction
        if launch is None or launch.in_place is None:
            return instruction
        reads = Counter(self._reads(instruction))
        pairs = [(self.views[operands[i]], results[k]) for i, k in launch.in_place.pairs]
        for over, _ in pairs:
            if over.root not in dying or reads[over.root] > 1 or self.cut(over) or not over.spec.contiguous:
                return instruction
        self.taken |= {result: over.root for over, result in pairs}
        return instruction._replace(launch=replace(launch, steps=launch.in_place.steps))

    def _memory(self, root: Slot) -> Slot:
        """The slot whose memory a root took over, or one from which that took it over."""
        while root in self.taken:
            root = self.taken[root]
        return root

    def cut(self, window: Window) -> slice | None:
        """The part of the root's array that a window is; None for all of it."""
        whole = self.views[window.root]
        return None if window[1:3] == whole[1:3] else slice(window.start, window.stop)

    def lifetimes(self) -> dict[Slot, tuple[int, int]]:
        """First and last instruction that touch each temporary."""
        found: dict[Slot, tuple[int, int]] = {}
        for i, (_, operands, results, _, launch) in enumerate(self.instructions):
            for slot in results if launch is not None else ():
                if slot not in self.taken:
                    found[slot] = (i, i)
            for x in operands:
                root = self.windows[x].root if isinstance(x, Slot) else None
                if root in found:
                    found[root] = (found[root][0], i)
        return {root: span for root, span in found.items() if root not in self.returned}


def _live(recording: Recording, results: Sequence[Slot]) -> list[tuple[Call, tuple[Any, ...], tuple[Slot, ...]]]:
    """The instructions that the results depend on, in order."""
    needed = set(results)
    live = []
    for instruction in reversed(recording.instructions):
        if not needed.isdisjoint(instruction[2]):
            needed.update(x for x in instruction[1] if isinstance(x, Slot))
            live.append(instruction)
    return live[::-1]


class _Memory:
    """The arena: a place for each temporary, and for the scratch of each launch."""

    def __init__(self, code: _Code) -> None:
        spans = code.lifetimes()
        blocks = [(span, _kind(code.windows[root].spec)) for root, span in spans.items()]
        counts = [len(i.launch.scratch) if i.launch is not None else 0 for i in code.instructions]
        for i, instruction in enumerate(code.instructions):
            blocks += [((i, i), kind) for kind in (instruction.launch.scratch if instruction.launch else ())]
        needed = [Lifetime(*span, size * dtype.itemsize) for span, (size, dtype) in blocks]
        offsets, self.arena_bytes = plan(needed)
        self.temporary_bytes = sum(b.nbytes for b in needed)
        arena = code.device.pool.fresh(self.arena_bytes, np.dtype(np.uint8))
        arrays = [_array(arena, at, kind) for at, (_, kind) in zip(offsets, blocks, strict=True)]
        self.offsets = dict(zip(spans, offsets, strict=False))
        self.fixed = dict(zip(spans, arrays, strict=False))
        self.fixed |= {slot: x._buffer for slot, x in code.constants.items()}
        rest = iter(arrays[len(spans) :])
        self.scratch = [[next(rest) for _ in range(count)] for count in counts]


def _nbytes(buffer: Any) -> int:
    nbytes: int = buffer.size * buffer.dtype.itemsize
    return nbytes


def _kind(spec: Spec) -> Kind:
    return spec.size, np.dtype(spec.dtype.storage)


def _array(arena: Any, offset: int, kind: Kind) -> Any:
    size, dtype = kind
    return arena[offset : offset + size * dtype.itemsize].view(dtype)


class _Binder:
    """Turns launches into steps: kernels with their argument lists, and patches for what changes."""

    def __init__(self, code: _Code, memory: _Memory) -> None:
        self.code, self.memory = code, memory
        self.places = {slot: i for i, slot in enumerate([*code.inputs, *code.returned])}
        self.steps: list[Step] = []
        self._uses: dict[tuple[int, int, int], tuple[slice | None, list[tuple[list[Any], int]]]] = {}
        for instruction, scratch in zip(code.instructions, memory.scratch, strict=True):
            if instruction.launch is not None:
                self._bind(instruction, instruction.launch, scratch)

    def array(self, window: Window) -> Any:
        """The array of a window; None if it changes from call to call."""
        base = self.memory.fixed.get(window.root)
        cut = self.code.cut(window)
        return base if base is None or cut is None else self.code.device.part(base, cut.start, cut.stop)

    def patches(self) -> list[Patch]:
        return [(place, cut, uses) for (place, _, _), (cut, uses) in self._uses.items()]

    def _bind(self, instruction: Instruction, launch: Launch, scratch: list[Any]) -> None:
        windows = self.code.windows
        values: list[Any] = [windows[x] if isinstance(x, Slot) else x for x in instruction.operands]
        for index, convert in launch.scalars:
            values[index] = convert(values[index])
        values += [windows[x] for x in instruction.results]
        values += scratch
        for kernel, given, check in ((s.kernel, s.args, s.check) for s in launch.steps):
            args: list[Any] = [values[a.index] if type(a) is Place else a for a in given]
            for i, value in enumerate(args):
                if type(value) is Window:
                    args[i] = self.array(value)
                    if args[i] is None:
                        self._patch(value, args, i)
            self.steps.append((kernel, args, check))

    def _patch(self, window: Window, args: list[Any], index: int) -> None:
        key = (self.places[window.root], window.start, window.stop)
        self._uses.setdefault(key, (self.code.cut(window), []))[1].append((args, index))


class Program:
    """What `compile` made of a function for one signature; calling it replays the kernels.

    Attributes:
        name: of the function.
        device: where it runs.
        instructions: number of calls that are left of the recording, views included.
        launches: number of kernels that a replay starts.
        arena_bytes: memory of all temporaries, allocated once.
        temporary_bytes: what the temporaries would take without sharing memory.
        constant_bytes: memory of the tensors that the function read from outside.
        flops: floating point operations of a replay.
    """

    def __init__(
        self,
        name: str,
        recording: Recording,
        inputs: dict[Slot, Spec],
        outputs: Sequence[Any],
        tree: TreeDef,
        donated: Mapping[int, str],
        device: Processor,
    ) -> None:
        """Prepare a recording whose outputs are slots and, where they are constants, tensors.

        `donated` has the names of the inputs that the caller gives up, by their places; all tensors are on `device`.
        """
        slots = list(inputs)
        code = _Code(
            recording, inputs, [x for x in outputs if isinstance(x, Slot)], {slots[i] for i in donated}, device
        )
        memory = _Memory(code)
        binder = _Binder(code, memory)
        self.name, self.device, self._tree = name, device, tree
        nowhere = Donated(name)
        self._donated = {i: (label, _moved(inputs[slots[i]], nowhere)) for i, label in donated.items()}
        self._code, self._offsets = code, memory.offsets
        self._steps, self._patches = binder.steps, binder.patches()
        self._fresh = [
            (kind, device.pool.stack(*kind)) for kind in (_kind(code.windows[r].spec) for r in code.returned)
        ]
        self._outputs = [self._output(binder, x) for x in outputs]
        self._same = [x._buffer for x, *_ in self._outputs if x is not None]  # held, these cannot be donated
        self._lock = threading.Lock()  # the arena and the argument lists serve one call at a time
        self.instructions = len(code.instructions)
        self.launches = sum(bool(args) for _, args, _ in self._steps)  # without notes to the device
        self.arena_bytes, self.temporary_bytes = memory.arena_bytes, memory.temporary_bytes
        held = [*code.constants.values(), *(x for x in outputs if not isinstance(x, Slot))]
        self.constant_bytes = sum({id(x._buffer): _nbytes(x._buffer) for x in held}.values())
        self.flops = sum(i.flops() for i in code.instructions)

    def _output(self, binder: _Binder, x: Any) -> tuple[Any, int, slice | None, Spec]:
        """A tensor that is the same each time, or else the place of its buffer, the part and the spec."""
        if not isinstance(x, Slot):
            return x, 0, None, x._spec
        window = self._code.windows[x]
        array = binder.array(window)
        if array is not None:
            return tensors_make()(array, window.spec, ()), 0, None, window.spec
        return None, binder.places[window.root], self._code.cut(window), window.spec

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """The outputs for these tensors, which have the specs of the recording.

        Raises:
            IndexError: from kernels that take indices.
            ValueError: where a donated tensor cannot be given up.
        """
        memory = self._given_up(leaves) if self._donated else [x._buffer for x in leaves]
        try:
            self._run(memory)
            make = tensors_make()
            outputs = [
                make(memory[place] if cut is None else self.device.part(memory[place], cut.start, cut.stop), spec, ())
                if same is None
                else self._again(same)
                for same, place, cut, spec in self._outputs
            ]
        finally:
            if self._donated:  # what no output took over goes where the memory of dead tensors goes
                given_up = [memory[i] for i in self._donated]
                memory.clear()
                self.device.release_all(given_up)
        return unflatten(self._tree, outputs)

    def _again(self, x: Any) -> Any:
        """A result that is the same each time, on memory of its own where results may be donated next."""
        if not self._donated:
            return x
        return tensors_make()(x._spec.device.copy(x._buffer), x._spec, ())

    def _given_up(self, leaves: Sequence[Any]) -> list[Any]:
        """The buffers of the leaves, those of donated tensors taken away from them.

        Raises:
            ValueError: before anything is changed, where others see the memory of a donated tensor.
            RuntimeError: where another thread has just donated one.
        """
        donated = [leaves[i] for i in self._donated]
        with _donating:
            if len(set(map(id, leaves))) < len(leaves) or not self.device.are_own(donated):
                self._check_donated(leaves)
            memory = [x._buffer for x in leaves]
            for x, (_, spec) in zip(donated, self._donated.values(), strict=True):
                x._spec = spec
                x._buffer = None
        return memory

    def _check_donated(self, leaves: Sequence[Any]) -> None:
        """Raise the error for a tensor that cannot be given up, if there is one."""
        times = Counter(map(id, leaves))
        for i, (argument, _) in self._donated.items():
            x = leaves[i]
            if isinstance(x._spec.device, Donated):
                raise x._spec.device.error(self.name)
            if times[id(x)] > 1:
                raise ValueError(
                    f"{self.name}: argument {argument} is donated, and the same tensor is another argument or part of "
                    "one: pass a copy there, st.from_numpy(x.numpy())"
                )
            if not self.device.are_own([x]):
                raise ValueError(
                    f"{self.name}: argument {argument} is donated, but another tensor, a tape or a NumPy array sees "
                    "its memory: let go of that first, or donate a copy, st.from_numpy(x.numpy())"
                )

    def _run(self, memory: list[Any]) -> None:
        """Take memory for what is returned, behind that of the inputs, and replay."""
        inputs = len(memory)
        try:
            for kind, stack in self._fresh:
                try:
                    memory.append(stack.pop())
                except IndexError:
                    memory.append(self.device.pool.fresh(*kind))
            with self._lock:
                self._replay(memory)
        except BaseException:
            while len(memory) > inputs:
                self.device.pool.give(memory.pop())
            raise

    def _replay(self, memory: list[Any]) -> None:
        """Start every kernel; afterwards nothing here refers to the buffers of this call."""
        try:
            for place, cut, uses in self._patches:
                array = memory[place] if cut is None else memory[place][cut]
                for args, i in uses:
                    args[i] = array
            for kernel, args, check in self._steps:
                found = kernel(*args)
                if check is not None and found >= 0:
                    raise check(found, args)
        finally:
            for _, _, uses in self._patches:
                for args, i in uses:
                    args[i] = None

    def __repr__(self) -> str:
        return (
            f"<program of {self.name}: {self.instructions} instructions, {self.launches} launches, "
            f"{self.arena_bytes:,} bytes of arena for {self.temporary_bytes:,} of temporaries, "
            f"{self.constant_bytes:,} bytes of constants, {self.flops:,} flops>"
        )

    def __str__(self) -> str:
        """The instructions, one a line, and where their results are."""
        windows = self._code.windows
        lines = [repr(self)]
        for i, slot in enumerate(self._code.inputs):
            lines.append(f"  {_typed(slot, windows)} = input{', donated' if i in self._donated else ''}")
        lines += [f"  {_typed(slot, windows)} = constant" for slot in self._code.constants]
        for x in self._code.instructions:
            left = ", ".join(_typed(slot, windows) for slot in x.results)
            places = dict.fromkeys(self._where(slot) for slot in x.results)
            lines.append(f"  {left} = {_expression(x)}  # {', '.join(places)}")
        return "\n".join(lines)

    def _where(self, slot: Slot) -> str:
        root, start, stop, spec = self._code.views[slot]
        if root != slot:
            return f"view of %{root.index}"
        if slot in self._code.taken:
            return f"in place of %{self._code.taken[slot].index}"
        if slot not in self._offsets:
            return "returned"
        offset = self._offsets[slot]
        return f"arena {offset} to {offset + (stop - start) * spec.dtype.itemsize}"


def _moved(spec: Spec, device: Any) -> Spec:
    """The same spec on another device."""
    return make_spec(spec.shape, spec.dtype, device, spec.strides)


def _typed(slot: Slot, windows: dict[Slot, Window]) -> str:
    spec = windows[slot].spec
    return f"%{slot.index}: {spec.dtype.__name__}[{', '.join(map(str, spec.shape))}]"


def _expression(instruction: Instruction) -> str:
    """The call, and those that follow around it."""
    call, operands, _, followers, _ = instruction
    shown = [f"%{x.index}" if isinstance(x, Slot) else repr(x) for x in operands]
    count = len(call.ins)
    text, rest = _written(call, shown[:count]), iter(shown[count:])
    for follower in followers:
        places = range(len(follower.call.ins))
        text = _written(follower.call, [text if i in follower.places else next(rest) for i in places])
    return text


def _written(call: Call, shown: list[str]) -> str:
    for name, value in call.named_attrs().items():
        is_dtype = isinstance(value, type) and issubclass(value, DType)
        shown.append(f"{name}={value.__name__ if is_dtype else repr(value)}")
    return f"{call.op.name}({', '.join(shown)})"
