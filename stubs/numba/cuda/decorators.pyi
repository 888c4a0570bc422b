from collections.abc import Callable
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypedDict, TypeVar, overload, type_check_only

from numba.core import types
from numba.core.typing.templates import Signature
from typing_extensions import Unpack

from .dispatcher import CUDADispatcher, _DeviceFunction

_P = ParamSpec("_P")
_R = TypeVar("_R")

_Signatures: TypeAlias = str | Signature | tuple[types.Type, ...] | list[Any] | None

@type_check_only
class _Options(TypedDict, total=False):
    extensions: list[Any]
    fastmath: bool
    max_registers: int

@type_check_only
class _Jit(Protocol):
    @overload
    def __call__(self, func: Callable[_P, None], /) -> CUDADispatcher[_P, None]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, func: Callable[_P, _R], /) -> _DeviceFunction[_P, _R]: ...

@type_check_only
class _JitDevice(Protocol):
    def __call__(self, func: Callable[_P, _R], /) -> _DeviceFunction[_P, _R]: ...

# What gives a result can only be a device function, said or not; what gives none is a kernel unless it is said.
# The overloads overlap on purpose: the first that fits is meant.
@overload
def jit(
    func_or_sig: Callable[_P, _R],
    device: Literal[True],
    inline: bool = ...,
    link: list[str] | None = ...,
    debug: bool | None = ...,
    opt: bool = ...,
    lineinfo: bool = ...,
    cache: bool = ...,
    **kws: Unpack[_Options],
) -> _DeviceFunction[_P, _R]: ...
@overload
def jit(  # type: ignore[overload-overlap]
    func_or_sig: Callable[_P, None],
    device: Literal[False] = ...,
    inline: bool = ...,
    link: list[str] | None = ...,
    debug: bool | None = ...,
    opt: bool = ...,
    lineinfo: bool = ...,
    cache: bool = ...,
    **kws: Unpack[_Options],
) -> CUDADispatcher[_P, None]: ...
@overload
def jit(
    func_or_sig: Callable[_P, _R],
    device: Literal[False] = ...,
    inline: bool = ...,
    link: list[str] | None = ...,
    debug: bool | None = ...,
    opt: bool = ...,
    lineinfo: bool = ...,
    cache: bool = ...,
    **kws: Unpack[_Options],
) -> _DeviceFunction[_P, _R]: ...
@overload
def jit(
    func_or_sig: _Signatures = ...,
    *,
    device: Literal[True],
    inline: bool = ...,
    link: list[str] | None = ...,
    debug: bool | None = ...,
    opt: bool = ...,
    lineinfo: bool = ...,
    cache: bool = ...,
    **kws: Unpack[_Options],
) -> _JitDevice: ...
@overload
def jit(
    func_or_sig: _Signatures = ...,
    device: Literal[False] = ...,
    inline: bool = ...,
    link: list[str] | None = ...,
    debug: bool | None = ...,
    opt: bool = ...,
    lineinfo: bool = ...,
    cache: bool = ...,
    **kws: Unpack[_Options],
) -> _Jit: ...

# Code from elsewhere, so its parameters are known to the signature only.
def declare_device(name: str, sig: str | Signature) -> Callable[..., Any]: ...
