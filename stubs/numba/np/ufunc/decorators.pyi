"""`@vectorize` and `@guvectorize`."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypedDict, TypeVar, overload, type_check_only

import numpy as np
from numba.core import types
from numba.core.typing.templates import Signature
from typing_extensions import Unpack

from .dufunc import DUFunc
from .gufunc import GUFunc

_P = ParamSpec("_P")
_R = TypeVar("_R")

_Signatures: TypeAlias = str | Iterable[str | Signature | tuple[types.Type, ...]]

@type_check_only
class _Options(TypedDict, total=False):
    cache: bool
    fastmath: bool | set[str]
    forceobj: bool
    identity: int | str | None
    nopython: bool

@type_check_only
class _GUOptions(_Options, total=False):
    writable_args: tuple[int | str, ...]

@type_check_only
class _Vectorized(Protocol):
    def __call__(self, func: Callable[_P, _R], /) -> DUFunc[_P, _R]: ...

@type_check_only
class _GUVectorized(Protocol):
    def __call__(self, func: Callable[_P, None], /) -> GUFunc[_P]: ...

@overload
def vectorize(
    ftylist_or_function: Callable[_P, _R], *, target: Literal["cpu"] = ..., **kws: Unpack[_Options]
) -> DUFunc[_P, _R]: ...
@overload
def vectorize(
    ftylist_or_function: _Signatures = ..., *, target: Literal["cpu"] = ..., **kws: Unpack[_Options]
) -> _Vectorized: ...

# Another target makes another thing: "parallel" a ufunc of NumPy, "cuda" a function of arrays on the device.
@overload
def vectorize(
    ftylist_or_function: _Signatures = ..., *, target: Literal["parallel"], **kws: Unpack[_Options]
) -> Callable[[Callable[..., object]], np.ufunc]: ...
@overload
def vectorize(
    ftylist_or_function: _Signatures = ..., *, target: str, **kws: Unpack[_Options]
) -> Callable[[Callable[..., Any]], Any]: ...
@overload
def guvectorize(
    ftylist: _Signatures, signature: str, /, *, target: Literal["cpu"] = ..., **kwargs: Unpack[_GUOptions]
) -> _GUVectorized: ...
@overload
def guvectorize(signature: str, /, *, target: Literal["cpu"] = ..., **kwargs: Unpack[_GUOptions]) -> _GUVectorized: ...
@overload
def guvectorize(
    ftylist: _Signatures, signature: str, /, *, target: Literal["parallel"], **kwargs: Unpack[_GUOptions]
) -> Callable[[Callable[..., None]], np.ufunc]: ...
@overload
def guvectorize(
    ftylist: _Signatures, signature: str, /, *, target: str, **kwargs: Unpack[_GUOptions]
) -> Callable[[Callable[..., None]], Any]: ...
