from collections.abc import Callable
from typing import Any

from numba.cuda.cudadrv.driver import Stream

class Reduce:
    def __init__(self, functor: Callable[[Any, Any], Any]) -> None: ...
    def __call__(
        self, arr: Any, size: int | None = ..., res: Any = ..., init: Any = ..., stream: Stream | int = ...
    ) -> Any: ...
