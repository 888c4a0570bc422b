"""New functions, types and attributes for compiled code."""

import typing
from collections.abc import Callable
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, type_check_only

from numba.core import types
from numba.core.datamodel import models as models
from numba.core.imputils import lower_builtin as lower_builtin
from numba.core.imputils import lower_cast as lower_cast
from numba.core.imputils import lower_getattr as lower_getattr
from numba.core.imputils import lower_getattr_generic as lower_getattr_generic
from numba.core.imputils import lower_setattr as lower_setattr
from numba.core.imputils import lower_setattr_generic as lower_setattr_generic
from numba.core.pythonapi import NativeValue as NativeValue
from numba.core.pythonapi import box as box
from numba.core.pythonapi import reflect as reflect
from numba.core.pythonapi import unbox as unbox
from numba.core.typing.asnumbatype import as_numba_type as as_numba_type
from numba.core.typing.templates import infer as infer
from numba.core.typing.templates import infer_getattr as infer_getattr
from numba.core.typing.typeof import typeof_impl as typeof_impl
from typing_extensions import TypeIs, Unpack

from .decorators import _Options
from .dispatcher import Dispatcher

_P = ParamSpec("_P")
_R = TypeVar("_R")
_F = TypeVar("_F", bound=Callable[..., Any])
_M = TypeVar("_M", bound=type[models.DataModel])

_Type: TypeAlias = types.Type | type[types.Type]
_Inline: TypeAlias = Literal["never", "always"] | Callable[..., bool]

@type_check_only
class _Keeps(Protocol):
    def __call__(self, func: _F, /) -> _F: ...

def register_model(typecls: type[types.Type]) -> Callable[[_M], _M]: ...
def type_callable(func: Callable[..., object] | str) -> _Keeps: ...
def overload(
    func: Callable[..., object],
    jit_options: typing.Mapping[str, Any] = ...,
    strict: bool = ...,
    inline: _Inline = ...,
    prefer_literal: bool = ...,
    *,
    target: str = ...,
) -> _Keeps: ...
def overload_attribute(
    typ: _Type,
    attr: str,
    *,
    inline: _Inline = ...,
    prefer_literal: bool = ...,
    jit_options: typing.Mapping[str, Any] = ...,
    strict: bool = ...,
    target: str = ...,
) -> _Keeps: ...
def overload_classmethod(
    typ: _Type,
    attr: str,
    *,
    inline: _Inline = ...,
    prefer_literal: bool = ...,
    jit_options: typing.Mapping[str, Any] = ...,
    strict: bool = ...,
    target: str = ...,
) -> _Keeps: ...
def overload_method(
    typ: _Type,
    attr: str,
    *,
    inline: _Inline = ...,
    prefer_literal: bool = ...,
    jit_options: typing.Mapping[str, Any] = ...,
    strict: bool = ...,
    target: str = ...,
) -> _Keeps: ...
@typing.overload
def register_jitable(func: _F, /) -> _F: ...
@typing.overload
def register_jitable(**kwargs: Unpack[_Options]) -> _Keeps: ...
def make_attribute_wrapper(typeclass: type[types.Type], struct_attr: str, python_attr: str) -> None: ...

class _Intrinsic:
    # The definition is a function of types, a call is one of values, so it has no type that could be kept. Numba's own
    # stub says `Never`, which is so outside of compiled code and makes mypy skip what follows a call in it.
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

@typing.overload
def intrinsic(func: Callable[..., Any], /) -> _Intrinsic: ...
@typing.overload
def intrinsic(*, prefer_literal: bool = ..., **kwargs: Any) -> Callable[[Callable[..., Any]], _Intrinsic]: ...
def is_jitted(function: Callable[_P, _R]) -> TypeIs[Dispatcher[_P, _R]]: ...
def get_cython_function_address(module_name: str, function_name: str) -> int: ...
def include_path() -> str: ...
