from collections.abc import Callable
from typing import Any, Literal, Protocol, TypedDict, overload, type_check_only

from typing_extensions import Unpack

class StencilFunc:
    neighborhood: Any
    # The kernel is written for one element; a call takes the arrays and an optional `out`, and gives an array.
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

@type_check_only
class _Wrapper(Protocol):
    def __call__(self, func: Callable[..., object], /) -> StencilFunc: ...

@type_check_only
class _Options(TypedDict, total=False):
    cval: complex
    neighborhood: tuple[tuple[int, int], ...]
    standard_indexing: tuple[str, ...] | list[str]

@overload
def stencil(func_or_mode: Callable[..., object], **options: Unpack[_Options]) -> StencilFunc: ...
@overload
def stencil(func_or_mode: Literal["constant"] = ..., **options: Unpack[_Options]) -> _Wrapper: ...
