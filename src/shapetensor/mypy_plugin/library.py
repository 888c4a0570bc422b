"""Running the library itself on what mypy knows of the arguments: there is no second table of shape rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from mypy.nodes import Expression, TypeInfo
from mypy.typeops import make_simplified_union
from mypy.types import Instance, Type, UnionType, get_proper_type

from .._core.abstract import ABSTRACT
from .._core.device import activate
from .._core.dims import UNKNOWN, Poly
from .._core.doubt import Undecidable
from .._core.errors import DTypeError, ShapeError
from .._core.paths import explore
from .calls import Argument
from .layers import Caller, instance_of, layer
from .lift import Lift
from .lower import Lower
from .memo import Call, Memo
from .mistakes import following
from .types import TENSOR, Types, is_tensor
from .worlds import Result, World, goes_somewhere, in_all_worlds

_FUNCTIONS = ("shapetensor.functions.", "shapetensor.losses.", "shapetensor.random.", "shapetensor.nn.init.")
_MIXINS = tuple(
    f"shapetensor.methods.{family}."
    for family in ("base", "elementwise", "special", "reduce", "linalg", "movement", "index")
)
_OTHERS = frozenset({f"{TENSOR}.traced"})  # methods of other families
MISTAKES = (ShapeError, DTypeError, IndexError, ValueError, OverflowError)


@cache
def function(fullname: str) -> Any:
    """The library's function or class of this name, None where it is none that can be run."""
    if fullname.startswith(_FUNCTIONS):
        module, _, name = fullname.rpartition(".")
        try:
            return getattr(import_module(module), name, None)
        except Exception:  # the library itself is being changed: mypy says what is wrong with it
            return None
    return None


@cache
def method(fullname: str) -> Any:
    """The method of Tensor of this name, if it can be run."""
    owner, _, name = fullname.rpartition(".")
    if owner != TENSOR:
        return None
    found = inspect.getattr_static(_tensor_class(), name, None)
    home = getattr(found, "__module__", "") + "."
    return found if home.startswith(_MIXINS) or fullname in _OTHERS else None


@cache
def attribute(fullname: str) -> str | None:
    """The name of the property of Tensor, if it can be run."""
    if not fullname.startswith(_MIXINS):
        return None
    name = fullname.rpartition(".")[2]
    return name if isinstance(inspect.getattr_static(_tensor_class(), name, None), property) else None


def _tensor_class() -> Any:
    from ..tensor import Tensor

    return Tensor


class Library:
    """Runs functions of the library for one call that mypy checks."""

    def __init__(self, types: Types) -> None:
        self.types, self._lower = types, Lower(types)
        self._memo = Memo()

    def run(self, call: Callable[..., Any], arguments: list[Argument], caller: Caller, default: Type) -> Type:
        """The type of the result; of a Union among the arguments each member is tried, and must fit.

        Modules in the result have the type that they have in `default`.

        Raises:
            Undecidable: if too little is known, or the code cannot be followed.
            ShapeError, DTypeError, IndexError: what the run time would raise.
        """
        found = [self._result(call, each, caller, default) for each in _members(arguments)]
        return found[0] if len(found) == 1 else make_simplified_union(found)

    def _result(self, call: Callable[..., Any], arguments: list[Argument], caller: Caller, default: Type) -> Type:
        this = self._remembered(call, arguments, caller, default)
        known = None if this is None else self._memo.get(this)
        if known is not None:
            return self.types.normalise(known)
        results = self._run(call, arguments, caller)
        with following():
            found = self._lower.type_of(results, default)
        if this is not None and not any(r.world.asks_mypy for r in results):
            self._memo.put(this, found)
        return found

    def _remembered(self, call: Any, arguments: list[Argument], caller: Caller, default: Type) -> Call | None:
        """The call as it is remembered, if its result depends on types and on values that are no symbols alone."""
        scratch = World({})
        lift, this = Lift(self.types, scratch, caller), Call(call, default)
        try:
            for a in arguments:
                made_of_type = _is_made_of_type(a.type)
                value = a.type if made_of_type else _exact(lift.value(a.type, a.expression, a.name, a.kind))
                this.add((a.name, a.keyword), value)
            hash(this.key())
        except (Undecidable, TypeError):
            return None
        return None if scratch.options or scratch.asks_mypy else this

    def _run(self, call: Callable[..., Any], arguments: list[Argument], caller: Caller) -> list[Result]:
        return in_all_worlds(self._in_world(call, arguments, caller))

    def _in_world(
        self, call: Callable[..., Any], arguments: list[Argument], caller: Caller
    ) -> Callable[[World], list[Any]]:
        def run(world: World) -> list[Any]:
            lift = Lift(self.types, world, caller)
            with following():
                values = [lift.value(a.type, a.expression, a.name, a.kind) for a in arguments]
            positional = [v for a, v in zip(arguments, values, strict=True) if not a.keyword]
            named = {a.name: v for a, v in zip(arguments, values, strict=True) if a.keyword}
            with activate(ABSTRACT):
                return explore(lambda: call(*positional, **named))

        return run

    def make(self, kind: Any, info: TypeInfo, arguments: list[Argument], caller: Caller) -> Type | None:
        """The type of a layer made with these arguments; None where its type does not depend on them.

        Raises:
            Undecidable, ShapeError, DTypeError: as `run`.
        """
        results = self._run(kind, arguments, caller)
        with following():
            return instance_of(self.types, info, results)

    def culprit(self, call: Callable[..., Any], arguments: list[Argument], caller: Caller) -> Expression | None:
        """The argument to underline: the last of several tensors that could be another, else the last of all."""
        written = [a for a in arguments if a.expression is not None]
        tensors = [a for a in written if is_tensor(a.type)]
        options = [a for a in written if not is_tensor(a.type)]
        if sum(is_tensor(a.type) for a in arguments) > 1:
            for suspect in reversed(tensors):
                anything = suspect._replace(type=self.types.any_tensor(), expression=None)
                others = [anything if a is suspect else a for a in arguments]
                if goes_somewhere(self._in_world(call, others, caller)):
                    return suspect.expression
        return (options or written)[-1].expression if written else None


def _exact(value: Any) -> Any:
    """The value with its type, since 1, 1.0 and True are equal.

    Raises:
        Undecidable: for one with symbols, which stand for other things in other functions.
    """
    if isinstance(value, (tuple, list)):
        return type(value), tuple(map(_exact, value))
    if isinstance(value, Poly) and value is not UNKNOWN:
        raise Undecidable
    return type(value), value


def _is_made_of_type(t: Type) -> bool:
    p = get_proper_type(t)
    return isinstance(p, Instance) and (is_tensor(p) or layer(p.type.fullname) is not None)


def _members(arguments: list[Argument]) -> Iterator[list[Argument]]:
    """The arguments with each Union replaced by its members, one after the other."""
    for i, argument in enumerate(arguments):
        union = get_proper_type(argument.type)
        if isinstance(union, UnionType):
            for item in union.items:
                yield from _members(
                    [*arguments[:i], argument._replace(type=item, expression=None), *arguments[i + 1 :]]
                )
            return
    yield arguments
