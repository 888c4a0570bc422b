"""What leaves a tensor: Python numbers, NumPy arrays, text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .._core.apply import apply, on_device
from .._core.device import as_device, has_elements, processor_of
from .._core.doubt import Undecidable
from .._core.dtypes import BF16, BY_NAME, F16, F32, DType, Integer
from .._core.errors import CompileError, DeviceError, ShapeError
from .._core.ops.movement import to_device
from .base import DT, Base, Shape
from .hints import METHODS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..tensor import AnyTensor, Tensor


class Export(Base[DT, *Shape]):
    """Looking at the elements."""

    __slots__ = ()
    # NumPy leaves `ndarray + tensor` and `np.float32(2) * tensor` to us, where promotion is ours.
    __array_ufunc__ = None

    def numpy(self) -> NDArray[Any]:
        """A read-only NumPy view of the elements; `.copy()` it to write."""
        if self._spec.device.name == "abstract":
            raise Undecidable("it depends on the elements of a tensor")
        from .._core.interop import view_out

        return view_out(self._buffer, self._spec)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"{self.dtype.__name__} cannot be seen as {dtype} without a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule for `torch.from_dlpack` and others: of a copy, since they may write, unless `copy=False`."""
        if stream is not None or dl_device not in (None, (1, 0)):
            raise BufferError(f"__dlpack__: the tensor is on the CPU, not on {dl_device} with stream {stream}")
        array = self.numpy()
        return (array if copy is False else array.copy()).__dlpack__(max_version=max_version)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """What CuPy, Numba, torch and others read to see the elements of a tensor on a CUDA device without a copy.

        They must not write there. Version 3 of the protocol: readers wait for the stream on which we compute.
        """
        where = self._spec.device
        if not hasattr(where, "interface"):
            raise AttributeError(f"__cuda_array_interface__: the tensor is on {where!r}, not on a CUDA device")
        if self.dtype is BF16:
            raise AttributeError("__cuda_array_interface__: it has no bfloat16: write x.astype(F32) first")
        found: dict[str, Any] = where.interface(self._buffer, self._spec)
        return found

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's numbers of the CPU."""
        return self.numpy().__dlpack_device__()

    def to(self, device: Any) -> Tensor[DT, *Shape]:
        """The tensor on a device, "cpu", "cuda:0" or an object; it is returned as it is where it is there already.

        Gradients flow back to the device that it came from.

        Raises:
            DeviceError: for a device that this version or this machine does not have.
            CompileError: in a function that is compiled or mapped, for another device than its own.
        """
        if isinstance(device, type) or (isinstance(device, str) and device in BY_NAME):
            name = getattr(device, "__name__", device)
            raise DeviceError(f"to: {name} is a dtype, not a device: write x.astype({name!r})".replace("'", '"'))
        target, here = as_device(device), self.device
        if target.depth > here.depth:
            return on_device(self, target)  # type: ignore[no-any-return]
        if target is here or target is processor_of(here):  # a recorder stands for the device that will run the program
            return self  # type: ignore[return-value]
        if not has_elements(here):
            raise CompileError(f"to: a compiled or mapped function cannot move tensors to {target!r}: do it outside")
        return apply(to_device, (self,), (target,))

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.size != 1:
            raise ShapeError(f"item: a tensor of shape {self.shape} has {self.size} elements, not 1")
        return self._shown(BF16).numpy().item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self._shown(BF16).numpy().tolist()

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(
                f"bool: a tensor of shape {self.shape} has {self.size} elements, not 1: write x.any() or x.all(), "
                "and & | ~ for and, or, not"
            )
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __index__(self) -> int:
        if not issubclass(self.dtype, Integer):
            raise TypeError(f"a tensor of {self.dtype.__name__} is not an index: use an integer tensor")
        return int(self.item())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._spec.shape[0]

    def __iter__(self) -> Iterator[AnyTensor]:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self._any.unstack())

    def __contains__(self, item: object) -> bool:
        raise TypeError("`in` is not defined for tensors: write (x == value).any()")

    def __setitem__(self, key: object, value: object) -> None:
        raise TypeError(
            "tensors are immutable: for a changed copy use x.at[key].set(value), or st.where(condition, value, x)"
        )

    def __delitem__(self, key: object) -> None:
        raise TypeError("tensors are immutable: use slices and st.concat for one with fewer elements")

    def __copy__(self) -> Tensor[DT, *Shape]:
        return self  # type: ignore[return-value]

    def __deepcopy__(self, memo: object) -> Tensor[DT, *Shape]:
        return self  # type: ignore[return-value]

    def __reduce__(self) -> tuple[Any, ...]:
        """Elements and dtype; tapes stay behind, since they belong to their thread."""
        return _unpickled, (self._shown(BF16).numpy(), self.dtype.name)

    def __repr__(self) -> str:
        kind = ", ".join([self.dtype.__name__, *map(str, self._spec.shape)])
        where = "" if self.device.name == "cpu" else f" on {self.device!r}"
        if not has_elements(self.device):
            return f"Tensor[{kind}]{where}"
        import numpy as np

        head = f"Tensor[{kind}]("
        body = np.array2string(self._shown(F16, BF16).numpy(), separator=", ", prefix=head)
        return f"{head}{body}{', traced' if self._marks else ''}){where}"

    def _shown(self, *narrow: type[DType]) -> AnyTensor:
        """The same values where NumPy sees them, as F32 if they are of one of these dtypes."""
        x = self._any
        device = x._spec.device
        if device.name != "cpu" and has_elements(device):
            x = x._marked(()).to("cpu")
        return x.astype(F32) if x._spec.dtype in narrow else x

    def _repr_html_(self) -> str:
        from .html import table

        return table(self._any)

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if name not in METHODS]

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)


def _unpickled(array: NDArray[Any], dtype: str) -> AnyTensor:
    from .._core.apply import tensors_make
    from .._core.interop import copy_in, dtype_of

    x: AnyTensor = tensors_make()(*copy_in(array, dtype_of(array)), ())
    return x if x.dtype.name == dtype else x.astype(dtype)
