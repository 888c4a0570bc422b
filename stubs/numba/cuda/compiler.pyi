"""Compilation without a launch; all but the function for the current device do without one."""

from collections.abc import Callable
from typing import Any, Literal

from numba.core import types
from numba.core.typing.templates import Signature

def compile(
    pyfunc: Callable[..., object],
    sig: str | Signature | tuple[types.Type, ...],
    debug: bool = ...,
    lineinfo: bool = ...,
    device: bool = ...,
    fastmath: bool = ...,
    cc: tuple[int, int] | None = ...,
    opt: bool = ...,
    abi: Literal["c", "numba"] = ...,
    abi_info: dict[str, str] | None = ...,
    output: Literal["ptx", "ltoir"] = ...,
) -> tuple[Any, types.Type]: ...
def compile_for_current_device(
    pyfunc: Callable[..., object],
    sig: str | Signature | tuple[types.Type, ...],
    debug: bool = ...,
    lineinfo: bool = ...,
    device: bool = ...,
    fastmath: bool = ...,
    opt: bool = ...,
    abi: Literal["c", "numba"] = ...,
    abi_info: dict[str, str] | None = ...,
    output: Literal["ptx", "ltoir"] = ...,
) -> tuple[Any, types.Type]: ...
def compile_ptx(
    pyfunc: Callable[..., object],
    sig: str | Signature | tuple[types.Type, ...],
    debug: bool = ...,
    lineinfo: bool = ...,
    device: bool = ...,
    fastmath: bool = ...,
    cc: tuple[int, int] | None = ...,
    opt: bool = ...,
    abi: Literal["c", "numba"] = ...,
    abi_info: dict[str, str] | None = ...,
) -> tuple[str, types.Type]: ...
def compile_ptx_for_current_device(
    pyfunc: Callable[..., object],
    sig: str | Signature | tuple[types.Type, ...],
    debug: bool = ...,
    lineinfo: bool = ...,
    device: bool = ...,
    fastmath: bool = ...,
    opt: bool = ...,
    abi: Literal["c", "numba"] = ...,
    abi_info: dict[str, str] | None = ...,
) -> tuple[str, types.Type]: ...
