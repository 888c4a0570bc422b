from collections.abc import Callable
from typing import Any, Generic, ParamSpec

from numba.core.types import Type
from numba.core.typing.templates import Signature

_P = ParamSpec("_P")

# Not generic at run time.
class GUFunc(Generic[_P]):
    __name__: str
    __wrapped__: Callable[_P, None]
    def __init__(
        self,
        py_func: Callable[_P, None],
        signature: str,
        identity: int | str | None = ...,
        cache: bool | None = ...,
        is_dynamic: bool = ...,
        targetoptions: dict[str, Any] | None = ...,
        writable_args: tuple[int | str, ...] = ...,
    ) -> None: ...
    # Broadcasts, and makes the outputs that are not given: not the function's own parameters.
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    @property
    def is_dynamic(self) -> bool: ...
    @property
    def nin(self) -> int: ...  # codespell:ignore nin
    @property
    def nout(self) -> int: ...
    @property
    def nargs(self) -> int: ...
    @property
    def ntypes(self) -> int: ...
    @property
    def types(self) -> list[str]: ...
    @property
    def identity(self) -> Any: ...
    @property
    def signature(self) -> str: ...
    def add(self, fty: str | Signature | tuple[Type, ...]) -> None: ...
    def build_ufunc(self) -> GUFunc[_P]: ...
    def disable_compile(self) -> None: ...
    def expected_ndims(self) -> tuple[tuple[int, ...], tuple[int, ...]]: ...
