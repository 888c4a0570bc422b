"""Signatures of the library, opened where mypy would compare tensors before the library can."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mypy.expandtype import expand_type
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    Type,
    TypeAliasType,
    TypeOfAny,
    TypeTranslator,
    TypeVarId,
    TypeVarTupleType,
    TypeVarType,
    UnpackType,
    flatten_nested_unions,
    get_proper_type,
)

from .types import ANY_AXES, Types, is_tensor, mentions


def opened(types: Types, signature: CallableType) -> CallableType:
    """The signature with tensors of any shape: mypy's own error would come first, and say less than the library's.

    mypy also infers variables from where the result goes, and would call the argument wrong where the result is.
    """
    return without_shapes(types, signature, _dtypes(signature)) if _compares(signature) else signature


def without_shapes(types: Types, signature: CallableType, kept: Collection[TypeVarId] = ()) -> CallableType:
    """The signature with tensors of any shape, and any dtype but variables that are kept."""
    any_ = AnyType(TypeOfAny.special_form)
    axes = types.instance("builtins.tuple", any_)
    anything: dict[Any, Type] = {
        v.id: axes if isinstance(v, TypeVarTupleType) else any_ for v in signature.variables if v.id not in kept
    }
    put = _Opened(types, kept)
    return signature.copy_modified(
        arg_types=[expand_type(t.accept(put), anything) for t in signature.arg_types],
        ret_type=expand_type(signature.ret_type, anything),
        variables=[v for v in signature.variables if v.id in kept],
    )


def _dtypes(signature: CallableType) -> set[TypeVarId]:
    """Variables of any dtype that are that of one parameter and stand nowhere else among them."""
    first = [t.args[0] for t in map(get_proper_type, signature.arg_types) if isinstance(t, Instance) and is_tensor(t)]
    found = [v.id for v in map(get_proper_type, first) if isinstance(v, TypeVarType) and _is_free(v)]
    unions = [t for t in map(get_proper_type, signature.arg_types) if not isinstance(t, Instance) and mentions(t)]
    return {v for v in found if found.count(v) == 1} if not unions else set()


def _is_free(variable: TypeVarType) -> bool:
    bound = get_proper_type(variable.upper_bound)
    return not variable.values and isinstance(bound, Instance) and bound.type.name in ("DType", "object")


def _compares(signature: CallableType) -> bool:
    """Whether variables or sizes stand in the tensors that it takes."""
    for t in signature.arg_types:
        for item in flatten_nested_unions([t]):
            p = get_proper_type(item)
            if isinstance(p, Instance) and p.args and (signature.variables or (is_tensor(p) and not _is_any(p))):
                return mentions(p)
    return False


def _is_any(t: Instance) -> bool:
    """Whether a tensor of any shape fits."""
    return len(t.args) == 2 and isinstance(t.args[1], UnpackType)


class _Opened(TypeTranslator):
    """Every tensor replaced by one of any shape, and of any dtype but a variable that is kept."""

    def __init__(self, types: Types, kept: Collection[TypeVarId]) -> None:
        super().__init__()
        self._types, self._kept = types, kept

    def visit_instance(self, t: Instance, /) -> Type:
        if not is_tensor(t):
            return super().visit_instance(t)
        dtype = get_proper_type(t.args[0])
        if isinstance(dtype, TypeVarType) and dtype.id in self._kept:
            return self._types.tensor(dtype, (ANY_AXES,))
        return self._types.any_tensor()

    def visit_type_alias_type(self, t: TypeAliasType, /) -> Type:
        return t if t.is_recursive else get_proper_type(t).accept(self)
