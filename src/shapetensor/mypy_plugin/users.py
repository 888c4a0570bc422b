"""Calls of users' functions: their annotations are matched with the arguments before mypy infers anything.

The matching is the run time's own (_core/binding.py). What it finds is put into the signature, so that mypy checks
plain sizes; a mismatch is reported here, with both shapes, and not a second time by mypy.
"""

from __future__ import annotations

from itertools import islice, product
from typing import Any, NamedTuple

from mypy.expandtype import expand_type
from mypy.nodes import ARG_STAR, ARG_STAR2, CallExpr, Context, Expression
from mypy.typeops import make_simplified_union
from mypy.types import (
    CallableType,
    Instance,
    LiteralType,
    TupleType,
    Type,
    TypeAliasType,
    TypeTranslator,
    TypeVarId,
    TypeVarTupleType,
    UnionType,
    UnpackType,
    get_proper_type,
)

from .._core.binding import Binding, Declared, Found, Place, Size, lone_atom
from .._core.dims import UNKNOWN, Atom, Poly
from .._core.doubt import Undecidable
from .._core.errors import DTypeError, ShapeError
from .definitions import Callee
from .layers import Caller
from .lift import Lift
from .mistakes import SHAPE
from .signatures import without_shapes
from .types import Types, Variable, is_size, is_sizes, is_tensor, mentions
from .worlds import World

_MOST_UNIONS = 16


class _Given(NamedTuple):
    """An argument: of which parameter, what is found there, and its expression."""

    parameter: int
    place: Place
    expression: Expression


class Users:
    """The signature hook for functions that are not the library's."""

    def __init__(self, types: Types) -> None:
        self._types = types

    def solved(self, ctx: Any, callee: Callee, caller: Caller) -> CallableType:
        """The signature with what the arguments say of its variables put in.

        Of a Union among the arguments each member is tried, and must fit.
        """
        signature: CallableType = ctx.default_signature
        if not any(mentions(t) for t in signature.arg_types):
            return signature
        found: list[CallableType] = []
        for given in self._ways(signature, ctx, callee, caller):
            binding = self._outer(signature, callee)
            try:
                self._match(binding, [g.place for g in given])
            except (ShapeError, DTypeError) as error:
                if callee.overloaded:
                    return signature
                return self._reported(signature, ctx, str(error), self._culprit(signature, callee, given))
            found.append(self._filled(signature, binding, given))
        return found[0] if len(found) == 1 else _united(found)

    def _reported(self, signature: CallableType, ctx: Any, text: str, where: Expression) -> CallableType:
        """The signature that takes anything, and a result of which nothing is known: one mistake, one message."""
        ctx.api.fail(text, where, code=SHAPE)
        signature = without_shapes(self._types, signature)
        if not is_tensor(signature.ret_type):
            return signature
        return signature.copy_modified(ret_type=self._types.any_tensor())

    def _match(self, binding: Binding, places: list[Place]) -> None:
        """Match; named axes are those of the caller where the caller has them."""
        for place in places:
            for atom in filter(_named, _atoms(place.shape if isinstance(place, Found) else (place.value,))):
                binding.dims[atom] = Poly.of(atom), "its name"
        trial = binding.copy()
        trial.match(*places)
        for atom, (value, _) in trial.dims.items():
            other = lone_atom(value)
            if _named(atom) and other is not None and _named(other) and other != atom:
                binding.dims[atom] = Poly.of(atom), "its name"
        binding.match(*places)

    def _outer(self, signature: CallableType, callee: Callee) -> Binding:
        """A binding that knows the variables of the class around: they are not the call's to choose."""
        own = {v.id for v in signature.variables}
        binding = Binding(callee.name)
        for t in filter(is_tensor, map(get_proper_type, signature.arg_types)):
            assert isinstance(t, Instance)
            for atom in self._types.declared(t).atoms():
                if isinstance(atom.key, Variable) and atom.key.type.id not in own:
                    binding.dims[atom] = Poly.of(atom), "the class"
        return binding

    def _ways(self, signature: CallableType, ctx: Any, callee: Callee, caller: Caller) -> list[list[_Given]]:
        """The arguments that say something of shapes, once for each choice of the members of Unions."""
        options: list[list[_Given]] = []
        unpacked = _unpacked(ctx.context)
        names = callee.parameters or signature.arg_names
        formals = zip(signature.arg_types, signature.arg_kinds, ctx.args, strict=True)
        for i, (t, kind, expressions) in enumerate(formals):
            several = kind in (ARG_STAR, ARG_STAR2)
            name = (names[i] if i < len(names) else None) or f"argument {i + 1}"
            for j, e in enumerate(expressions):
                if e in unpacked:
                    continue
                where = f"{name}[{j}]" if several else name
                if is_size(t) or is_sizes(t):
                    places: list[Place | None] = [self._sizes(where, get_proper_type(t), e, caller)]
                else:
                    places = [self._found(where, t, actual) for actual in _members(caller.type_of(e))]
                options.append([_Given(i, place, e) for place in places if place is not None])
        return [list(way) for way in islice(product(*filter(None, options)), _MOST_UNIONS)]

    def _found(self, name: str, formal: Type, actual: Type) -> Found | None:
        formal = _tensor_in(formal)
        if isinstance(formal, Instance) and is_tensor(formal) and isinstance(actual, Instance) and is_tensor(actual):
            sizes, dtype = self._types.sizes(list(actual.args[1:])), self._types.known_dtype(actual)
            return Found(name, self._types.declared(formal), sizes, dtype)
        return None

    def _sizes(self, name: str, formal: Type, e: Expression, caller: Caller) -> Place | None:
        """A parameter that is a size, `n: N`, or all of them, `shape: tuple[*S]`."""
        try:
            value = Lift(self._types, World({}), caller).value(None, e, name, "size")
        except Undecidable:
            return None
        if isinstance(formal, TupleType):
            known = isinstance(value, tuple) and all(map(_is_int, value))
            return Found(name, Declared(None, self._types.sizes(formal.items)), value, None) if known else None
        return Size(name, self._types.dim(formal), value) if _is_int(value) and value is not UNKNOWN else None

    def _culprit(self, signature: CallableType, callee: Callee, given: list[_Given]) -> Expression:
        """The first argument that does not fit those before it."""
        for i in range(len(given)):
            try:
                self._match(self._outer(signature, callee), [g.place for g in given[: i + 1]])
            except (ShapeError, DTypeError):
                return given[i].expression
        return given[-1].expression

    def _filled(self, signature: CallableType, binding: Binding, given: list[_Given]) -> CallableType:
        own = {v.id for v in signature.variables}
        found: dict[TypeVarId, Type] = {}
        names: dict[str, Type] = {}
        for atom, (value, _) in binding.dims.items():
            if isinstance(atom.key, Variable) and atom.key.type.id in own:
                found[atom.key.type.id] = self._types.of_dim(value)
            elif _named(atom):
                names[atom.name] = self._types.of_dim(value)
        for star, (axes, _) in binding.stars.items():
            variable = star.key.type if isinstance(star.key, Variable) else None
            if isinstance(variable, TypeVarTupleType) and variable.id in own:
                found[variable.id] = TupleType(list(map(self._types.of_dim, axes)), variable.tuple_fallback)
        filled = expand_type(signature, found)
        assert isinstance(filled, CallableType)
        put = _PutIn(names)
        formals = zip(signature.arg_types, filled.arg_types, strict=True)
        known = {g.parameter: g.place for g in given}
        return filled.copy_modified(
            variables=[v for v in signature.variables if v.id not in found],
            arg_types=[
                self._without_unknown(self._formal(before, after.accept(put), found), known.get(i))
                for i, (before, after) in enumerate(formals)
            ],
            ret_type=self._types.normalise(filled.ret_type.accept(put)),
        )

    def _without_unknown(self, formal: Type, place: Place | None) -> Type:
        """The parameter without sizes that the argument does not say: mypy would compare them with its `int`."""
        if not isinstance(formal, Instance) or not is_tensor(formal) or not isinstance(place, Found):
            return formal
        sizes = list(formal.args[1:])
        if place.shape is None or len(place.shape) != len(sizes):
            return formal
        pairs = zip(sizes, place.shape, strict=True)
        return formal.copy_modified(
            args=[formal.args[0], *(self._types.any_type() if n is UNKNOWN else size for size, n in pairs)]
        )

    def _formal(self, before: Type, after: Type, found: dict[TypeVarId, Type]) -> Type:
        """A parameter with its sizes put in; one that is a size itself has been matched, and takes any int."""
        plain = self._types.instance("builtins.int")
        if is_size(before) and self._types.is_own(before, found):
            return plain
        tuple_ = get_proper_type(before)
        if isinstance(tuple_, TupleType) and is_sizes(tuple_) and _star_of(tuple_) in found:
            return self._types.instance("builtins.tuple", plain)
        return self._types.normalise(after)


def _star_of(t: TupleType) -> TypeVarId | None:
    """The variable of `tuple[*S]`."""
    item = t.items[0] if len(t.items) == 1 else None
    inner = get_proper_type(item.type) if isinstance(item, UnpackType) else None
    return inner.id if isinstance(inner, TypeVarTupleType) else None


def _united(signatures: list[CallableType]) -> CallableType:
    """One signature for all members of a Union."""
    arguments = zip(*(s.arg_types for s in signatures), strict=True)
    return signatures[0].copy_modified(
        arg_types=[make_simplified_union(list(types)) for types in arguments],
        ret_type=make_simplified_union([s.ret_type for s in signatures]),
    )


def _members(t: Type) -> list[Type]:
    """The members of a Union, or the type alone."""
    p = get_proper_type(t)
    return [get_proper_type(item) for item in p.items] if isinstance(p, UnionType) else [p]


def _tensor_in(t: Type) -> Type:
    """The one tensor in an Optional, any other type as it is."""
    tensors = [item for item in _members(t) if is_tensor(item)]
    return get_proper_type(tensors[0] if len(tensors) == 1 else t)


def _unpacked(call: Context) -> list[Expression]:
    """The arguments with a star, of which nobody knows what parameters they are for."""
    if not isinstance(call, CallExpr):
        return []
    return [e for e, kind in zip(call.args, call.arg_kinds, strict=True) if kind in (ARG_STAR, ARG_STAR2)]


def _is_int(value: Any) -> bool:
    return type(value) is int or isinstance(value, Poly)


def _named(atom: Atom) -> bool:
    return isinstance(atom.key, str)


def _atoms(axes: Any) -> set[Atom]:
    return {atom for axis in axes or () if isinstance(axis, Poly) for atom in axis.atoms()}


class _PutIn(TypeTranslator):
    """Named axes replaced by what they are in one call."""

    def __init__(self, names: dict[str, Type]) -> None:
        super().__init__()
        self._names = names

    def visit_literal_type(self, t: LiteralType, /) -> Type:
        return self._names.get(t.value, t) if isinstance(t.value, str) else t

    def visit_type_alias_type(self, t: TypeAliasType, /) -> Type:
        return t if t.is_recursive else get_proper_type(t).accept(self)
