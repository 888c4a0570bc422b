"""Running the library itself on what mypy knows of the arguments: there is no second table of shape rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from mypy.nodes import Expression, TypeInfo
from mypy.typeops import make_simplified_union
from mypy.types import Type, UnionType, get_proper_type

from .._core.abstract import ABSTRACT
from .._core.device import activate
from .._core.errors import DTypeError, ShapeError
from .._core.paths import explore
from .calls import Argument
from .layers import Caller, instance_of
from .lift import Lift
from .lower import Lower
from .types import TENSOR, Types, is_tensor
from .worlds import Result, World, in_all_worlds

_FUNCTIONS = ("shapetensor.functions.", "shapetensor.losses.", "shapetensor.random.", "shapetensor.nn.init.")
_MIXINS = tuple(
    f"shapetensor.methods.{family}."
    for family in ("base", "elementwise", "special", "reduce", "linalg", "movement", "index")
)
MISTAKES = (ShapeError, DTypeError, IndexError)


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
    return found if home.startswith(_MIXINS) else None


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

    def run(self, call: Callable[..., Any], arguments: list[Argument], caller: Caller, default: Type) -> Type:
        """The type of the result; of a Union among the arguments each member is tried, and must fit.

        Modules in the result have the type that they have in `default`.

        Raises:
            Undecidable: if too little is known, or the code cannot be followed.
            ShapeError, DTypeError, IndexError: what the run time would raise.
        """
        found = [self._lower.type_of(self._run(call, each, caller), default) for each in _members(arguments)]
        return found[0] if len(found) == 1 else make_simplified_union(found)

    def _run(self, call: Callable[..., Any], arguments: list[Argument], caller: Caller) -> list[Result]:
        def in_world(world: World) -> list[Any]:
            lift = Lift(self.types, world, caller)
            values = [lift.value(a.type, a.expression, a.name, a.kind) for a in arguments]
            positional = [v for a, v in zip(arguments, values, strict=True) if not a.keyword]
            named = {a.name: v for a, v in zip(arguments, values, strict=True) if a.keyword}
            with activate(ABSTRACT):
                return explore(lambda: call(*positional, **named))

        return in_all_worlds(in_world)

    def make(self, kind: Any, info: TypeInfo, arguments: list[Argument], caller: Caller) -> Type | None:
        """The type of a layer made with these arguments; None where its type does not depend on them.

        Raises:
            Undecidable, ShapeError, DTypeError: as `run`.
        """
        return instance_of(self.types, info, self._run(kind, arguments, caller))

    def culprit(self, call: Callable[..., Any], arguments: list[Argument], caller: Caller) -> Expression | None:
        """The argument to underline: the last of several tensors that could be another, else the last of all."""
        written = [a for a in arguments if a.expression is not None]
        tensors = [a for a in written if is_tensor(a.type)]
        options = [a for a in written if not is_tensor(a.type)]
        if sum(is_tensor(a.type) for a in arguments) > 1:
            for suspect in reversed(tensors):
                anything = suspect._replace(type=self.types.any_tensor(), expression=None)
                if not self._fails(call, [anything if a is suspect else a for a in arguments], caller):
                    return suspect.expression
        return (options or written)[-1].expression if written else None

    def _fails(self, call: Any, arguments: list[Argument], caller: Caller) -> bool:
        try:
            self._run(call, arguments, caller)
        except MISTAKES:
            return True
        except Exception:
            return False
        return False


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
