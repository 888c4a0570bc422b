"""What may stand after `with` in compiled code."""

from typing import Any, Self

class WithContext:
    is_callable: bool
    def __enter__(self) -> Any: ...
    # Nothing is swallowed, so what follows the block is reachable only if the block ends.
    def __exit__(self, typ: Any, val: Any, tb: Any) -> None: ...

class _ObjModeContextType(WithContext):
    # `with objmode(y="float64[:]"):` names the variables that leave the block, with their types.
    def __call__(self, *args: Any, **kwargs: Any) -> Self: ...

class _ParallelChunksize(WithContext):
    def __call__(self, *args: int) -> Self: ...

objmode_context: _ObjModeContextType
parallel_chunksize: _ParallelChunksize
