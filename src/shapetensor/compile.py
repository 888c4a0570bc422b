"""compile: a function is called once on a device that writes down, and replayed ever after."""

from __future__ import annotations

import os
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import update_wrapper
from pathlib import Path
from types import MethodType
from typing import Any, Generic, TypeVar, overload

from typing_extensions import ParamSpec

from ._core.apply import tensors_make
from ._core.device import Donated, activate, cpu, current
from ._core.errors import CompileError, DeviceError, ShapetensorWarning
from ._core.processor import Processor
from ._core.program import Program
from ._core.pytree import STATIC, TreeDef, children_of, flatten, is_tensor, paths, unflatten
from ._core.recorder import Recorder, Recording, Slot
from ._core.spec import make_spec

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = str(Path(__file__).parent) + os.sep
_MANY = 8  # recordings that differ in Python values only, after which we warn


@overload
def compile(function: Callable[P, R], *, donate_argnums: int | Sequence[int] = ()) -> Compiled[P, R]: ...
@overload
def compile(function: Callable[..., Any], *, donate_argnums: int | Sequence[int] = ()) -> Compiled[..., Any]: ...
def compile(function: Callable[..., Any], *, donate_argnums: int | Sequence[int] = ()) -> Compiled[..., Any]:
    """A function that runs as planned kernels, without Python between them, from its second call on.

    Arguments and results are trees: modules, tuples, lists and dicts of tensors and static values. The first call
    with new shapes, dtypes, layouts or static values calls the function itself, on tensors without elements, and
    keeps what it did as a `Program`; later calls replay that. Gradients and optimizer updates belong inside. So:

    - Python runs while recording only: `print`, random choices and `if` statements happen once.
    - Python numbers are part of the Program: pass what changes, such as a learning rate, as a 0-d tensor.
    - Tensors that the function reads from outside are constants; `program.constant_bytes` tells how large.
    - What no result depends on is not run, its errors included.

    Results are equal to those of the function, bit for bit. A compiled function may be shared between threads; called
    from a function that is being compiled, it becomes part of that one.

    Args:
        function: of trees; a model is as good as a function.
        donate_argnums: the places of arguments that the caller gives up, such as the model and the state of the
            optimizer in a training step. Their memory may become that of results, so that nothing is copied. After
            the call, even one that fails, their tensors are gone: any use of them raises RuntimeError. They come by
            position, and nothing else may see their memory. Within a function that is being compiled, donating
            means nothing.

    Raises:
        TypeError: if it cannot be called, or if `donate_argnums` is no int or tuple of ints; (when called) if a
            donated argument is missing or comes by name.
        ValueError: for negative places; (when called) if a donated tensor is among the arguments twice, or if
            another tensor, a tape or a NumPy array sees its memory. Then nothing was changed.
        DeviceError: (when called) if tensors are on several devices.
        CompileError: (when called) if the function looks at the value of a tensor, runs an op of the host such as
            sort, or gets traced tensors: compile the gradient instead, `st.compile(st.grad(f))`.

    Example:
        >>> import shapetensor as st
        >>> @st.compile
        ... def step(w, x):
        ...     return w - 0.5 * (w * x)
        >>> step(st.ones(2), st.tensor([0.0, 1.0]))
        Tensor[F32, 2]([1. , 0.5])
        >>> step
        <compiled step: 1 program>
        >>> opt = st.optim.SGD(lr=0.5)
        >>> update = st.compile(lambda w, g: opt.update(w, g, opt.init(w))[0], donate_argnums=0)
        >>> w = st.ones(2)
        >>> update(w, st.ones(2))  # in the memory of w
        Tensor[F32, 2]([0.5, 0.5])
        >>> w
        Tensor[F32, 2] on no device (donated to <lambda>)
    """
    return Compiled(function, _places(donate_argnums))


class Compiled(Generic[P, R]):
    """A function and its Programs, one for each signature it was called with; see `compile`.

    Example:
        >>> import shapetensor as st
        >>> double = st.compile(lambda x: x + x)
        >>> double(st.ones(2)), double(st.ones(3))
        (Tensor[F32, 2]([2., 2.]), Tensor[F32, 3]([2., 2., 2.]))
        >>> [program.flops for program in double.programs]
        [2, 3]
    """

    __name__: str

    def __init__(self, function: Callable[P, R], donated: tuple[int, ...] = ()) -> None:
        if not callable(function):
            raise TypeError(f"compile takes a function, not {type(function).__name__}")
        update_wrapper(self, function, updated=())
        self._function, self._donated = function, donated
        self._name = getattr(function, "__name__", type(function).__name__)
        self._programs: dict[Any, Program] = {}
        self._lock = threading.RLock()
        self._alike: dict[Any, list[TreeDef]] = {}  # structures that differ in static values only

    @property
    def programs(self) -> list[Program]:
        """The Programs recorded so far, oldest first; `print` one to see its instructions."""
        return list(self._programs.values())

    def clear(self) -> None:
        """Forget all Programs and give their memory back."""
        with self._lock:
            self._programs.clear()
            self._alike.clear()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Replay the Program of this signature; record it if there is none."""
        if _records(current()):
            return self._function(*args, **kwargs)
        leaves: list[Any] = []
        parts: list[Any] = []
        _describe((args, kwargs), leaves, parts)
        key = tuple(parts)
        try:
            program = self._programs.get(key)
        except TypeError:
            raise self._unhashable((args, kwargs)) from None
        if program is None:
            if any(_records(x._spec.device) for x in leaves):
                return self._function(*args, **kwargs)
            with self._lock:
                program = self._programs.get(key)
                if program is None:
                    self._check(leaves, args, kwargs)
                    program = self._programs[key] = self._record(args, kwargs)
                    self._count((args, kwargs))
        elif any(x._marks for x in leaves):
            self._check(leaves, args, kwargs)
        return program(leaves)  # type: ignore[no-any-return]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a function in a class body: a method."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        count = len(self._programs)
        constants = sum(p.constant_bytes for p in self.programs)
        held = f", {constants:,} bytes of constants" if constants else ""
        return f"<compiled {self._name}: {count} program{'s' * (count != 1)}{held}>"

    def _record(self, args: Any, kwargs: Any) -> Program:
        """Call the function on a new Recorder, and make a Program of what it wrote down."""
        leaves, definition = flatten((args, kwargs))
        recorder = Recorder(leaves[0]._spec.device if leaves else None)
        slots = [recorder.new_slot() for _ in leaves]
        inside = [_on_recorder(x, slot, recorder) for x, slot in zip(leaves, slots, strict=True)]
        inside_args, inside_kwargs = unflatten(definition, inside)
        try:
            with activate(recorder):
                result = self._function(*inside_args, **inside_kwargs)
            outputs, tree = flatten(result)
            buffers = [self._output(x, recorder) for x in outputs]
        except CompileError as error:
            error.args = (f"{self._name}: {error}{_users_line(error)}",)
            raise
        finally:
            recording: Recording = recorder.close()
        inputs = {slot: x._spec for slot, x in zip(slots, leaves, strict=True)}
        device = self._device(leaves, recording)
        return Program(self._name, recording, inputs, buffers, tree, self._donations(args), device)

    def _device(self, leaves: Sequence[Any], recording: Recording) -> Processor:
        """The device of all tensors that the function works on."""
        devices = {x._spec.device: "an argument" for x in leaves}
        for x in recording.constants.values():
            devices.setdefault(x._spec.device, "a tensor that the function reads from outside")
        if len(devices) > 1:
            (one, what), (other, where) = list(devices.items())[:2]
            raise DeviceError(f"{self._name}: {what} is on {one!r}, {where} on {other!r}: move them with x.to(...)")
        return next(iter(devices), cpu())  # type: ignore[return-value]

    def _donations(self, args: Sequence[Any]) -> dict[int, str]:
        """Places among the leaves, and names, of the tensors that are donated."""
        found: dict[int, str] = {}
        start = 0
        for place, arg in enumerate(args):
            named = list(paths(arg, str(place)))
            if place in self._donated:
                found |= {start + i: name for i, (name, _) in enumerate(named)}
            start += len(named)
        return found

    def _output(self, x: Any, recorder: Recorder) -> Any:
        """The slot of a recorded tensor; one that has elements as it is, off the tapes that end with the function."""
        device = x._spec.device
        if device is recorder:
            return x._buffer
        if isinstance(device, Processor):
            return x._marked(()) if x._marks else x
        if isinstance(device, Donated):
            raise device.error(self._name)
        raise CompileError(f"a result is on {device!r}: it escaped from another transformation of a function")

    def _check(self, leaves: Sequence[Any], args: Any, kwargs: Any) -> None:
        """Raise an error for arguments that a Program cannot take."""
        missing = [place for place in self._donated if place >= len(args)]
        if missing:
            raise TypeError(
                f"{self._name}: argument {missing[0]} is donated, and {len(args)} came by position: what is donated "
                "cannot be left out or come by name"
            )
        names = [name for name, _ in (*paths(args), *paths(kwargs))]
        for name, x in zip(names, leaves, strict=True):
            if isinstance(x._spec.device, Donated):
                raise x._spec.device.error(f"{self._name}: argument {name}")
            if x._marks:
                raise CompileError(
                    f"{self._name}: argument {name} is traced, and no gradient flows through a compiled function: "
                    "compile the gradient, st.compile(st.grad(f)), instead of st.grad(st.compile(f))"
                )
            if not isinstance(x._spec.device, Processor):
                raise CompileError(
                    f"{self._name}: argument {name} is on {x._spec.device!r}: "
                    "compile the mapped function, st.compile(st.vmap(f)), instead of st.vmap(st.compile(f))"
                )

    def _unhashable(self, tree: Any) -> CompileError:
        kind = next((type(x) for x in _statics(tree) if not _is_hashable(x)), type(tree))
        where = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        how = "make it a tensor with st.from_numpy" if where == "numpy.ndarray" else "pass a hashable value or a tensor"
        return CompileError(f"{self._name}: an argument is a {where}, which is no tensor and has no hash: {how}")

    def _count(self, tree: Any) -> None:
        """Warn once where a Python value that changes makes one Program after the other."""
        leaves, definition = flatten(tree)
        alike = self._alike.setdefault((_without_values(definition), tuple(x._spec for x in leaves)), [])
        alike.append(definition)
        if len(alike) == _MANY:
            found = _difference(alike[-2], alike[-1])
            values = "" if found is None else f", such as {found[0]!r} and {found[1]!r}"
            warnings.warn(
                f"{self._name} was recorded {_MANY} times for arguments that differ only in Python values{values}: "
                "each value makes a Program of its own; pass a number that changes as a 0-d tensor, st.tensor(value)",
                ShapetensorWarning,
                stacklevel=3,
            )


def _places(argnums: int | Sequence[int]) -> tuple[int, ...]:
    """The places of arguments as a tuple."""
    places = (argnums,) if isinstance(argnums, int) else argnums
    if not isinstance(places, Sequence) or any(type(place) is not int for place in places):
        raise TypeError(f"compile: donate_argnums is an int or a tuple of ints, not {argnums!r}")
    if any(place < 0 for place in places):
        raise ValueError(f"compile: donate_argnums={argnums!r} should be places from 0 on, counted from the left")
    return tuple(places)


def _records(device: Any) -> bool:
    """Whether a device is a Recorder, or maps examples for one."""
    while hasattr(device, "inner") and not isinstance(device, Recorder):
        device = device.inner
    return isinstance(device, Recorder)


def _on_recorder(x: Any, slot: Slot, recorder: Recorder) -> Any:
    spec = x._spec
    return tensors_make()(slot, make_spec(spec.shape, spec.dtype, recorder, spec.strides), ())


def _describe(tree: Any, leaves: list[Any], key: list[Any]) -> None:
    """Collect the tensors of a tree, and a flat key that is the same for trees that one Program can serve.

    Values come with their types, since 1, 1.0 and True are equal and yet promote differently.
    """
    if is_tensor(tree):
        leaves.append(tree)
        key.append(tree._spec)
        return
    found = children_of(tree)
    if found is None:
        key.append(_with_type(tree))
        return
    names, values, rest = found
    key += (type(tree), names)
    if rest:
        key.append(_with_type(rest))
    for value in values:
        _describe(value, leaves, key)


def _with_type(value: Any) -> Any:
    """A static value as part of a key; floats by their bits, which tells -0.0 from 0.0 and finds a NaN again."""
    kind = type(value)
    if kind is tuple:
        return (kind, *map(_with_type, value))
    return (kind, value.hex() if kind is float else value)


def _users_line(error: BaseException) -> str:
    """`, at file:line`, the innermost line of an error's traceback that is not of this package."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            place = f", at {frame.f_code.co_filename}:{line}"
    return place


def _statics(tree: Any) -> Iterator[Any]:
    """The values of a tree that are no tensors."""
    found = children_of(tree)
    if found is None:
        yield from () if is_tensor(tree) else (tree,)
    else:
        for value in found[1]:
            yield from _statics(value)


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _without_values(definition: TreeDef) -> Any:
    """The structure with static values left out."""
    if definition.kind == STATIC:
        return STATIC
    return (definition.kind, definition.names, *map(_without_values, definition.children))


def _difference(old: TreeDef, new: TreeDef) -> tuple[Any, Any] | None:
    """The first static value that differs between alike structures, old and new."""
    if old.kind == STATIC:
        return None if old == new else (old.names[0], new.names[0])
    if old.rest != new.rest:
        return old.rest, new.rest
    for pair in zip(old.children, new.children, strict=True):
        found = _difference(*pair)
        if found is not None:
            return found
    return None
