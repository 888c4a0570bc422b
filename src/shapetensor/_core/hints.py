"""`Tensor[F32, B, L[784]]` at run time: a hint of jaxtyping's that also knows what is declared.

jaxtyping and beartype take such a hint as their own `Float32[Tensor, "B 784"]`. What they cannot say, such as that two
dtypes are the same, `declared` says.
"""

from __future__ import annotations

import copyreg
import operator
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from types import UnionType
from typing import Any, ForwardRef, Literal, TypeVar, TypeVarTuple, Union, get_args, get_origin
from weakref import WeakValueDictionary

import jaxtyping

from .binding import Axes, Binding, Declared, DTypeVariable, Found, SomeDType, Star, lone_atom
from .dims import UNKNOWN, Atom, Dim, Poly, simplify
from .dimtypes import Add, FloorDiv, Mul, Sub
from .dtypes import BY_NAME, DTYPES, DType, Float, Integer, Number, names
from .errors import DTypeError, ShapeError
from .parse import parse_dim

# What type variables stand for, by name: axes, or a dtype.
Scope = Mapping[str, "Axes | SomeDType | None"]
_OPERATORS: dict[Any, Callable[[Dim, Dim], Dim]] = {
    Mul: operator.mul,
    Add: operator.add,
    Sub: operator.sub,
    FloorDiv: operator.floordiv,
}
_KINDS: dict[Any, Any] = {None: jaxtyping.Shaped, DType: jaxtyping.Shaped}
_KINDS |= {Float: jaxtyping.Float, Integer: jaxtyping.Integer, Number: jaxtyping.Num, BY_NAME["bool"]: jaxtyping.Bool}
for _dtype in DTYPES[1:]:
    _KINDS[_dtype] = next(v for v in vars(jaxtyping).values() if getattr(v, "dtypes", None) == (_dtype.name,))


class TensorHint(type(jaxtyping.AbstractArray)):  # type: ignore[misc]
    """The class of hints; a hint is itself a class, for which `isinstance` asks here."""

    array_type: Any
    declared: Declared
    parameters: tuple[str, ...]  # the names that are type variables, in order; `*S` for those of many axes

    def __repr__(cls) -> str:
        return str(cls.__name__)

    def __getitem__(cls, args: Any) -> TensorHint:
        """An alias with its variables replaced: `Image[L[3]]` of `Image = Tensor[F32, B, L[28], L[28]]`."""
        given = args if isinstance(args, tuple) else (args,)
        parameters: list[str] = []
        scope = scope_of(cls.parameters, given, parameters)
        if scope is None:
            wanted = ", ".join(cls.parameters) or "none"
            raise TypeError(f"{cls!r} has the type variables {wanted}; got {len(given)} arguments for them")
        return hint_of(cls.array_type, substitute(cls.declared, scope), tuple(parameters))

    def __instancecheck_str__(cls, value: Any) -> str:
        """What is wrong with a value, as jaxtyping has it; beartype quotes this."""
        try:
            return super().__instancecheck_str__(value)  # type: ignore[no-any-return]
        except jaxtyping.AnnotationError:  # an expression of variables that nobody has bound so far
            axes = tuple(UNKNOWN if _is_expression(dim) else dim for dim in cls.declared.dims)
            rest = hint_of(cls.array_type, Declared(cls.declared.dtype, axes), cls.parameters)
            return super(TensorHint, rest).__instancecheck_str__(value) or _alone(cls, value)


def _alone(hint: TensorHint, value: Any) -> str:
    try:
        Binding("isinstance").match(Found("this tensor", hint.declared, value.shape, value.dtype))
    except (ShapeError, DTypeError) as error:
        return str(error)
    return ""


copyreg.pickle(TensorHint, lambda hint: (hint_of, (hint.array_type, hint.declared, hint.parameters)))
_made: WeakValueDictionary[Any, TensorHint] = WeakValueDictionary()
_lock = threading.Lock()


def tensor_hint(array_type: type, args: Any) -> TensorHint:
    """What `Tensor[args]` is.

    Raises:
        TypeError: if the first of them is no dtype, or another one no dimension.
        ValueError: for a text that is no dimension.
    """
    given = args if isinstance(args, tuple) else (args,)
    for arg in given:
        if getattr(type(arg), "__hash__", None) is None:
            raise TypeError(f"{arg!r} is no dimension: {_advice(arg)}")
    return _tensor_hint(array_type, given)


@lru_cache(4096)
def _tensor_hint(array_type: type, args: tuple[Any, ...]) -> TensorHint:
    if not args:
        raise TypeError("Tensor[...] wants a dtype, then one argument for each axis: Tensor[F32, B, L[784]]")
    parameters: list[str] = []
    dtype = dtype_of(args[0], parameters)
    dims = tuple(axis for arg in args[1:] for axis in axes_of(arg, parameters))
    if sum(isinstance(dim, Star) for dim in dims) > 1:
        raise TypeError(f"{Declared(dtype, dims)} has more than one `*`: which axes belong to which cannot be told")
    return hint_of(array_type, Declared(dtype, dims), tuple(dict.fromkeys(parameters)))


def hint_of(array_type: type, declared: Declared, parameters: tuple[str, ...] = ()) -> TensorHint:
    """The one hint that declares this, for as long as somebody has it."""
    key = array_type, declared, parameters
    with _lock:
        hint = _made.get(key)
        if hint is None:
            dtype: Any = declared.dtype
            plain = _kind(dtype)[array_type, " ".join(map(_axis_text, declared.dims))]
            body = {"declared": declared, "parameters": parameters, "__module__": "builtins"}
            hint = _made[key] = TensorHint(_name(declared), (plain,), body)
    return hint


def _name(declared: Declared) -> str:
    # beartype takes hints in containers to be one if they look the same, so the name says all that there is, and
    # "builtins", which is not printed, is the module.
    text, dtype = str(declared), declared.dtype
    if not isinstance(dtype, DTypeVariable) or not dtype.name or dtype.allowed == (DType,):
        return text
    return text.replace(dtype.name, f"{dtype.name}: {DTypeVariable('', dtype.allowed).__name__}", 1)


def declared_of(hint: Any) -> Declared | None:
    """What a hint declares; None for what is no hint of a tensor, or says what only jaxtyping understands."""
    if isinstance(hint, TensorHint):
        return hint.declared
    if not (isinstance(hint, type) and issubclass(hint, jaxtyping.AbstractArray)) or "#" in hint.dim_str:
        return None
    try:
        dims = tuple(axis for text in hint.dim_str.split() for axis in _axes_in(text.rpartition("=")[2]))
    except ValueError:
        return None
    if not isinstance(hint.dtypes, tuple):
        return Declared(None, dims)
    allowed = tuple(dtype for dtype in DTYPES if dtype.name in hint.dtypes)
    return Declared(allowed[0] if len(allowed) == 1 else DTypeVariable("", allowed), dims)


def substitute(declared: Declared, scope: Scope) -> Declared:
    """What is declared with variables replaced."""
    if not scope:
        return declared
    dims: list[Dim | Star] = []
    for dim in declared.dims:
        axes = scope.get(dim.name or "") if isinstance(dim, Star) else (substitute_dim(dim, scope),)
        dims += axes if isinstance(axes, tuple) else (dim,)
    dtype = declared.dtype
    if isinstance(dtype, DTypeVariable) and not isinstance(scope.get(dtype.name, ()), tuple):
        found: Any = scope[dtype.name]
        dtype = found
    return Declared(dtype, tuple(dims))


def substitute_dim(dim: Dim, scope: Scope) -> Dim:
    """A dimension with variables replaced."""
    if isinstance(dim, int) or not scope:
        return dim
    values: dict[Atom, Any] = {}
    for atom in dim.atoms():
        axes = scope.get(atom.name)
        if isinstance(axes, tuple) and len(axes) == 1 and not isinstance(axes[0], Star):
            values[atom] = axes[0]
    try:
        return dim.substitute(values)
    except ZeroDivisionError:
        return UNKNOWN


def scope_of(names: Sequence[str], args: Sequence[Any], parameters: list[str] | None = None) -> Scope | None:
    """What variables stand for that are given these arguments; None if their numbers differ.

    The names of type variables in the arguments are added to `parameters`. Arguments that are neither dtypes nor
    dimensions, such as layers, are left out.
    """
    star = next((place for place, name in enumerate(names) if name.startswith("*")), None)
    extra = len(args) - len(names)
    if extra < -1 if star is not None else extra != 0:
        return None
    ends = list(names) if star is None else [*names[:star], *[names[star]] * (extra + 1), *names[star + 1 :]]
    scope: dict[str, Any] = {} if star is None else {names[star][1:]: ()}
    for name, arg in zip(ends, args, strict=True):
        meant = _meaning(arg, [] if parameters is None else parameters)
        if name.startswith("*") and isinstance(meant, tuple):
            scope[name[1:]] += meant
        elif meant is not _NOTHING:
            scope[name] = meant
    return scope


_NOTHING: Any = object()


def _meaning(arg: Any, parameters: list[str]) -> Any:
    for read in (dtype_of, axes_of):
        try:
            return read(arg, parameters) if arg is not Any or read is axes_of else _NOTHING
        except (TypeError, ValueError):
            pass
    return _NOTHING


def parameter_names(parameters: Sequence[Any]) -> tuple[str, ...]:
    """The names of type variables as hints have them."""
    return tuple(f"{'*' * isinstance(p, TypeVarTuple)}{p.__name__}" for p in parameters)


def is_dimension(variable: Any) -> bool:
    """Whether a type variable stands for a dimension."""
    bound = variable.__bound__ if isinstance(variable, TypeVar) else None
    return isinstance(bound, type) and issubclass(bound, int) and bound is not bool


def dtype_of(arg: Any, parameters: list[str]) -> SomeDType | None:
    """The dtype that the first argument of `Tensor[...]` is; None for any.

    Raises:
        TypeError: if it is none.
    """
    if arg is Any:
        return None
    if isinstance(arg, TypeVar):
        kinds = arg.__constraints__ or (DType if arg.__bound__ is None else arg.__bound__,)
        if all(isinstance(kind, type) and issubclass(kind, DType) for kind in kinds):
            parameters.append(arg.__name__)
            return DTypeVariable(arg.__name__, kinds)
        raise TypeError(f"{arg} is not for dtypes: write TypeVar({arg.__name__!r}, bound=DType)")
    if isinstance(arg, type) and issubclass(arg, DType):
        return arg
    if get_origin(arg) in (Union, UnionType):
        return DTypeVariable("", tuple(dtype_of(part, parameters) for part in get_args(arg)))  # type: ignore[misc]
    raise TypeError(f"Tensor[...] begins with a dtype, one of {names(DTYPES)} or a type variable; got {_shown(arg)}")


def axes_of(arg: Any, parameters: list[str]) -> Axes:
    """The axes that one argument of `Tensor[...]` stands for; type variables in it are added to `parameters`.

    Raises:
        TypeError: if it is no dimension.
        ValueError: for a text that is none.
    """
    if arg is Ellipsis:
        return (Star(),)
    unpacked = _unpacked(arg)
    if isinstance(unpacked, TypeVarTuple):
        parameters.append(f"*{unpacked.__name__}")
        return (Star(unpacked.__name__),)
    if unpacked is not None:
        parts = get_args(unpacked)
        return (Star(),) if Ellipsis in parts else tuple(axis for part in parts for axis in axes_of(part, parameters))
    text = _text(arg)
    return (dim_of(arg, parameters),) if text is None else _axes_in(text)


def _unpacked(arg: Any) -> Any:
    """What stands behind the star of `*S` or `Unpack[S]`."""
    if getattr(arg, "__unpacked__", False) is True:
        return arg
    return get_args(arg)[0] if getattr(get_origin(arg), "_name", None) == "Unpack" else None


def _text(arg: Any) -> str | None:
    """The text of `"B*T"`, `L["B*T"]`, and of the former inside of `Mul[...]`."""
    if isinstance(arg, ForwardRef):
        return arg.__forward_arg__
    if get_origin(arg) is Literal and len(get_args(arg)) == 1:
        arg = get_args(arg)[0]
    return arg if isinstance(arg, str) else None


def dim_of(arg: Any, parameters: list[str]) -> Dim:
    """The dimension that an argument is, as `axes_of` has it."""
    text = _text(arg)
    if text is not None:
        return _dim_in(text)
    if arg is Any or arg is int:
        return UNKNOWN
    if isinstance(arg, TypeVar) and (arg.__bound__ is None or is_dimension(arg)) and not arg.__constraints__:
        parameters.append(arg.__name__)
        return _variable(arg.__name__)
    values = get_args(arg) if get_origin(arg) is Literal else (arg,)
    if len(values) == 1 and type(values[0]) is int:
        return _size(values[0], str(arg))
    operation = _OPERATORS.get(get_origin(arg))
    if operation is None:
        raise TypeError(f"{_shown(arg)} is no dimension: {_advice(arg)}")
    return simplify(reduce(operation, (dim_of(part, parameters) for part in get_args(arg))))


def _advice(arg: Any) -> str:
    if isinstance(arg, TypeVarTuple):
        return f"write *{arg.__name__}"
    if isinstance(arg, TypeVar):
        return f"write TypeVar({arg.__name__!r}, bound=int)"
    if get_origin(arg) is Literal:
        return "an axis has one size"
    return 'use a type variable, L[784], L["B*T"], Mul[B, T] or int'


def _axes_in(text: str) -> Axes:
    bare = text.strip()
    if bare == "...":
        return (Star(),)
    if re.fullmatch(r"\*\w+", bare):
        return (Star(bare[1:]),)
    return (_dim_in(text),)


def _dim_in(text: str) -> Dim:
    if text.strip() == "_":
        return UNKNOWN
    several = re.fullmatch(r"\s*[\w*.]+([\s,]+[\w*.]+)+\s*", text)
    if several:
        each = ", ".join(f'L["{part}"]' for part in re.split(r"[\s,]+", text.strip()))
        raise ValueError(f"{text!r} is no dimension: every axis has an argument of its own, {each}")
    try:
        return _size(parse_dim(text, _variable), text)
    except ValueError as error:
        raise ValueError(f"{error}") from None


def _size(size: Dim, text: str) -> Dim:
    if isinstance(size, int) and size < 0:
        raise ValueError(f"{text} is no dimension: it is negative")
    return size


def _variable(name: str) -> Poly:
    # By name, as jaxtyping has it: L["B*T"] means the type variables B and T.
    return Poly.of(Atom(name, name))


def _is_expression(dim: Dim | Star) -> bool:
    return isinstance(dim, Poly) and dim is not UNKNOWN and lone_atom(dim) is None


def _axis_text(dim: Dim | Star) -> str:
    """An axis as jaxtyping writes it."""
    text = str(dim)
    # An underscore in front is jaxtyping's sign for an axis that it is not to look at.
    return "_" if dim is UNKNOWN or (text.startswith("_") and _is_expression(dim)) else text


@lru_cache(256)
def _kind(dtype: Any) -> Any:
    """The dtype as jaxtyping has it."""
    if dtype in _KINDS:
        return _KINDS[dtype]
    allowed = dtype.allowed if isinstance(dtype, DTypeVariable) else (dtype,)
    found = [d.name for d in DTYPES if issubclass(d, allowed)]
    return type(dtype.__name__, (jaxtyping.AbstractDtype,), {"dtypes": found})


def _shown(arg: Any) -> str:
    return arg.__name__ if isinstance(arg, type) else repr(arg)
