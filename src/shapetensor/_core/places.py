"""Where tensors are in the values of a call, and what the annotations say of them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    Protocol,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from .binding import Binding, Declared, Found, Place, Size, Star
from .dims import UNKNOWN
from .dtypes import DType
from .errors import DTypeError, ShapeError
from .hints import (
    Scope,
    TensorHint,
    declared_of,
    dim_of,
    hint_of,
    is_dimension,
    parameter_names,
    scope_of,
    substitute,
    substitute_dim,
)
from .pytree import is_tensor

Fields = tuple[tuple[str, Any, Scope], ...]
UNIONS = (Union, UnionType)
_EVERYTHING: Scope = {}
_DEPTH = 1  # modules within modules whose fields are looked at


class Reader:
    """Finds the places of values; `names` are what annotations may use besides the globals of their modules."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names
        self._fields: dict[type, Fields] = {}

    def places(self, where: str, hint: Any, value: Any, scope: Scope = _EVERYTHING, depth: int = 0) -> Iterator[Place]:
        """The tensors in a value, and the ints that are dimensions, with what the hint says of them."""
        declared = declared_of(hint)
        origin, args = get_origin(hint), get_args(hint)
        if declared is not None:
            if is_tensor(value):
                yield Found(where, substitute(declared, scope), value.shape, value.dtype)
        elif isinstance(hint, TypeVar):
            if is_dimension(hint) and type(value) is int:
                yield Size(where, substitute_dim(dim_of(hint, []), scope), value)
        elif is_alias(hint):
            yield from self.places(where, aliased(hint), value, inner_scope(hint, scope), depth)
        elif origin in UNIONS:
            yield from self._one_of(where, args, value, scope, depth)
        elif origin is Annotated:
            yield from self.places(where, args[0], value, scope, depth)
        elif isinstance(value, (list, tuple, dict)) and not hasattr(value, "_fields"):
            for part, kind, item in _items(where, origin, args, value):
                yield from self.places(part, kind, item, scope, depth)
        elif _is(value, origin or hint) and (_has_data(value) or (is_module(value) and args and depth < _DEPTH)):
            yield from self.attributes(where, value, inner_scope(hint, scope), depth + 1)

    def attributes(self, where: str, value: Any, scope: Scope, depth: int = 0) -> Iterator[Place]:
        """The places in the annotated attributes of a value; what is not assigned yet is left out."""
        for name, hint, own in self.fields(type(value)):
            attribute = getattr(value, name, None)
            if attribute is not None:
                yield from self.places(f"{where}.{name}", hint, attribute, joined(own, scope), depth)

    def fields(self, cls: type) -> Fields:
        """Annotated attributes of a class that may hold tensors or dimensions: name, hint, and what the variables in
        the hint are in terms of the class's own."""
        found = self._fields.get(cls)
        if found is None:
            found = self._fields[cls] = tuple(self._find(cls))
        return found

    def _find(self, cls: type) -> Iterator[tuple[str, Any, Scope]]:
        scopes = _scopes(cls, _EVERYTHING)
        found: dict[str, tuple[str, Any, Scope]] = {}
        for klass in reversed(cls.__mro__):
            if klass.__module__.partition(".")[0] in ("builtins", "typing", "abc"):
                continue
            names = {**self.names, **{p.__name__: p for p in getattr(klass, "__type_params__", ())}}
            for name, annotation in own_annotations(klass).items():
                found.pop(name, None)
                try:
                    hint = evaluated(annotation, _globals_of(klass), {**vars(klass), **names})
                except NameError:  # imported for type checkers only
                    continue
                if _may_hold(hint):
                    found[name] = name, hint, scopes.get(klass, _EVERYTHING)
        return iter(found.values())

    def _one_of(self, where: str, args: tuple[Any, ...], value: Any, scope: Scope, depth: int) -> Iterator[Place]:
        """The places by the one member of a union that the value fits; none where several do."""
        found = [places for places in (list(self.places(where, arg, value, scope, depth)) for arg in args) if places]
        if len(found) > 1:
            found = [places for places in found if _fits(places)]
        if len(found) == 1:
            yield from found[0]


def _fits(places: list[Place]) -> bool:
    try:
        Binding("").match(*places)
    except (ShapeError, DTypeError):
        return False
    return True


def _items(where: str, origin: Any, args: tuple[Any, ...], value: Any) -> Iterator[tuple[str, Any, Any]]:
    """The items of a container, with the hints for them."""
    if isinstance(value, dict):
        if len(args) == 2:
            for key, item in value.items():
                yield f"{where}[{key!r}]", args[1], item
        return
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        hints = list(args) if len(args) == len(value) else []
    else:
        hints = [args[0]] * len(value) if args and isinstance(origin, type) else []
    for place, (hint, item) in enumerate(zip(hints, value, strict=False)):
        yield f"{where}[{place}]", hint, item


def _may_hold(hint: Any) -> bool:
    """Whether something is bound where a value is declared to be this."""
    if isinstance(hint, type) and not isinstance(hint, TensorHint):
        return hint.__module__ != "builtins" and not hasattr(hint, "_flatten")
    if get_origin(hint) in UNIONS:
        return any(_may_hold(arg) for arg in get_args(hint))
    return get_origin(hint) not in (ClassVar, Literal, Callable)


def _is(value: Any, kind: Any) -> bool:
    return kind is Any or not isinstance(kind, type) or kind in type(value).__mro__


def _has_data(value: Any) -> bool:
    """Whether it is a dataclass or a NamedTuple: their fields are looked at without arguments too."""
    kind = type(value)
    return (hasattr(kind, "__dataclass_fields__") or hasattr(kind, "_fields")) and not is_module(value)


def is_module(value: Any) -> bool:
    """Whether it is a module; they say themselves what their parts are."""
    return hasattr(type(value), "_flatten")


def is_alias(hint: Any) -> bool:
    """Whether it is a `type` statement's, with arguments or without."""
    return hasattr(get_origin(hint) or hint, "__value__") and not isinstance(hint, type)


def aliased(hint: Any) -> Any:
    """What a `type` statement says."""
    return (get_origin(hint) or hint).__value__


def inner_scope(hint: Any, outer: Scope) -> Scope:
    """What the variables of a generic class or alias stand for where it is given the arguments of this hint."""
    generic = get_origin(hint) or hint
    parameters = getattr(generic, "__type_params__", ()) if is_alias(hint) else ()
    parameters = parameters or getattr(generic, "__parameters__", ())
    scope = scope_of(parameter_names(parameters), get_args(hint)) if get_args(hint) else None
    return unknown(parameters) if scope is None else joined(scope, outer)


def unknown(parameters: Any) -> Scope:
    """Variables that stand for anything."""
    return {parameter.__name__: _anything(parameter) for parameter in parameters}


def _anything(parameter: Any) -> Any:
    bound = getattr(parameter, "__bound__", None)
    if isinstance(bound, type) and issubclass(bound, DType):
        return None
    return (UNKNOWN,) if isinstance(parameter, TypeVar) else (Star(),)


def joined(inner: Scope, outer: Scope) -> Scope:
    """The scope that puts in `inner` first, then `outer`."""
    if not inner or not outer:
        return inner or outer
    return {name: _put(value, outer) for name, value in inner.items()}


def _put(value: Any, outer: Scope) -> Any:
    if isinstance(value, tuple):
        return substitute(Declared(None, value), outer).dims
    return substitute(Declared(value, ()), outer).dtype


def _scopes(cls: type, scope: Scope) -> dict[type, Scope]:
    """For each generic base class, what its variables are in terms of those of the class."""
    found = {cls: scope}
    for base in vars(cls).get("__orig_bases__", cls.__bases__):
        origin = get_origin(base) or base
        if isinstance(origin, type) and origin not in (Generic, Protocol, object):
            generic = getattr(origin, "__parameters__", ())
            found |= _scopes(origin, inner_scope(base, scope) if generic else _EVERYTHING)
    return found


def _globals_of(cls: type) -> dict[str, Any]:
    module = sys.modules.get(cls.__module__)  # not there for code that was executed from a text
    return {} if module is None else vars(module)


def own_annotations(cls: type) -> dict[str, Any]:
    """The annotations of a class without those of its bases; none where they cannot be computed."""
    try:
        return inspect.get_annotations(cls)
    except NameError:
        return {}


def evaluated(annotation: Any, names: dict[str, Any], local: Mapping[str, Any]) -> Any:
    """An annotation, or its text, as a hint.

    Raises:
        NameError: if it uses a name that is not there, or not there yet.
    """
    holder = type("_", (), {"__annotations__": {"it": annotation}})
    return get_type_hints(holder, names, dict(local), include_extras=True)["it"]


def plain(hint: Any, scope: Scope = _EVERYTHING, inside: tuple[Any, ...] = ()) -> Any:
    """A hint as beartype understands it: generic classes without arguments, aliases spelled out.

    An alias inside of itself is anything.
    """
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(hint, TensorHint):
        return hint_of(hint.array_type, substitute(hint.declared, scope), hint.parameters) if scope else hint
    if hint is Self or hint is Any:
        return Any
    if is_alias(hint):
        alias = origin or hint
        return Any if alias in inside else plain(aliased(hint), inner_scope(hint, scope), (*inside, alias))
    if origin is None or origin is Literal or origin is type:
        return hint
    if origin is Annotated:
        return Annotated[(plain(args[0], scope, inside), *hint.__metadata__)]
    if origin in UNIONS:
        return Union[tuple(plain(arg, scope, inside) for arg in args)]  # noqa: UP007
    if not _is_container(origin):
        return origin
    return origin[tuple(arg if arg is Ellipsis else plain(arg, scope, inside) for arg in args)] if args else hint


def _is_container(origin: Any) -> bool:
    return origin.__module__ in ("builtins", "collections", "collections.abc") and origin is not Callable


TYPES, VALUES, EVERYTHING = range(3)  # how much of a value decides whether it fits a hint
_BY_TYPE = (type.__instancecheck__, type(Mapping).__instancecheck__)


def looks_at(hint: Any) -> int:
    """What of a value decides whether it fits a plain hint: types and the tensors in containers, values of ints and
    texts, or more than that."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in (Any, None) or declared_of(hint) is not None:
        return TYPES
    if isinstance(hint, TypeVar):
        if is_dimension(hint):
            return VALUES
        return max((looks_at(kind) for kind in (*hint.__constraints__, hint.__bound__)), default=TYPES)
    if origin in (Literal, type):
        return VALUES
    if origin in UNIONS or (isinstance(origin, type) and _is_container(origin)):
        return max((looks_at(arg) for arg in args if arg is not Ellipsis), default=TYPES)
    if isinstance(hint, type) and not getattr(hint, "_is_protocol", False):
        # A metaclass with its own test may look at anything.
        return TYPES if type(hint).__instancecheck__ in _BY_TYPE else EVERYTHING
    return EVERYTHING
