from collections.abc import Callable
from typing import Any, TypeVar, overload

from numba.core import types

_F = TypeVar("_F", bound=Callable[..., types.Type | None])

class AsNumbaTypeRegistry:
    def __call__(self, py_type: Any) -> types.Type: ...
    def infer(self, py_type: Any) -> types.Type: ...
    def try_infer(self, py_type: Any) -> types.Type | None: ...
    @overload
    def register(self, func_or_py_type: type, numba_type: types.Type) -> None: ...
    @overload
    def register(self, func_or_py_type: _F, numba_type: None = ...) -> _F: ...

as_numba_type: AsNumbaTypeRegistry
