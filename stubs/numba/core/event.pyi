import abc
from typing import Any

class Event:
    @property
    def data(self) -> Any: ...

class Listener(abc.ABC):
    @abc.abstractmethod
    def on_start(self, event: Event) -> None: ...
    @abc.abstractmethod
    def on_end(self, event: Event) -> None: ...

def register(kind: str, listener: Listener) -> None: ...
