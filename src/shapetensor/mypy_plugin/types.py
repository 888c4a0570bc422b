"""mypy's types <-> dimensions, shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Collection

from mypy.nodes import SymbolNode, SymbolTableNode, TypeInfo
from mypy.type_visitor import TypeQuery
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    LiteralType,
    ProperType,
    TupleType,
    Type,
    TypeAliasType,
    TypeOfAny,
    TypeTranslator,
    TypeType,
    TypeVarId,
    TypeVarTupleType,
    TypeVarType,
    UnpackType,
    get_proper_type,
)

from .._core.binding import Declared, DTypeVariable, SomeDType, Star
from .._core.dims import UNKNOWN, Atom, Dim, Poly, is_identical, product, simplify
from .._core.dtypes import DTYPES, AnyDType, DType, Float, Integer, Number

TENSOR = "shapetensor.tensor.Tensor"
_DIMS = "shapetensor._core.dimtypes."
MUL, ADD, SUB, DIV = (_DIMS + name for name in ("Mul", "Add", "Sub", "FloorDiv"))
SYMBOLIC = frozenset((MUL, ADD, SUB, DIV))
_DTYPES = "shapetensor._core.dtypes."
DTYPE_CLASSES: dict[str, AnyDType] = {_DTYPES + d.__name__: d for d in (*DTYPES, DType, Number, Integer, Float)}

ANY_AXES = Star()
Lookup = Callable[[str], SymbolTableNode | None]


class Variable:
    """The identity of a type variable inside an Atom."""

    def __init__(self, variable: TypeVarType | TypeVarTupleType) -> None:
        self.type = variable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Variable) and other.type.id == self.type.id

    def __hash__(self) -> int:
        return hash(self.type.id)

    def __repr__(self) -> str:
        return f"{self.type.fullname}{self.type.id}"


class Types:
    """Reads and builds types; `lookup` is the plugin's."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._infos: dict[str, TypeInfo] = {}
        self._normalise = _Normalise(self)

    def node(self, fullname: str) -> SymbolNode | None:
        """What a full name stands for; None for names in modules that mypy has not loaded."""
        try:
            symbol = self._lookup(fullname)
        except (AssertionError, KeyError):
            return None
        return symbol.node if symbol is not None else None

    def info(self, fullname: str) -> TypeInfo:
        if fullname not in self._infos:
            node = self.node(fullname)
            assert isinstance(node, TypeInfo), fullname
            self._infos[fullname] = node
        return self._infos[fullname]

    def instance(self, fullname: str, *args: Type) -> Instance:
        return Instance(self.info(fullname), list(args))

    # --- reading ------------------------------------------------------------------------------------------------------

    def dim(self, t: Type) -> Dim:
        """The dimension that a type argument or the type of an int says; UNKNOWN where it says none."""
        t = get_proper_type(t)
        if isinstance(t, Instance):
            if t.last_known_value is not None:
                return self.dim(t.last_known_value)
            return self._symbolic(t) if t.type.fullname in SYMBOLIC else UNKNOWN
        if isinstance(t, TypeVarType):
            return Poly.of(Atom(t.name, Variable(t)))
        if isinstance(t, LiteralType) and t.fallback.type.fullname == "builtins.str" and isinstance(t.value, str):
            return Poly.of(Atom(t.value, t.value))
        return t.value if isinstance(t, LiteralType) and type(t.value) is int else UNKNOWN

    def _symbolic(self, t: Instance) -> Dim:
        """`Mul[B, T]` and its like."""
        args = [self.dim(a) for a in t.args if not isinstance(a, UnpackType)]
        if len(args) != len(t.args):
            return UNKNOWN
        if t.type.fullname == MUL:
            return product(tuple(args))
        if t.type.fullname == ADD:
            return simplify(sum(args, Poly.of(0)))
        left, right = args
        if t.type.fullname == SUB:
            return simplify(Poly.of(left) - right)
        return UNKNOWN if is_identical(right, 0) else simplify(Poly.of(left) // right)

    def sizes(self, args: list[Type]) -> tuple[Dim | Star, ...]:
        """Type arguments as dimensions; `*S` is a Star of its type, `*tuple[Any, ...]` one of None."""
        return tuple(self._size(a) for a in args)

    def _size(self, t: Type) -> Dim | Star:
        p = get_proper_type(t)
        if not isinstance(p, UnpackType):
            return self.dim(p)
        inner = get_proper_type(p.type)
        return Star(inner.name, Variable(inner)) if isinstance(inner, TypeVarTupleType) else ANY_AXES

    def dtype(self, t: Type) -> AnyDType | TypeVarType | None:
        """The dtype class (or base class of some) that a type stands for, a type variable, or None."""
        t = get_proper_type(t)
        if isinstance(t, TypeVarType):
            return t
        return DTYPE_CLASSES.get(t.type.fullname) if isinstance(t, Instance) else None

    def is_own(self, t: Type, variables: Collection[TypeVarId]) -> bool:
        """Whether a dimension is made of these variables only."""
        atoms = Poly.of(self.dim(t)).atoms()
        return all(isinstance(a.key, Variable) and a.key.type.id in variables for a in atoms)

    def declared(self, t: Instance) -> Declared:
        """What the annotation of a tensor declares."""
        return Declared(self._declared_dtype(t.args[0]), self.sizes(list(t.args[1:])))

    def known_dtype(self, t: Instance) -> SomeDType | None:
        """The dtype of a tensor that was found; None where only its kind is known."""
        dtype = self._declared_dtype(t.args[0])
        return dtype if dtype in DTYPES or isinstance(dtype, DTypeVariable) else None

    def _declared_dtype(self, t: Type) -> SomeDType | None:
        found = self.dtype(t)
        if not isinstance(found, TypeVarType):
            return found
        limits = map(self.dtype, found.values or [found.upper_bound])
        allowed = tuple(d for d in limits if isinstance(d, type))
        return DTypeVariable(found.name, allowed, Variable(found)) if allowed else None

    def dtype_of_class(self, t: Type) -> AnyDType | TypeVarType | None:
        """The same for the type of the class itself: `type[F32]`."""
        p = get_proper_type(t)
        if isinstance(p, TypeType):
            return self.dtype(p.item)
        return self.dtype(p.ret_type) if isinstance(p, CallableType) and p.is_type_obj() else None

    # --- writing ------------------------------------------------------------------------------------------------------

    def of_dim(self, dim: Dim | Star) -> Type:
        """The type argument that says this dimension."""
        if isinstance(dim, Star):
            return self._of_star(dim)
        dim = simplify(dim)
        if isinstance(dim, int):
            return LiteralType(dim, self.instance("builtins.int"))
        if dim is UNKNOWN:
            return AnyType(TypeOfAny.special_form)
        terms = [self._of_term(atoms, dim.terms[atoms]) for atoms in dim.ordered()]
        return terms[0] if len(terms) == 1 else self.instance(ADD, *terms)

    def _of_star(self, star: Star) -> Type:
        if isinstance(star.key, Variable):
            return UnpackType(star.key.type)
        return UnpackType(self.instance("builtins.tuple", AnyType(TypeOfAny.special_form)))

    def _of_term(self, atoms: tuple[Atom, ...], factor: int) -> Type:
        factors = [self._of_atom(a) for a in atoms]
        if factor != 1 or not factors:
            factors.insert(0, LiteralType(factor, self.instance("builtins.int")))
        return factors[0] if len(factors) == 1 else self.instance(MUL, *factors)

    def _of_atom(self, atom: Atom) -> Type:
        if isinstance(atom.key, Variable):
            return atom.key.type
        if atom.quotient is not None:
            return self.instance(DIV, *map(self.of_dim, atom.quotient))
        return LiteralType(atom.name, self.instance("builtins.str"))

    def value(self, dim: Dim) -> Type:
        """The type of an int whose value is this dimension: of a symbol just int, since variables may change."""
        plain = self.instance("builtins.int")
        known = simplify(dim)
        return plain.copy_modified(last_known_value=LiteralType(known, plain)) if isinstance(known, int) else plain

    def shape(self, sizes: tuple[Dim | Star, ...]) -> Type:
        """The type of `x.shape`."""
        plain = self.instance("builtins.int")
        items = [
            UnpackType(self.instance("builtins.tuple", plain)) if isinstance(n, Star) else self.value(n) for n in sizes
        ]
        return TupleType(items, self.instance("builtins.tuple", plain))

    def of_dtype(self, dtype: AnyDType) -> Type:
        return self.instance(_DTYPES + dtype.__name__)

    def tensor(self, dtype: Type, dims: tuple[Dim | Star, ...]) -> Instance:
        return self.instance(TENSOR, dtype, *map(self.of_dim, dims))

    def any_type(self) -> Type:
        """Anything, which fits everywhere."""
        return AnyType(TypeOfAny.special_form)

    def any_tensor(self) -> Instance:
        """A tensor of which nothing is known."""
        return self.tensor(AnyType(TypeOfAny.special_form), (ANY_AXES,))

    def normalise(self, t: Type) -> Type:
        """With `Mul[L[2], L[3]]` worked out, and the literals of values made literals of dimensions."""
        return t.accept(self._normalise)


class _Normalise(TypeTranslator):
    def __init__(self, types: Types) -> None:
        super().__init__()
        self._types = types

    def visit_instance(self, t: Instance, /) -> Type:
        if t.type.fullname in SYMBOLIC:
            return self._types.of_dim(self._types.dim(t))
        if not t.args:
            return t
        args = [_promoted(a.accept(self)) for a in t.args]
        if is_tensor(t):
            return t.copy_modified(args=[*args[:1], *map(_known, args[1:])])
        variables = t.type.defn.type_vars
        if len(variables) == len(args) and any(map(is_size, variables)):
            args = [_known(a) if is_size(v) else a for a, v in zip(args, variables, strict=True)]
        return t.copy_modified(args=args)

    def visit_type_alias_type(self, t: TypeAliasType, /) -> Type:
        return t if t.is_recursive else get_proper_type(t).accept(self)


def _promoted(t: Type) -> Type:
    """`Literal[3]?`, the type of a value, as the dimension `Literal[3]`."""
    p: ProperType = get_proper_type(t)
    if isinstance(p, Instance) and p.last_known_value is not None and type(p.last_known_value.value) is int:
        return p.last_known_value
    return t


def _known(t: Type) -> Type:
    """`int` as a dimension is one that nobody knows: mypy is not to compare it with others."""
    p = get_proper_type(t)
    return AnyType(TypeOfAny.special_form) if isinstance(p, Instance) and p.type.fullname == "builtins.int" else t


def is_tensor(t: Type) -> bool:
    p = get_proper_type(t)
    return isinstance(p, Instance) and p.type.fullname == TENSOR


def items_of(t: Type) -> list[Type] | None:
    """The items of a tuple type."""
    p = get_proper_type(t)
    return p.items if isinstance(p, TupleType) else None


def is_size(t: Type) -> bool:
    """Whether an int of this type is a dimension."""
    p = get_proper_type(t)
    if isinstance(p, TypeVarType):
        bound = get_proper_type(p.upper_bound)
        return isinstance(bound, Instance) and bound.type.fullname == "builtins.int"
    return isinstance(p, Instance) and p.type.fullname in SYMBOLIC


def is_sizes(t: Type) -> bool:
    """Whether a tuple of this type is a shape: `tuple[*S]`."""
    p = get_proper_type(t)
    if not isinstance(p, TupleType) or len(p.items) != 1 or not isinstance(p.items[0], UnpackType):
        return False
    return isinstance(get_proper_type(p.items[0].type), TypeVarTupleType)


class _Mentions(TypeQuery[bool]):
    """Whether a type has shapes in it (a walk by hand would not end on recursive aliases)."""

    def strategy(self, items: list[bool], /) -> bool:
        return any(items)

    def visit_instance(self, t: Instance, /) -> bool:
        return t.type.fullname == TENSOR or t.type.fullname in SYMBOLIC or self.query_types(t.args)

    def visit_type_var(self, t: TypeVarType, /) -> bool:
        return is_size(t)

    def visit_tuple_type(self, t: TupleType, /) -> bool:
        return is_sizes(t) or self.query_types(t.items)


def mentions(t: Type) -> bool:
    return bool(t.accept(_Mentions()))


def mentions_shapes(t: Type) -> bool:
    """Whether a type has tensors or dimensions in it."""
    p = get_proper_type(t)
    return isinstance(p, (Instance, TupleType, CallableType)) and mentions(p)
