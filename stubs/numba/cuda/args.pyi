from abc import ABC, abstractmethod
from typing import Any

from .cudadrv.driver import Stream

class ArgHint(ABC):
    value: Any
    def __init__(self, value: Any) -> None: ...
    @abstractmethod
    def to_device(self, retr: list[Any], stream: Stream | int = ...) -> Any: ...

# They stand for the array that they hold, so they are given where the kernel's parameter says array.
# `Any` among the bases lets them.
class In(ArgHint, Any):  # type: ignore[misc]
    def to_device(self, retr: list[Any], stream: Stream | int = ...) -> Any: ...

class Out(ArgHint, Any):  # type: ignore[misc]
    def to_device(self, retr: list[Any], stream: Stream | int = ...) -> Any: ...

class InOut(ArgHint, Any):  # type: ignore[misc]  # codespell:ignore
    def to_device(self, retr: list[Any], stream: Stream | int = ...) -> Any: ...
