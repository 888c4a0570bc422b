"""What `@jit` and `@njit` make of a function."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, Concatenate, Generic, Literal, NamedTuple, ParamSpec, TypeAlias, TypeVar, overload

from _typeshed import SupportsWrite
from numba.core import types
from numba.core.typing.templates import Signature

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)
_Self = TypeVar("_Self")

_Types: TypeAlias = tuple[types.Type, ...]

class _CompileStats(NamedTuple):
    cache_path: str | None
    cache_hits: Counter[Any]
    cache_misses: Counter[Any]

# Not generic at run time: an annotation that names its parameters is a string there.
class Dispatcher(Generic[_P, _R_co]):
    __name__: str
    __qualname__: str
    __wrapped__: Callable[_P, _R_co]
    py_func: Callable[_P, _R_co]
    overloads: OrderedDict[_Types, Any]
    targetoptions: dict[str, Any]
    locals: dict[str, Any]
    typingctx: Any
    targetctx: Any
    @property
    def signatures(self) -> list[_Types]: ...
    @property
    def nopython_signatures(self) -> list[Signature]: ...
    @property
    def stats(self) -> _CompileStats: ...
    @property
    def is_compiling(self) -> object: ...  # true while a compilation runs
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    @overload
    def __get__(self: _Self, obj: None, objtype: type | None = ...) -> _Self: ...
    @overload
    def __get__(
        self: Dispatcher[Concatenate[Any, _Q], _R], obj: object, objtype: type | None = ...
    ) -> Callable[_Q, _R]: ...
    def compile(self, sig: str | Signature | _Types) -> Callable[_P, _R_co]: ...
    def recompile(self) -> None: ...
    def disable_compile(self, val: bool = ...) -> None: ...
    def enable_caching(self) -> None: ...
    def get_overload(self, sig: str | Signature | _Types) -> Callable[_P, _R_co]: ...
    def get_compile_result(self, sig: Signature) -> Any: ...
    @overload
    def get_metadata(self, signature: None = ...) -> dict[_Types, dict[str, Any]]: ...
    @overload
    def get_metadata(self, signature: _Types) -> dict[str, Any]: ...
    @overload
    def inspect_llvm(self, signature: None = ...) -> dict[_Types, str]: ...
    @overload
    def inspect_llvm(self, signature: _Types) -> str: ...
    @overload
    def inspect_asm(self, signature: None = ...) -> dict[_Types, str]: ...
    @overload
    def inspect_asm(self, signature: _Types) -> str: ...
    @overload
    def inspect_types(
        self,
        file: SupportsWrite[str] | None = ...,
        signature: _Types | None = ...,
        pretty: Literal[False] = ...,
        style: str = ...,
    ) -> None: ...
    @overload
    def inspect_types(
        self, file: None = ..., signature: _Types | None = ..., *, pretty: Literal[True], style: str = ...
    ) -> Any: ...
    def inspect_cfg(
        self, signature: _Types | None = ..., show_wrapper: Literal["python", "cfunc"] | None = ..., **kwargs: Any
    ) -> Any: ...
    def inspect_disasm_cfg(self, signature: _Types | None = ...) -> Any: ...
    def parallel_diagnostics(self, signature: _Types | None = ..., level: int = ...) -> None: ...
