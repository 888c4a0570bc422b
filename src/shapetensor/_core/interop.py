"""Between tensors and NumPy arrays, and other libraries' arrays on devices."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .buffers import POOL, Flat
from .cpu import CPU
from .device import Donated, has_elements
from .dtypes import BF16, BY_NAME, F16, AnyDType, names
from .errors import CompileError, DeviceError, DTypeError
from .processor import extent
from .spec import Spec, make_spec

_DLPACK_CPU = 1
_TAKEN = tuple(d for d in BY_NAME.values() if d is not BF16)


def dtype_of(array: NDArray[Any]) -> AnyDType:
    """The dtype of a tensor with this array's elements.

    Raises:
        DTypeError: for element types that no tensor has.
    """
    found = BY_NAME.get(array.dtype.name)
    if found is None or (array.dtype.byteorder not in "=|" and not array.dtype.isnative):
        raise DTypeError(f"NumPy dtype {array.dtype} has no tensor: use array.astype(...) with one of {names(_TAKEN)}")
    return found


def copy_in(array: NDArray[Any], dtype: AnyDType) -> tuple[Flat, Spec]:
    """A buffer of our own with the array's elements."""
    flat = POOL.take(array.size, np.dtype(dtype.storage))
    np.copyto(flat.reshape(array.shape), _bits(array, dtype), casting="no")
    return flat, make_spec(array.shape, dtype, CPU)


def share_in(array: NDArray[Any], dtype: AnyDType) -> tuple[Flat, Spec] | None:
    """The array's own memory as a buffer; None where kernels could not walk it."""
    steps = array.strides
    size = array.itemsize
    if not array.flags.aligned or any(s < 0 or s % size for s in steps) or array.size == 0:
        return None
    strides = tuple(s // size for s in steps)
    count = extent(array.shape, strides)
    # Through the address, since kernels are compiled for writeable arrays; they never write to an input.
    memory = (ctypes.c_char * (count * size)).from_address(array.ctypes.data)
    owner = _Owner(memory, array)
    flat = np.asarray(owner).view(np.dtype(dtype.storage))
    return flat, make_spec(array.shape, dtype, CPU, strides)


class _Owner:
    """Keeps a shared array alive as the owner of the memory that NumPy sees."""

    def __init__(self, memory: Any, array: NDArray[Any]) -> None:
        self._memory, self._array = memory, array
        self.__array_interface__ = {
            "shape": (ctypes.sizeof(memory),),
            "typestr": "|u1",
            "data": (ctypes.addressof(memory), False),
            "version": 3,
        }


def _bits(array: NDArray[Any], dtype: AnyDType) -> NDArray[Any]:
    return array.view(np.uint16) if dtype in (F16, BF16) else array


def view_out(buffer: Any, spec: Spec) -> NDArray[Any]:
    """A read-only view of a CPU tensor.

    Raises:
        CompileError: for a tensor that has no elements, because a function is being recorded or batched.
        DeviceError: for one on another device.
        RuntimeError: for one that was donated.
    """
    if isinstance(spec.device, Donated):
        raise spec.device.error()
    if has_elements(spec.device) and spec.device is not CPU:
        raise DeviceError(f"the tensor is on {spec.device!r}, where NumPy cannot see it: write x.to('cpu').numpy()")
    if spec.device is not CPU:
        raise CompileError(
            f"a tensor on {spec.device!r} has no value to look at while the function is being transformed: "
            "keep it a tensor, or return it"
        )
    strides = tuple(s * spec.dtype.itemsize for s in spec.strides)
    # By way of a read-only export, so that whoever has the array cannot make it writeable again.
    sealed = np.frombuffer(memoryview(buffer).toreadonly(), buffer.dtype) if buffer.size else buffer
    array: NDArray[Any] = np.ndarray(spec.shape, buffer.dtype, sealed, 0, strides)
    array.flags.writeable = False
    if spec.dtype is F16:
        return array.view(np.float16)
    if spec.dtype is BF16:
        raise DTypeError("NumPy has no bfloat16: write x.astype(F32) first")
    return array


def take_in(x: Any, *, shared: bool) -> NDArray[Any]:
    """An array on the memory of what speaks DLPack.

    Raises:
        TypeError: for what does not.
        DeviceError: for what is not on the CPU.
        DTypeError: for element types that NumPy does not have.
        BufferError: where the owner does not export it, or kernels could not walk it although it is to be shared.
    """
    if not (hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__")):
        raise TypeError(f"from_dlpack takes an array that speaks DLPack, not {type(x).__name__}: use st.tensor(data)")
    kind, number = x.__dlpack_device__()
    if kind != _DLPACK_CPU:
        raise DeviceError(f"from_dlpack: the array is on device ({int(kind)}, {number}): move it to the CPU first")
    try:
        array = np.from_dlpack(x)
    except BufferError:
        raise
    except RuntimeError as error:
        raise DTypeError(f"from_dlpack: {error}: convert the array to another dtype first") from None
    if shared and array.size and share_in(array, dtype_of(array)) is None:
        raise BufferError(f"from_dlpack: strides {array.strides} cannot be shared: use copy=True")
    return array
