from collections.abc import Callable
from typing import Any, TypeVar

from numba.core import types

from .models import DataModel

_M = TypeVar("_M", bound=type[DataModel])

default_manager: Any

def register(dmm: Any, typecls: type[types.Type]) -> Callable[[_M], _M]: ...
def register_default(typecls: type[types.Type]) -> Callable[[_M], _M]: ...
