"""Tensors from data, and tensors of one value or of numbers in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from .._core.abstract import ABSTRACT, abstract_tensor
from .._core.apply import apply
from .._core.device import as_device, current
from .._core.dims import UNKNOWN, Dim, Poly
from .._core.doubt import Undecidable
from .._core.dtypes import (
    F32,
    F64,
    I32,
    I64,
    AnyDType,
    Bool,
    Float,
    Integer,
    WeakBool,
    WeakInt,
    as_dtype,
    promote,
    weak_dtype,
    zero_of,
)
from .._core.errors import DTypeError, ShapeError
from .._core.ops import creation as ops
from .._core.ops import elementwise
from .._core.ranges import range_length
from ..methods.base import DT, Shape
from ..methods.movement import as_shape
from ..tensor import AnyTensor, Tensor
from .operands import operand

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tensor(data: Any, dtype: AnyDType | str | None = None, device: Any = None) -> AnyTensor:
    """A tensor with the elements of a Python number, nested lists, a NumPy array or another tensor.

    Shape: that of the data.

    Dtypes: float literals become F32, ints I64, bools Bool; NumPy arrays keep their dtype, so that float64 stays F64.
    With `dtype` the elements are converted as by `astype`; Python ints must lie within its range.

    Elements are copied, except those of a tensor: it never changes, so it is returned as it is, tapes included. While a
    function is recorded the result is a constant of the recording, unless `device` says otherwise.

    Args:
        data: what to copy; objects with `__array__` count as NumPy arrays.
        dtype: the element type; None: the one above.
        device: where the tensor shall be; None: the CPU.

    Raises:
        ShapeError: for nested lists that have no common shape.
        DTypeError: for elements that no tensor can have, such as strings and complex numbers.
        OverflowError: for a Python int outside the range of the dtype.

    Example:
        >>> import numpy as np
        >>> import shapetensor as st
        >>> st.tensor([[1, 2], [3, 4]])
        Tensor[I64, 2, 2]([[1, 2],
                           [3, 4]])
        >>> st.tensor([1, 2.5]).dtype.__name__, st.tensor(np.ones(2)).dtype.__name__
        ('F32', 'F64')
    """
    wanted = None if dtype is None else as_dtype(dtype)
    out = data if isinstance(data, Tensor) else _from_data(data, wanted)
    if wanted is not None and out.dtype is not wanted:
        out = out.astype(wanted)
    return out if device is None else _placed(out, device)


def asarray(data: Any, dtype: AnyDType | str | None = None, device: Any = None) -> AnyTensor:
    """The data as a tensor, as `tensor` makes it: the Array API's name for it.

    Shape: that of the data.

    Raises:
        ShapeError, DTypeError, OverflowError: as `tensor`.

    Example:
        >>> import shapetensor as st
        >>> x = st.asarray([1.0, 2.0])
        >>> st.asarray(x) is x
        True
    """
    return tensor(data, dtype, device)


def from_numpy(array: NDArray[Any], *, copy: bool = True) -> AnyTensor:
    """A tensor with the shape, dtype and elements of a NumPy array.

    Shape: that of the array.

    Dtypes: bool, uint8, int8, int32, uint32, int64, float16, float32, float64, in the byte order of the machine.

    Args:
        array: the elements.
        copy: False shares the array's memory where kernels can walk it (aligned, strides not negative), and copies
            elsewhere. Do not write to a shared array: tensors are taken never to change.

    Raises:
        TypeError: for what is no NumPy array.
        DTypeError: for element types that no tensor has.

    Example:
        >>> import numpy as np
        >>> import shapetensor as st
        >>> st.from_numpy(np.arange(3, dtype=np.int32))
        Tensor[I32, 3]([0, 1, 2])
        >>> array = np.ones(2)
        >>> np.shares_memory(st.from_numpy(array, copy=False).numpy(), array)
        True
    """
    import numpy as np

    from .._core.interop import dtype_of, share_in

    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy takes a NumPy array, not {type(array).__name__}: use st.tensor(data)")
    shared = None if copy else share_in(array, dtype_of(array))
    return _copied(array) if shared is None else Tensor._make(*shared, ())


@overload
def zeros(shape: int | Sequence[int], *, dtype: AnyDType | str = F32, device: Any = None) -> AnyTensor: ...
@overload
def zeros(shape: tuple[*Shape], *, dtype: AnyDType | str = F32, device: Any = None) -> Tensor[Any, *Shape]: ...
def zeros(shape: Any, *, dtype: AnyDType | str = F32, device: Any = None) -> Any:
    """A tensor of zeros.

    Shape: `() -> shape`; an int is the size of the only axis.

    Dtypes: any; F32 where none is given.

    Raises:
        ShapeError: for a negative size.
        MemoryError: if there is no room, with the number of bytes.

    Example:
        >>> import shapetensor as st
        >>> st.zeros((2, 3))
        Tensor[F32, 2, 3]([[0., 0., 0.],
                           [0., 0., 0.]])
    """
    dtype = as_dtype(dtype)
    return _filled("zeros", shape, zero_of(dtype), dtype, device)


@overload
def ones(shape: int | Sequence[int], *, dtype: AnyDType | str = F32, device: Any = None) -> AnyTensor: ...
@overload
def ones(shape: tuple[*Shape], *, dtype: AnyDType | str = F32, device: Any = None) -> Tensor[Any, *Shape]: ...
def ones(shape: Any, *, dtype: AnyDType | str = F32, device: Any = None) -> Any:
    """A tensor of ones.

    Shape: `() -> shape`; an int is the size of the only axis.

    Dtypes: any; F32 where none is given.

    Raises:
        ShapeError: for a negative size.
        MemoryError: if there is no room, with the number of bytes.

    Example:
        >>> import shapetensor as st
        >>> st.ones(3, dtype=st.I64)
        Tensor[I64, 3]([1, 1, 1])
    """
    return _filled("ones", shape, 1, as_dtype(dtype), device)


@overload
def full(
    shape: int | Sequence[int], fill_value: float, *, dtype: AnyDType | str = F32, device: Any = None
) -> AnyTensor: ...
@overload
def full(
    shape: tuple[*Shape], fill_value: float, *, dtype: AnyDType | str = F32, device: Any = None
) -> Tensor[Any, *Shape]: ...
def full(shape: Any, fill_value: float, *, dtype: AnyDType | str = F32, device: Any = None) -> Any:
    """A tensor whose elements are all one value.

    Shape: `() -> shape`; an int is the size of the only axis.

    Dtypes: any; F32 where none is given, whatever the value.

    Args:
        shape: sizes of the axes.
        fill_value: a Python number; to stretch a tensor write `x.broadcast_to(shape)`.
        dtype: the element type.
        device: where the tensor shall be; None: the device of the function being recorded, else the CPU.

    Raises:
        ShapeError: for a negative size.
        DTypeError: for a fill value that is no number.
        OverflowError: for an int outside the range of the dtype.
        MemoryError: if there is no room, with the number of bytes.

    Example:
        >>> import shapetensor as st
        >>> st.full((2,), 0.5)
        Tensor[F32, 2]([0.5, 0.5])
    """
    return _filled("full", shape, fill_value, as_dtype(dtype), device)


def zeros_like(
    x: Tensor[Any, *Shape], /, *, dtype: AnyDType | str | None = None, device: Any = None
) -> Tensor[Any, *Shape]:
    """Zeros of a tensor's shape, dtype and device.

    Shape: `(...) -> (...)`.

    Dtypes: that of x, unless `dtype` says otherwise.

    Raises:
        DTypeError: where x is no tensor.

    Example:
        >>> import shapetensor as st
        >>> st.zeros_like(st.tensor([1, 2, 3]))
        Tensor[I64, 3]([0, 0, 0])
    """
    return _like("zeros_like", x, 0, dtype, device)


def ones_like(
    x: Tensor[Any, *Shape], /, *, dtype: AnyDType | str | None = None, device: Any = None
) -> Tensor[Any, *Shape]:
    """Ones of a tensor's shape, dtype and device.

    Shape: `(...) -> (...)`.

    Dtypes: that of x, unless `dtype` says otherwise.

    Raises:
        DTypeError: where x is no tensor.

    Example:
        >>> import shapetensor as st
        >>> st.ones_like(st.tensor([1, 2, 3]), dtype=st.F32)
        Tensor[F32, 3]([1., 1., 1.])
    """
    return _like("ones_like", x, 1, dtype, device)


def full_like(
    x: Tensor[Any, *Shape], /, fill_value: float, *, dtype: AnyDType | str | None = None, device: Any = None
) -> Tensor[Any, *Shape]:
    """One value in a tensor's shape, dtype and device.

    Shape: `(...) -> (...)`.

    Dtypes: that of x, unless `dtype` says otherwise.

    Raises:
        DTypeError: where x is no tensor, or the fill value no number.
        OverflowError: for an int outside the range of the dtype.

    Example:
        >>> import shapetensor as st
        >>> st.full_like(st.zeros(2), 7.0)
        Tensor[F32, 2]([7., 7.])
    """
    return _like("full_like", x, fill_value, dtype, device)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> AnyTensor:
    """A tensor with the elements of an array of another library, such as torch, JAX or NumPy, that speaks DLPack.

    Shape: that of the array.

    Dtypes: as for `from_numpy`; bfloat16 goes by way of another dtype.

    Args:
        x: the array.
        device: where the tensor shall be; None: the CPU.
        copy: False shares the array's memory, which must not be written to afterwards: tensors are taken never to
            change. None and True copy.

    Raises:
        TypeError: for what does not speak DLPack.
        DTypeError: for element types that no tensor has.
        DeviceError: for an array that is not on the CPU.
        BufferError: with `copy=False` where the memory cannot be shared, and for what the other library does not
            export.

    Example:
        >>> import shapetensor as st
        >>> import numpy as np
        >>> st.from_dlpack(np.arange(3))
        Tensor[I64, 3]([0, 1, 2])
    """
    from .._core.interop import take_in

    if isinstance(x, Tensor):
        return x if device is None else _placed(x, device)
    out = from_numpy(take_in(x, shared=copy is False), copy=copy is not False)
    return out if device is None else _placed(out, device)


def arange(
    start: float,
    /,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: AnyDType | str | None = None,
    device: Any = None,
) -> AnyTensor:
    """Evenly spaced numbers from start up to but without stop: `start + i * step`.

    Shape: `() -> (n)`; one argument is the stop.

    Dtypes: I64 for ints, F32 where one is a float, unless `dtype` says otherwise.

    Raises:
        ValueError: for a step of 0, and for bounds that are not finite.
        DTypeError: for bounds that are no Python numbers, and Bool.
        OverflowError: for numbers outside the range of the dtype.

    Example:
        >>> import shapetensor as st
        >>> st.arange(4)
        Tensor[I64, 4]([0, 1, 2, 3])
        >>> st.arange(0.0, 1.0, 0.25)
        Tensor[F32, 4]([0.  , 0.25, 0.5 , 0.75])
    """
    if stop is None:
        start, stop = 0, start
    numbers: tuple[Any, ...] = (start, stop, step)
    kinds = [weak_dtype(v) for v in numbers]
    if None in kinds or WeakBool in kinds:
        raise DTypeError(f"arange: {numbers} are not all Python numbers: the size of a tensor cannot depend on tensors")
    whole = kinds == [WeakInt] * 3
    wanted = (I64 if whole else F32) if dtype is None else as_dtype(dtype)
    if step == 0:
        raise ValueError(f"arange: the step from {start} to {stop} is 0")
    n: Any = range_length(*numbers) if whole else _steps(start, stop, step)
    return _numbered(start, step, n, wanted, device)


def linspace(
    start: float, stop: float, /, num: int, *, dtype: AnyDType | str = F32, device: Any = None, endpoint: bool = True
) -> AnyTensor:
    """So many numbers from start to stop at equal distances; both ends are exact.

    Shape: `() -> (num)`.

    Dtypes: floats; F32 where none is given. Computed in F64 and rounded once.

    Args:
        start: the first number.
        stop: the last number, or the one behind the last.
        num: how many.
        dtype: the element type.
        device: where the tensor shall be; None: the device of the function being recorded, else the CPU.
        endpoint: whether `stop` is the last number.

    Raises:
        ShapeError: for a negative number of elements.
        DTypeError: for dtypes that are no floats.

    Example:
        >>> import shapetensor as st
        >>> st.linspace(0.0, 1.0, 5)
        Tensor[F32, 5]([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    wanted, n = as_dtype(dtype), as_shape(num)[0]
    if not issubclass(wanted, Float):
        raise DTypeError(f"linspace: {wanted.__name__} has no fractions: use a float dtype, or st.arange")
    if n < 0:
        raise ShapeError(f"linspace: the number of elements {n} is negative")
    step = (stop - start) / max(n - 1 if endpoint else n, 1)
    out = _numbered(float(start), step, n, F64, device)
    if endpoint and n > 1:
        out = apply(elementwise.where, (_numbered(0, 1, n, I64, device) == n - 1, float(stop), out))
    return out.astype(wanted)


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: AnyDType | str = F32, device: Any = None
) -> AnyTensor:
    """Ones on a diagonal, and zeros elsewhere.

    Shape: `() -> (n_rows, n_cols)`, a square where only one is given.

    Dtypes: any; F32 where none is given.

    Args:
        n_rows: number of rows.
        n_cols: number of columns.
        k: which diagonal: 0 the main one, above it positive, below it negative.
        dtype: the element type.
        device: where the tensor shall be; None: the device of the function being recorded, else the CPU.

    Raises:
        ShapeError: for a negative size.

    Example:
        >>> import shapetensor as st
        >>> st.eye(3)
        Tensor[F32, 3, 3]([[1., 0., 0.],
                           [0., 1., 0.],
                           [0., 0., 1.]])
        >>> st.eye(2, 3, k=1, dtype=st.I64)
        Tensor[I64, 2, 3]([[0, 1, 0],
                           [0, 0, 1]])
    """
    shape = as_shape((n_rows, n_rows if n_cols is None else n_cols))
    if any(n < 0 for n in shape):
        raise ShapeError(f"eye: {shape} has a negative size")
    rows, columns = _places(shape, device)
    return (rows + k == columns).astype(dtype)


def tril(x: Tensor[DT, *Shape], /, *, k: int = 0) -> Tensor[DT, *Shape]:
    """The elements on and below a diagonal, and zeros above it.

    Shape: `(..., m, n) -> (..., m, n)`.

    Dtypes: any that computes; kept.

    Args:
        x: a matrix, or several behind leading axes.
        k: which diagonal: 0 the main one, above it positive, below it negative.

    Raises:
        ShapeError: if x has fewer than 2 axes.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.tril(st.tensor([[1, 2, 3], [4, 5, 6]]))
        Tensor[I64, 2, 3]([[1, 0, 0],
                           [4, 5, 0]])
    """
    source = _matrices("tril", x)
    rows, columns = _places(source.shape[-2:], None)
    return apply(elementwise.where, (rows + k >= columns, source, zero_of(source.dtype)))


def triu(x: Tensor[DT, *Shape], /, *, k: int = 0) -> Tensor[DT, *Shape]:
    """The elements on and above a diagonal, and zeros below it.

    Shape: `(..., m, n) -> (..., m, n)`.

    Dtypes: any that computes; kept.

    Args:
        x: a matrix, or several behind leading axes.
        k: which diagonal: 0 the main one, above it positive, below it negative.

    Raises:
        ShapeError: if x has fewer than 2 axes.
        DTypeError: for storage dtypes.

    Example:
        >>> import shapetensor as st
        >>> st.triu(st.tensor([[1, 2, 3], [4, 5, 6]]))
        Tensor[I64, 2, 3]([[1, 2, 3],
                           [0, 5, 6]])
    """
    source = _matrices("triu", x)
    rows, columns = _places(source.shape[-2:], None)
    return apply(elementwise.where, (rows + k <= columns, source, zero_of(source.dtype)))


def _matrices(name: str, x: Any) -> AnyTensor:
    source = operand(name, x)
    if source.ndim < 2:
        raise ShapeError(f"{name}: {source.shape} is no matrix: it has {source.ndim} axes, and needs 2 or more")
    return source


def _places(shape: tuple[int, ...], device: Any) -> tuple[AnyTensor, AnyTensor]:
    """The numbers of the rows, as a column, and those of the columns."""
    return _numbered(0, 1, shape[0], I64, device).expand_dims(1), _numbered(0, 1, shape[1], I64, device)


def _steps(start: float, stop: float, step: float) -> Dim:
    if any(isinstance(v, Poly) for v in (start, stop, step)):
        return UNKNOWN
    if not all(map(math.isfinite, (start, stop, step))):
        raise ValueError(f"arange: {(start, stop, step)} are not all finite")
    return max(math.ceil((stop - start) / step), 0)


def _numbered(start: float, step: float, n: int, dtype: AnyDType, device: Any) -> AnyTensor:
    """`start + i * step` in any dtype but Bool."""
    if dtype is Bool:
        raise DTypeError("arange: Bool has no such numbers: use an integer or float dtype")
    if issubclass(dtype, Integer) and n:
        first = start if isinstance(start, Poly) else int(start)
        distance = step if isinstance(step, Poly) else int(step)
        for value in (first, first + (n - 1) * distance):
            if not dtype.low <= value <= dtype.high:
                raise OverflowError(
                    f"arange: {value} is out of range for {dtype.__name__} ({dtype.low} to {dtype.high})"
                )
    exact = dtype if dtype in (F32, F64, I32, I64) else F32 if issubclass(dtype, Float) else I64
    out: AnyTensor = apply(ops.arange, (start, step), (n, exact, as_device(device)))
    return out if exact is dtype else out.astype(dtype)


def _filled(name: str, shape: Any, value: Any, dtype: AnyDType, device: Any) -> AnyTensor:
    sizes = as_shape(shape)
    if any(n < 0 for n in sizes):
        raise ShapeError(f"{name}: {sizes} has a negative size")
    if isinstance(value, Tensor):
        raise DTypeError(f"{name}: the value is a tensor, not a Python number: write x.broadcast_to({sizes})")
    return apply(ops.full, (value,), (sizes, dtype, as_device(device)))


def _like(name: str, like: Any, value: Any, dtype: Any, device: Any) -> AnyTensor:
    x = operand(name, like)
    wanted = x.dtype if dtype is None else as_dtype(dtype)
    return _filled(name, x.shape, value, wanted, x.device if device is None else device)


def _placed(x: AnyTensor, device: Any) -> AnyTensor:
    """The tensor on a device."""
    return x if x.device is (target := as_device(device)) else x.to(target)


def _from_data(data: Any, wanted: AnyDType | None) -> AnyTensor:
    """A CPU tensor of data that is none yet; of the wanted dtype where one rounding by NumPy leads there."""
    if current() is ABSTRACT:
        return _of_literals(data)
    import numpy as np

    kinds = _leaf_types(data) if isinstance(data, (list, tuple)) else {type(data)}
    if any(hasattr(kind, "__array__") and not issubclass(kind, np.generic) for kind in kinds):
        if Tensor in kinds:  # NumPy would take them off their tapes and devices
            raise TypeError("tensor: the list holds tensors: use st.stack(...) or st.concat(...)")
        return _copied(np.asarray(data))
    floats = float in kinds and kinds <= {float, int, bool}
    try:
        array = np.asarray(data, np.float64 if floats else None)
    except ValueError as error:
        raise ShapeError(f"tensor: the lists do not nest to one shape: {error}") from None
    if kinds and kinds <= {int, bool}:
        array = _exact_integers(array, data, wanted)
    if array.dtype == np.float64 and wanted in (None, F32):
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    return _copied(array)


def _of_literals(data: Any) -> AnyTensor:
    """What NumPy makes of numbers in nested lists, as far as their kinds and number say it."""
    shape: list[int] = []
    rows = [data]
    while rows and all(isinstance(row, (list, tuple)) for row in rows):
        sizes = {len(row) for row in rows}
        if len(sizes) > 1:
            raise Undecidable
        shape += sizes
        rows = [item for row in rows for item in row]
    kinds = {weak_dtype(item) for item in rows}
    if None in kinds:
        raise Undecidable
    dtype = promote(*(kind for kind in kinds if kind is not None)) if kinds else F32
    return abstract_tensor(tuple(shape), dtype)  # type: ignore[no-any-return]


def _leaf_types(data: Any) -> set[type]:
    """Types of the elements of nested lists."""
    kinds = set(map(type, data))
    for kind in kinds & {list, tuple}:
        kinds.remove(kind)
        for part in data:
            if type(part) is kind:
                kinds |= _leaf_types(part)
    return kinds


def _exact_integers(array: NDArray[Any], data: Any, wanted: AnyDType | None) -> NDArray[Any]:
    """Python ints as int64 or bool; NumPy makes uint64, float64 or object of those beyond int64.

    Raises:
        OverflowError: for an int outside the range of the wanted dtype, I64 where none is wanted.
    """
    import numpy as np

    target = I64 if wanted is None else wanted
    beyond = array.dtype.name not in ("int64", "bool")
    if not issubclass(target, Integer):
        return np.asarray(data, np.float64) if beyond else array
    exact = np.asarray(data, object) if beyond else array
    for value in (int(exact.min()), int(exact.max())):
        if not target.low <= value <= target.high:
            name = target.__name__
            raise OverflowError(f"tensor: {value} is out of range for {name} ({target.low} to {target.high})")
    return exact


def _copied(array: NDArray[Any]) -> AnyTensor:
    from .._core.interop import copy_in, dtype_of

    return Tensor._make(*copy_in(array, dtype_of(array)), ())
