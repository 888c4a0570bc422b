from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol, TypeVar, overload, type_check_only

from numba.core import types

_F = TypeVar("_F", bound=Callable[..., Any])

class Purpose(Enum):
    argument = 1
    constant = 2

def typeof(val: object, purpose: Purpose = ...) -> types.Type: ...

# A function made by functools.singledispatch.
@type_check_only
class _TypeofImpl(Protocol):
    def __call__(self, val: Any, c: Any) -> types.Type | None: ...
    @overload
    def register(self, cls: type, func: None = ...) -> Callable[[_F], _F]: ...
    @overload
    def register(self, cls: type, func: _F) -> _F: ...
    def dispatch(self, cls: type) -> Callable[..., Any]: ...

typeof_impl: _TypeofImpl
