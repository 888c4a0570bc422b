"""Run-time checks of annotated functions: jaxtyping and beartype look at types, our own binding at dimensions.

What a check looks at is the shapes and dtypes of tensors and the types of everything else. So a combination of those
that was found right once is right, and costs a look into a dict.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from types import FrameType, ModuleType
from typing import Any, NamedTuple, NoReturn, TypeVar, get_origin

from ._core.binding import RESULT, Binding, Declared, Found, Place
from ._core.errors import DTypeError, ShapeError
from ._core.pytree import is_tensor
from .tensor import Tensor

__all__ = ["checked", "typechecker"]

F = TypeVar("F", bound=Callable[..., Any])
_LIMIT = 1024  # remembered combinations of arguments of one function
_RESULTS = 64  # and of results of one of them
_ITEMS = 64  # longer containers are checked each time
_SCALARS = (int, float, complex, bool, str, bytes, type(None))


def checked(function: F) -> F:
    """The function with a check of its annotations: dtypes and shapes of tensors, types of everything else.

    A type variable stands for one size, or one dtype, in all arguments and the result; in a method also in the
    annotated fields of `self`. Combinations that were checked before cost about a microsecond. With `python -O`, or
    `SHAPETENSOR_CHECK=0` in the environment, the function is returned as it is.

    Raises:
        TypeError: for what is no function, for generators and coroutines, and when called with an argument of
            another type.
        ValueError: for an annotation with a misspelt dimension, or one that nothing says the size of.
        ShapeError: when called, if a shape does not fit.
        DTypeError: when called, if a dtype does not fit.

    Example:
        >>> from typing import Literal as L, TypeVar
        >>> import shapetensor as st
        >>> B, T = TypeVar("B", bound=int), TypeVar("T", bound=int)
        >>> @st.checked
        ... def flat(x: st.Tensor[st.F32, B, T]) -> st.Tensor[st.F32, L["B*T"]]:
        ...     return x.reshape(-1)
        >>> flat(st.ones((2, 3))).shape
        (6,)
        >>> flat(st.ones(6))
        Traceback (most recent call last):
        shapetensor.ShapeError: flat: x has shape (6,), not (B, T): it has 1 axis, not 2
    """
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(checked(function.__func__))
    if isinstance(function, property):
        parts = (part and checked(part) for part in (function.fget, function.fset, function.fdel))
        return property(*parts, function.__doc__)
    if not inspect.isfunction(function):
        raise TypeError(f"checked: {function!r} is no function: decorate functions and methods, below other decorators")
    if not _is_on():
        return function
    for is_other, kind in _OTHERS:
        if is_other(function):
            raise TypeError(f"checked: {function.__qualname__} is {kind}: its result is not there when it returns")
    plan = _Plan(function)
    if not plan.is_method:
        plan.prepare(None, final=False)
    return _remembering(function, plan)  # type: ignore[no-any-return]


_OTHERS = (
    (inspect.isasyncgenfunction, "an asynchronous generator"),
    (inspect.iscoroutinefunction, "a coroutine function"),
    (inspect.isgeneratorfunction, "a generator"),
)


def typechecker(function: F) -> F:
    """The check of `checked` for `jaxtyping.install_import_hook(package, "shapetensor.typechecker")`.

    Every function of the package is checked then, and nothing is remembered: a call costs about 100 microseconds.

    Raises:
        TypeError: (jaxtyping's own, a TypeCheckError) when called, if a type does not fit.
        ShapeError: when called, if a shape does not fit.
        DTypeError: when called, if a dtype does not fit.

    Example:
        >>> from typing import TypeVar
        >>> import jaxtyping
        >>> import shapetensor as st
        >>> N = TypeVar("N", bound=int)
        >>> @jaxtyping.jaxtyped(typechecker=st.typechecker)
        ... def double(x: st.Tensor[st.F32, N]) -> st.Tensor[st.F32, N]:
        ...     return x + x
        >>> double(st.ones(2))
        Tensor[F32, 2]([2., 2.])
    """
    if not _is_on() or not inspect.isfunction(function):
        return function
    plan = _Plan(function, context=False)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        plan.prepare(None, final=True, validate=False)
        return plan.call(args, kwargs)

    return wrapper  # type: ignore[return-value]


def _is_on() -> bool:
    return __debug__ and os.environ.get("SHAPETENSOR_CHECK") != "0"


def _remembering(function: Any, plan: _Plan) -> Any:
    """The function with its checks, which are left out for combinations that were right before."""
    memo = _Memo(plan)
    seen, token = memo.seen, plan.token

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            # The key is made here and not in a function of its own, which would cost as much again.
            parts: Any = [((s := a._spec).shape, s.dtype) if type(a) is Tensor else token(a) for a in args]
            for name, value in kwargs.items():
                parts += name, token(value)
            key = tuple(parts)
            results = seen[key]
        except LookupError:
            return memo.first(args, kwargs)
        out = function(*args, **kwargs)
        found = ((s := out._spec).shape, s.dtype) if type(out) is Tensor else memo.token(out)
        if found not in results:
            plan.recheck(args, kwargs, out)
            memo.add(key, found)
        return out

    return wrapper


class _Memo:
    """The combinations that were right: keys of arguments, with those of their results."""

    def __init__(self, plan: _Plan) -> None:
        self.plan = plan
        self.seen: dict[Any, set[Any]] = {}

    def first(self, args: Any, kwargs: Any) -> Any:
        """Call the function with everything checked."""
        self.plan.prepare(args[0] if args else None, final=True)
        # Before the call, which may change a list that it is given.
        keys = [*map(self.token, args)]
        for name, value in kwargs.items():
            keys += name, self.token(value)
        out = self.plan.call(args, kwargs)
        if None not in keys:
            self.add(tuple(keys), self.token(out))
        return out

    def token(self, value: Any) -> Any:
        """What the checks look at; None if that may be anything."""
        try:
            return self.plan.token(value)
        except _Unreadable:
            return None

    def add(self, key: Any, found: Any) -> None:
        if len(self.seen) >= _LIMIT:
            self.seen.clear()
        results = self.seen.setdefault(key, set())
        if found is not None and len(results) < _RESULTS:
            results.add(found)


class _Unreadable(LookupError):
    """A value that has to be checked each time."""


class _Item(NamedTuple):
    """A value and the hint for it, as written and as beartype takes it."""

    where: str
    hint: Any
    plain: Any
    value: Any


class _Plan:
    """How the calls of one function are checked."""

    def __init__(self, function: Any, *, context: bool = True) -> None:
        from ._core.places import Reader

        self.function = function
        self.subject = function.__qualname__.rpartition("<locals>.")[2]
        self.context = context  # whether jaxtyping has no context of its own around the call
        self.signature = inspect.signature(function)
        first = next(iter(self.signature.parameters), None)
        annotated = first in function.__annotations__ and first != "self"
        self.is_method = "." in self.subject and first is not None and not annotated
        self.owner = first if self.is_method else None
        self.names = _names_around(function)
        self.reader = Reader(self.names)
        self.hints: dict[str, Any] = {}
        self.plain: dict[str, Any] = {}
        self.ready = False
        self.looks = 0  # at what: see places.looks_at
        self._tokens: dict[type, Callable[[Any, int], Any]] = {}

    def prepare(self, owner: Any, *, final: bool, validate: bool = True) -> None:
        """Evaluate the annotations, unless that was done; before the `final` try a name may be missing."""
        if self.ready:
            return
        from ._core.places import looks_at, plain
        from ._core.signature import check_names, owned_names

        kind = owner if isinstance(owner, type) else type(owner)
        try:
            hints = self._evaluated(kind if self.is_method else None)
        except NameError as error:
            if final:
                raise NameError(f"{self.subject}: an annotation cannot be evaluated: {error}") from None
            return
        simple = {name: plain(hint) for name, hint in hints.items()}
        if validate:
            check_names(self.subject, hints, simple, owned_names(self.reader, kind) if self.is_method else set())
        self.hints, self.plain = hints, simple
        self.looks = max((looks_at(hint) for hint in simple.values()), default=0)
        self._tokens = {}  # those of before did not know where to look
        self.ready = True

    def _evaluated(self, owner: type | None) -> dict[str, Any]:
        from ._core.places import evaluated

        function = inspect.unwrap(self.function)
        holders = (*(() if owner is None else owner.__mro__[::-1]), function)
        variables = [p for holder in holders for p in getattr(holder, "__type_params__", ())]
        local = {**self.names, **{variable.__name__: variable for variable in variables}}
        found = inspect.get_annotations(function).items()
        return {name: evaluated(hint, function.__globals__, local) for name, hint in found if name != self.owner}

    def call(self, args: Any, kwargs: Any) -> Any:
        """The result of the function, everything checked."""
        binding, items = self._check_arguments(args, kwargs)
        out = self.function(*args, **kwargs)
        self._check_result(binding, items, out)
        return out

    def recheck(self, args: Any, kwargs: Any, out: Any) -> None:
        """Check a result that is new for arguments that are not."""
        if "return" in self.hints:
            self._check_result(*self._check_arguments(args, kwargs), out)

    def _check_arguments(self, args: Any, kwargs: Any) -> tuple[Binding, list[_Item]]:
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError:
            self.function(*args, **kwargs)  # Python's own message is better
            raise
        given = set(bound.arguments)
        bound.apply_defaults()
        items = list(self._items(bound.arguments))
        binding = Binding(self.subject)
        places = list(self._places_of_owner(bound.arguments))
        places += [place for item in items for place in self.reader.places(item.where, item.hint, item.value)]
        # A default may be what its annotation does not say: `x: Tensor[F32, N] = None`.
        self._check(binding, places, [item for item in items if item.where.partition("[")[0] in given])
        return binding, items

    def _items(self, arguments: dict[str, Any]) -> Iterator[_Item]:
        for name, value in arguments.items():
            if name not in self.hints:
                continue
            hint, plain = self.hints[name], self.plain[name]
            kind = self.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                yield from (_Item(f"{name}[{i}]", hint, plain, v) for i, v in enumerate(value))
            elif kind is inspect.Parameter.VAR_KEYWORD:
                yield from (_Item(key, hint, plain, v) for key, v in value.items())
            else:
                yield _Item(name, hint, plain, value)

    def _places_of_owner(self, arguments: dict[str, Any]) -> Iterator[Place]:
        if self.owner is not None:
            yield from self.reader.attributes(self.owner, arguments[self.owner], {})

    def _check_result(self, binding: Binding, items: list[_Item], out: Any) -> None:
        if "return" in self.hints:
            item = _Item(RESULT, self.hints["return"], self.plain["return"], out)
            self._check(binding, list(self.reader.places(*item[:2], out)), [*items, item])

    def _check(self, binding: Binding, places: list[Place], items: list[_Item]) -> None:
        found = self._violation(items)
        try:
            binding.match(*places)
        except (ShapeError, DTypeError) as error:
            raise (error if self.context else _passing(error)) from (found and found[1])
        if found is not None:
            _refuse(self.subject, *found)

    def _violation(self, items: list[_Item]) -> tuple[_Item, Exception] | None:
        """The first value that is not what its hint says, and how beartype puts it."""
        from jaxtyping import jaxtyped

        if not self.context:
            return _first_violation(items)
        with jaxtyped("context"):
            return _first_violation(items)

    def token(self, value: Any, depth: int = 0) -> Any:
        """What of a value the checks look at, hashable.

        Raises:
            _Unreadable: if that may be anything.
        """
        kind, tokens = type(value), self._tokens
        read = tokens.get(kind)
        if read is None:
            read = tokens[kind] = self._how_to_read(kind)
        return read(value, depth)

    def _how_to_read(self, kind: type) -> Callable[[Any, int], Any]:
        from ._core.places import EVERYTHING, VALUES

        if self.looks == EVERYTHING:
            return _unreadable
        if kind is Tensor:
            return lambda value, _: (value._spec.shape, value._spec.dtype)
        if kind in _SCALARS or issubclass(kind, Enum):
            by_value = self.looks == VALUES and kind not in (float, complex)
            return (lambda value, _: (kind, value)) if by_value else lambda *_: kind
        if issubclass(kind, type):
            return lambda value, _: (kind, value)
        if issubclass(kind, (list, tuple, dict)):
            return self._read_items
        if issubclass(kind, Iterable) or hasattr(kind, "__getitem__"):
            return _unreadable
        names = [name for name, _, _ in self.reader.fields(kind)]
        return functools.partial(self._read_fields, kind, names, 2 if hasattr(kind, "_flatten") else sys.maxsize)

    def _read_items(self, value: Any, depth: int) -> Any:
        if len(value) > _ITEMS:
            raise _Unreadable
        keys = tuple(value) if isinstance(value, dict) else None
        items = value.values() if isinstance(value, dict) else value
        return type(value), keys, *[self.token(item, depth) for item in items]

    def _read_fields(self, kind: type, names: list[str], deepest: int, value: Any, depth: int) -> Any:
        if depth >= deepest:  # no check looks at modules in modules of modules
            return kind
        fields = [getattr(value, name, None) for name in names]
        # An int may be a dimension, so that its value counts.
        return kind, *[
            ((s := x._spec).shape, s.dtype) if type(x) is Tensor else x if type(x) is int else self.token(x, depth + 1)
            for x in fields
        ]


def _unreadable(*_: Any) -> NoReturn:
    raise _Unreadable


def _names_around(function: Any) -> dict[str, Any]:
    """Types and modules among the local names of the functions around one: its annotations may be texts of those."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals is globals():
        frame = frame.f_back
    names: dict[str, Any] = {}
    while frame is not None and frame.f_locals is not frame.f_globals is function.__globals__:
        names = {**{name: value for name, value in frame.f_locals.items() if _is_type(value)}, **names}
        frame = frame.f_back
    return names


def _is_type(value: Any) -> bool:
    return isinstance(value, (type, ModuleType)) or type(value).__module__ in ("typing", "types", "typing_extensions")


def _first_violation(items: list[_Item]) -> tuple[_Item, Exception] | None:
    from beartype import BeartypeConf
    from beartype.door import die_if_unbearable
    from beartype.roar import BeartypeCallHintViolation, BeartypeException

    conf = BeartypeConf(is_pep484_tower=True)  # an int is a float, as type checkers have it
    for item in items:
        try:
            die_if_unbearable(item.value, item.plain, conf=conf)
        except BeartypeCallHintViolation as error:
            return item, error
        except BeartypeException:  # a hint that beartype does not know
            continue
    return None


def _passing(error: Exception) -> Exception:
    """The same error as one that jaxtyping hands on: it puts others into a TypeCheckError, sometimes without text."""
    from jaxtyping import AnnotationError

    kind = ShapeError if isinstance(error, ShapeError) else DTypeError
    return type(kind.__name__, (kind, AnnotationError), {"__module__": kind.__module__})(*error.args)  # type: ignore[no-any-return]


def _refuse(subject: str, item: _Item, cause: Exception) -> NoReturn:
    """Raise what a value that is not of its type deserves."""
    from ._core.places import UNIONS
    from ._core.signature import tensor_hints

    value, wanted = item.value, [hint.declared for hint in tensor_hints(item.plain)]
    alone = get_origin(item.plain) in (None, *UNIONS)
    text = f"{subject}: {item.where} is {_shown(value)}, not {_shown_hint(item.hint)}"
    if alone and wanted and is_tensor(value):
        raise (ShapeError if any(_has_dtype(value, declared) for declared in wanted) else DTypeError)(text) from cause
    if alone and wanted and hasattr(value, "__array_interface__"):
        text += f": write st.from_numpy({item.where})"
    raise TypeError(text) from cause


def _has_dtype(value: Any, declared: Declared) -> bool:
    try:
        Binding("").match(Found("", declared, None, value.dtype))
    except DTypeError:
        return False
    return True


def _shown(value: Any) -> str:
    if is_tensor(value):
        return f"Tensor[{', '.join([value.dtype.__name__, *map(str, value.shape)])}]"
    if isinstance(value, (list, tuple)) and len(value) <= 4:
        items = ", ".join(map(_shown, value))
        return f"({items}{',' * (len(value) == 1)})" if isinstance(value, tuple) else f"[{items}]"
    if value is None or isinstance(value, (int, float, str)):
        return repr(value) if len(repr(value)) < 40 else f"a {type(value).__name__}"
    kind = type(value)
    return f"a {kind.__qualname__}" if kind.__module__ == "builtins" else f"a {kind.__module__}.{kind.__qualname__}"


def _shown_hint(hint: Any) -> str:
    if isinstance(hint, type) and not hint.__module__.startswith("shapetensor"):
        return hint.__qualname__
    return re.sub(r"\b(\w+\.)+(?=\w)|~", "", repr(hint))
