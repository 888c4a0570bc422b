"""Types as one would say them: `Tensor[F32, B, 784]`, without modules and without `Literal`."""

from __future__ import annotations

from collections.abc import Iterable

from mypy.messages import format_type_bare
from mypy.options import Options
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    LiteralType,
    NoneType,
    TupleType,
    Type,
    TypeType,
    TypeVarLikeType,
    UnionType,
    UnpackType,
    get_proper_type,
)

from ..mypy_plugin.types import SYMBOLIC, TENSOR, Types

_DIMS = Types(lambda name: None)  # reading a dimension looks nothing up


def short(t: Type) -> str:
    """The type as one would say it; `?` is what mypy does not know.

    Sizes are written as in the messages of the library: `B*T`, `T-1`, `D//H`.
    """
    p = get_proper_type(t)
    if isinstance(p, Instance):
        return _instance(p)
    if isinstance(p, AnyType):
        return "?"
    if isinstance(p, NoneType):
        return "None"
    if isinstance(p, LiteralType):
        return str(p.value)
    if isinstance(p, TypeVarLikeType):
        return p.name
    if isinstance(p, UnpackType):
        return f"*{short(p.type)}"
    if isinstance(p, TupleType):
        named = p.partial_fallback.type.fullname != "builtins.tuple"
        return _instance(p.partial_fallback) if named else f"tuple[{commas(p.items) or '()'}]"
    if isinstance(p, UnionType):
        return " | ".join(map(short, p.items))
    if isinstance(p, TypeType):
        return f"type[{short(p.item)}]"
    if isinstance(p, CallableType):
        return f"type[{short(p.ret_type)}]" if p.is_type_obj() else f"({commas(p.arg_types)}) -> {short(p.ret_type)}"
    return format_type_bare(p, Options())


def commas(types: Iterable[Type]) -> str:
    """Several types in a row."""
    return ", ".join(map(short, types))


def _instance(t: Instance) -> str:
    name = t.type.fullname
    if name in SYMBOLIC:
        return _size(t)
    if name == TENSOR:
        return f"Tensor[{', '.join([short(t.args[0]), *map(_size, t.args[1:])])}]"
    arguments = commas(t.args) + (", ..." if name == "builtins.tuple" else "")
    return f"{t.type.name}[{arguments}]" if t.args else t.type.name


def _size(t: Type) -> str:
    """An axis of a shape."""
    p = get_proper_type(t)
    if isinstance(p, UnpackType):
        inner = get_proper_type(p.type)
        return "..." if isinstance(inner, Instance) else short(p)
    return str(_DIMS.dim(p))
