"""From what mypy knows of an argument to a value with which the library can be run."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from mypy.nodes import (
    CallExpr,
    EllipsisExpr,
    Expression,
    FloatExpr,
    IndexExpr,
    IntExpr,
    ListExpr,
    MemberExpr,
    NameExpr,
    OpExpr,
    RefExpr,
    SliceExpr,
    StarExpr,
    TupleExpr,
    UnaryExpr,
)
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    LiteralType,
    NoneType,
    TupleType,
    Type,
    TypeVarType,
    UnionType,
    UnpackType,
    get_proper_type,
)

from .._core.abstract import abstract_tensor
from .._core.binding import Star
from .._core.dims import UNKNOWN, Atom, Dim, Poly, product, simplify
from .._core.doubt import Undecidable, asking
from .._core.dtypes import DTYPES, AnyDType, DType
from .layers import Caller, UserLayer, fields, layer
from .lower import Lower
from .types import DTYPE_CLASSES, Types, Variable, is_tensor
from .worlds import MOST_AXES, Axis, Choice, Result, World

_RANKS, _HIGHER_RANKS = (1, 2, 3, 0), tuple(range(4, MOST_AXES + 1))  # of `*S`; the error shown is that of the first
_NUMBERS: dict[str, tuple[Any, ...]] = {  # what stands for a number that is not known; a float may be an int
    "builtins.float": (0.7, 3),
    "builtins.int": (3, True),
    "builtins.bool": (True,),
}
# What fields of layers hold besides sizes and numbers.
_FIELDS = {"layers": "layer", "inner": "layer"}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
}
_NOT_A_SIZE: Any = object()


class Lift:
    """Makes values of types and expressions in one world."""

    def __init__(self, types: Types, world: World, caller: Caller) -> None:
        self.types, self.world, self._caller = types, world, caller
        self._past: list[Expression] = []  # definitions that are being read: they were checked before the call

    def value(self, t: Type | None, e: Expression | None, place: str, kind: str) -> Any:
        """The value of an argument.

        Args:
            t: its type; None: that of the expression.
            e: the expression, which knows more than the type of sizes, slices and lists.
            place: where it stands, to tell unknowns apart.
            kind: what an unknown number counts as: "size", "number", or "" where it must be known; "data" is anything
                that a tensor can be made of.

        Raises:
            Undecidable: if too little is known.
        """
        if kind == "data":
            return self._data(t, e, place)
        written = _NOT_A_SIZE if t is not None and is_tensor(t) else self._written(e, place, kind)
        if written is not _NOT_A_SIZE:
            return written
        return self._of_type(self._type_of(e) if t is None and e is not None else t, place, kind)

    def _type_of(self, e: Expression) -> Type:
        return self._caller.recorded(e) if self._past else self._caller.type_of(e)

    # --- what is written ----------------------------------------------------------------------------------------------

    def _written(self, e: Expression | None, place: str, kind: str) -> Any:
        """The value of a literal, a size or a tuple of sizes as it is written; `_NOT_A_SIZE` for anything else."""
        if isinstance(e, (TupleExpr, ListExpr)):
            return self._items(e, place, kind)
        if isinstance(e, SliceExpr):
            parts = (e.begin_index, e.end_index, e.stride)
            return slice(*(None if p is None else self.value(None, p, place, "size") for p in parts))
        if isinstance(e, EllipsisExpr):
            return Ellipsis
        if isinstance(e, (IntExpr, FloatExpr)):
            return e.value
        if isinstance(e, UnaryExpr) and e.op == "-":
            inner = self._operand(e.expr, place, kind)
            return -inner if isinstance(inner, (int, float, Poly)) else _NOT_A_SIZE
        if isinstance(e, NameExpr) and e.fullname in ("builtins.True", "builtins.False"):
            return e.name == "True"
        if isinstance(e, RefExpr) and e.fullname in DTYPE_CLASSES:
            return DTYPE_CLASSES[e.fullname]
        return self._size(e, place, kind)

    def _size(self, e: Expression | None, place: str, kind: str) -> Any:
        """A size, or the shape of a tensor or a part of it."""
        if isinstance(e, OpExpr) and e.op in _ARITHMETIC:
            return self._computed(e.op, *(self._operand(x, place, kind) for x in (e.left, e.right)))
        if isinstance(e, MemberExpr) and e.name in ("shape", "size", "ndim"):
            return self._member(e, place)
        if isinstance(e, IndexExpr):
            return self._part(e, place)
        if isinstance(e, CallExpr):
            return self._counted(e, place, kind)
        if isinstance(e, NameExpr):
            return self._named(e, place, kind)
        return _NOT_A_SIZE

    def _operand(self, e: Expression, place: str, kind: str) -> Any:
        """A size as it is written, or one that the type of a parameter says: `h: H`."""
        written = self._written(e, place, kind)
        if written is not _NOT_A_SIZE:
            return written
        dim = self.types.dim(self._type_of(e))
        return _NOT_A_SIZE if dim is UNKNOWN else dim

    def _computed(self, op: str, left: Any, right: Any) -> Any:
        if isinstance(left, tuple) and isinstance(right, tuple) and op == "+":
            return left + right
        if not _is_int(left) or not _is_int(right) or (op == "//" and simplify(right) == 0):
            return _NOT_A_SIZE
        return simplify(_ARITHMETIC[op](Poly.of(left), right))

    def _member(self, e: MemberExpr, place: str) -> Any:
        """`x.shape`, `x.size`, `x.ndim` of a tensor."""
        t = get_proper_type(self._type_of(e.expr))
        if not isinstance(t, Instance) or not is_tensor(t):
            return _NOT_A_SIZE
        x = self.tensor(t, f"{place}.{e.name}")
        return getattr(x, e.name)

    def _part(self, e: IndexExpr, place: str) -> Any:
        """`x.shape[0]`, `x.shape[1:]`."""
        whole = self._size(e.base, place, "")
        key = self._written(e.index, place, "") if isinstance(whole, tuple) else None
        if not isinstance(whole, tuple) or not (isinstance(key, slice) or type(key) is int):
            return _NOT_A_SIZE
        try:
            return whole[key]
        except (IndexError, TypeError):  # mypy reports the first; a bound may be a symbol
            raise Undecidable from None

    def _counted(self, e: CallExpr, place: str, kind: str) -> Any:
        """`len(x)` and `math.prod(x.shape)`."""
        if not isinstance(e.callee, RefExpr) or len(e.args) != 1:
            return _NOT_A_SIZE
        if e.callee.fullname == "math.prod":
            sizes = self._written(e.args[0], place, kind)
            return product(sizes) if isinstance(sizes, tuple) and all(map(_is_int, sizes)) else _NOT_A_SIZE
        t = get_proper_type(self._type_of(e.args[0])) if e.callee.fullname == "builtins.len" else None
        if isinstance(t, Instance) and is_tensor(t):
            return self.tensor(t, place).shape[0]
        return _NOT_A_SIZE

    def _named(self, e: NameExpr, place: str, kind: str) -> Any:
        """A name that is assigned once is what was assigned."""
        found = self._caller.definition(e)
        if found is None or found[0] in self._past:
            return _NOT_A_SIZE
        value, item, count = found
        self._past.append(value)
        written = self._written(value, place, kind)
        self._past.pop()
        if item is None:
            return written if _is_int(written) or isinstance(written, tuple) else _NOT_A_SIZE
        return written[item] if isinstance(written, tuple) and len(written) == count else _NOT_A_SIZE

    def _items(self, e: TupleExpr | ListExpr, place: str, kind: str) -> Any:
        items: list[Any] = []
        for i, x in enumerate(e.items):
            value = self.value(None, x.expr if isinstance(x, StarExpr) else x, f"{place}.{i}", kind)
            items += value if isinstance(x, StarExpr) else [value]
        return tuple(items) if isinstance(e, TupleExpr) else items

    def _data(self, t: Type | None, e: Expression | None, place: str) -> Any:
        """Numbers in lists as they are written; an array or anything else as a tensor of any shape and dtype."""
        p = get_proper_type(t if t is not None or e is None else self._type_of(e))
        number = isinstance(p, LiteralType) or (isinstance(p, Instance) and p.type.fullname in _NUMBERS)
        if number or (p is not None and is_tensor(p)) or isinstance(e, (TupleExpr, ListExpr)):
            return self.value(p, e, place, "number")
        return self.tensor(self.types.any_tensor(), place)

    # --- what the type says -------------------------------------------------------------------------------------------

    def _of_type(self, t: Type | None, place: str, kind: str) -> Any:
        t = get_proper_type(t)
        if isinstance(t, NoneType):
            return None
        if isinstance(t, Instance) and is_tensor(t):
            return self.tensor(t, place)
        if isinstance(t, TupleType):
            return self._tuple(t, place, kind)
        if isinstance(t, LiteralType) and t.fallback.type.fullname.startswith("builtins."):
            return t.value
        if isinstance(t, Instance) and t.last_known_value is not None and t.type.fullname.startswith("builtins."):
            return t.last_known_value.value
        dtype = self.types.dtype_of_class(t) if t is not None else None
        if dtype is not None:
            return self.dtype(dtype, place)
        if isinstance(t, Instance) and layer(t.type.fullname) is not None:
            return self.layer(t, place)
        if kind == "layer" and isinstance(t, (Instance, CallableType)):
            self.world.asks_mypy = True
            return UserLayer(lambda x: self._called(t, x, place))
        return self._number(t, place, kind)

    def _number(self, t: Type | None, place: str, kind: str) -> Any:
        t = get_proper_type(t)
        dim = UNKNOWN if t is None else self.types.dim(t)
        if dim is not UNKNOWN:
            return dim
        t = t.fallback if isinstance(t, LiteralType) else t
        name = t.type.fullname if isinstance(t, Instance) else ""
        if kind == "size" and isinstance(t, Instance) and t.type.has_base("builtins.int"):
            return UNKNOWN
        if kind in ("size", "field") and (name == "builtins.int" or isinstance(t, AnyType)):
            return UNKNOWN
        if kind != "number" and name == "builtins.bool":
            return self.world.pick(Choice("flag", place), (True, False))
        if kind == "field" and name in _NUMBERS:
            return _NUMBERS[name][0]
        if kind == "number" and isinstance(t, AnyType):
            return self.tensor(self.types.any_tensor(), place)
        if kind == "number" and name in _NUMBERS:
            return self.world.pick(Choice("number", place), _NUMBERS[name])
        raise Undecidable

    def _tuple(self, t: TupleType, place: str, kind: str) -> tuple[Any, ...]:
        values: list[Any] = []
        for i, item in enumerate(t.items):
            if isinstance(item, UnpackType):
                values += self._axes(self.types.sizes([item])[0], place)
            else:
                values.append(self._of_type(item, f"{place}.{i}", kind))
        return tuple(values)

    def layer(self, t: Instance, place: str) -> Any:
        """A layer of this type; a field that may be None is and is not."""
        kind = layer(t.type.fullname)
        made = object.__new__(kind)
        for name, declared in fields(t):
            union = get_proper_type(declared)
            several = tuple(union.items) if isinstance(union, UnionType) else (union,)
            own = self.world.pick(Choice("member", (place, name)), several) if len(several) > 1 else union
            made.__dict__[name] = self._of_type(own, f"{place}.{name}", _FIELDS.get(name, "field"))
        return made

    def _called(self, t: Type, x: Any, place: str) -> Any:
        """What mypy says that a user's layer makes of x."""
        with asking(None):
            given = Lower(self.types).type_of([Result(self.world, x)])
            return self._of_type(self._caller.result(t, given), place, "")

    def tensor(self, t: Instance, place: str) -> Any:
        """A tensor of this type without elements."""
        dims: list[Dim] = []
        for size in self.types.sizes(list(t.args[1:])):
            dims += self._axes(size, place)
        return abstract_tensor(tuple(dims), self.dtype(self.types.dtype(t.args[0]), place))

    def _axes(self, size: Dim | Star, place: str) -> list[Dim]:
        """One axis, or those that `*S` is in this world; `...` of each place is its own."""
        if not isinstance(size, Star):
            return [size]
        key = Choice("axes", place if size.key is None else size.key)
        count = self.world.pick(key, _RANKS, _HIGHER_RANKS)
        return [Poly.of(Atom(str(size), Axis(key, i), rigid=False)) for i in range(count)]

    def dtype(self, found: AnyDType | TypeVarType | None, place: str) -> AnyDType:
        """The dtype, or one of those that a variable or a base class may be."""
        if isinstance(found, TypeVarType):
            bound = self.types.dtype(found.upper_bound)
            limits = [self.types.dtype(v) for v in found.values] or [bound]
            return self.world.pick(Choice("dtype", Variable(found)), *_members(limits))
        if found in DTYPES:
            return found
        return self.world.pick(Choice("dtype", place), *_members([found]))


def _is_int(value: Any) -> bool:
    return type(value) is int or isinstance(value, Poly)


def _members(limits: list[Any]) -> tuple[tuple[AnyDType, ...], tuple[AnyDType, ...]]:
    """The dtypes among the subclasses of these: those that compute, and those that are for storage only."""
    kinds = tuple(x for x in limits if isinstance(x, type)) or (DType,)
    every = [d for d in DTYPES if issubclass(d, kinds)]
    likely = tuple(d for d in every if d.computes)
    stored = tuple(d for d in every if not d.computes)
    return (likely, stored) if likely else (stored, ())
