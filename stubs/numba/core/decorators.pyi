"""`@jit` and `@njit`, bare or called: a decorated function keeps its parameters and its result."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypedDict, TypeVar, overload, type_check_only

from numba.core import types
from numba.core.ccallback import CFunc
from numba.core.typing.templates import Signature
from numba.stencils.stencil import stencil as stencil
from typing_extensions import Unpack

from .dispatcher import Dispatcher

_P = ParamSpec("_P")
_R = TypeVar("_R")
_F = TypeVar("_F", bound=Callable[..., object])

_Signature: TypeAlias = str | Signature | tuple[types.Type, ...]
_Locals: TypeAlias = Mapping[str, types.Type | str]

@type_check_only
class _Options(TypedDict, total=False):
    debug: bool
    error_model: Literal["python", "numpy"]
    fastmath: bool | set[str]
    forceinline: bool
    inline: Literal["never", "always"] | Callable[..., bool]
    looplift: bool
    no_cfunc_wrapper: bool
    no_cpython_wrapper: bool
    no_rewrites: bool
    nogil: bool
    parallel: bool | dict[str, bool | int]

@type_check_only
class _ModeOptions(_Options, total=False):
    forceobj: bool
    nopython: bool

@type_check_only
class _Wrapper(Protocol):
    def __call__(self, func: Callable[_P, _R], /) -> Dispatcher[_P, _R]: ...

@type_check_only
class _CFuncWrapper(Protocol):
    def __call__(self, func: _F, /) -> CFunc[_F]: ...

# The function comes first: a bare decorator would match a parameter that may also be `Any`, as in Numba's own stub.
@overload
def jit(
    signature_or_function: Callable[_P, _R],
    locals: _Locals = ...,
    cache: bool = ...,
    pipeline_class: type | None = ...,
    boundscheck: bool | None = ...,
    **options: Unpack[_ModeOptions],
) -> Dispatcher[_P, _R]: ...
@overload
def jit(
    signature_or_function: _Signature | list[Any] | None = ...,
    locals: _Locals = ...,
    cache: bool = ...,
    pipeline_class: type | None = ...,
    boundscheck: bool | None = ...,
    **options: Unpack[_ModeOptions],
) -> _Wrapper: ...
@overload
def njit(
    signature_or_function: Callable[_P, _R],
    locals: _Locals = ...,
    cache: bool = ...,
    pipeline_class: type | None = ...,
    boundscheck: bool | None = ...,
    **options: Unpack[_Options],
) -> Dispatcher[_P, _R]: ...
@overload
def njit(
    signature_or_function: _Signature | list[Any] | None = ...,
    locals: _Locals = ...,
    cache: bool = ...,
    pipeline_class: type | None = ...,
    boundscheck: bool | None = ...,
    **options: Unpack[_Options],
) -> _Wrapper: ...
def cfunc(
    sig: _Signature,
    locals: _Locals = ...,
    cache: bool = ...,
    pipeline_class: type | None = ...,
    **options: Unpack[_ModeOptions],
) -> _CFuncWrapper: ...
def jit_module(
    *,
    locals: _Locals = ...,
    cache: bool = ...,
    pipeline_class: type | None = ...,
    boundscheck: bool | None = ...,
    **kwargs: Unpack[_ModeOptions],
) -> None: ...
