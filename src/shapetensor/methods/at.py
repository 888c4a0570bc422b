"""A copy of a tensor with other elements at a subscript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from .._core.apply import apply
from .._core.dtypes import F32, I32, I64, AnyDType, Bool, Float, promote, weak_dtype
from .._core.errors import DTypeError
from .._core.ops import creation, movement
from .._core.ops import elementwise as ops
from .._core.ops import index as index_ops
from .._core.ranges import slice_length
from .base import DT, Shape

if TYPE_CHECKING:
    from ..tensor import AnyTensor, Tensor


class At(Generic[DT, *Shape]):
    """`x.at`: subscript it."""

    __slots__ = ("_x",)

    def __init__(self, x: Tensor[DT, *Shape]) -> None:
        self._x = x

    def __getitem__(self, key: Any) -> Place[DT, *Shape]:
        return Place(self._x, key)


class Place(Generic[DT, *Shape]):
    """`x.at[key]`: what to do there."""

    __slots__ = ("_key", "_x")

    def __init__(self, x: Tensor[DT, *Shape], key: Any) -> None:
        self._x, self._key = x, key

    def set(self, values: AnyTensor | float) -> Tensor[DT, *Shape]:
        """x with these values at the subscript."""
        return self._changed("set", values)

    def add(self, values: AnyTensor | float) -> Tensor[DT, *Shape]:
        """x with these values added at the subscript."""
        return self._changed("add", values)

    def _changed(self, name: str, values: AnyTensor | float) -> Tensor[DT, *Shape]:
        x = self._x
        new = _fitting(f"at[...].{name}", values, x)
        rows = _rows(self._key)
        change, key = (_change_slice, self._key) if rows is None else (_change_rows, rows)
        if x.dtype.computes:
            return change(x, key, new, name == "add")
        wide = F32 if issubclass(x.dtype, Float) else I32 if x.dtype.itemsize < 4 else I64  # exact both ways
        return change(x.astype(wide), key, new.astype(wide), name == "add").astype(x.dtype)


def _rows(key: Any) -> AnyTensor | None:
    """The integer tensor, if the key is one for axis 0 and nothing else but whole axes."""
    from .index import index_tensor

    parts = key if isinstance(key, tuple) else (key,)
    if not any(hasattr(k, "_spec") for k in parts):
        return None
    if not hasattr(parts[0], "_spec") or not all(_is_whole(k) for k in parts[1:]):
        raise IndexError(
            "at: an integer tensor stands alone, for axis 0: move its axis to the front first, as in "
            "st.moveaxis(x, axis, 0), or use st.where(mask, value, x)"
        )
    return index_tensor(parts[0])


def _is_whole(key: Any) -> bool:
    return key is Ellipsis or (isinstance(key, slice) and key == slice(None))


def _fitting(name: str, values: Any, x: AnyTensor) -> AnyTensor:
    """The values as a tensor of x's dtype, if nothing is lost but digits.

    Raises:
        DTypeError: for floats in integers, wider integers in narrower ones, and what is no tensor or number.
    """
    dtype = x.dtype
    found: AnyDType | None = values.dtype if hasattr(values, "_spec") else weak_dtype(values)
    if found is None:
        kind = type(values)
        shown = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        raise DTypeError(f"{name}: {shown} is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)")
    if promote(dtype, found) is not dtype and not (issubclass(dtype, Float) and issubclass(found, Float)):
        shown = found.name if found.weak else found.__name__
        raise DTypeError(
            f"{name}: {shown} does not fit into {dtype.__name__}: write value.astype({dtype.__name__}) or "
            f"x.astype({'F32' if issubclass(found, Float) else 'I64'})"
        )
    if not hasattr(values, "_spec"):
        made: AnyTensor = apply(creation.full, (values,), ((), dtype, x.device))
        return made
    return values if found is dtype else values.astype(dtype)  # type: ignore[no-any-return]


def _change_slice(x: AnyTensor, key: Any, values: AnyTensor, adds: bool) -> AnyTensor:
    """Chosen by a mask, so that the elements beside the slice stay as they are, whatever they are."""
    from .index import parse

    parts = parse(x.shape, key if isinstance(key, tuple) else (key,))
    region = parts.cut(x)
    new = (region + values if adds else values).broadcast_to(region.shape)
    attrs = (x.shape, parts.bounds)
    sliced = tuple(slice_length(*b, n) for b, n in zip(parts.bounds, x.shape, strict=True))
    true = apply(creation.full, (True,), ((), Bool, x.device)).broadcast_to(sliced)
    mask = apply(movement.slice_backward, (true,), attrs)
    return apply(ops.where, (mask, apply(movement.slice_backward, (new.reshape(sliced),), attrs), x))


def _change_rows(x: AnyTensor, indices: AnyTensor, values: AnyTensor, adds: bool) -> AnyTensor:
    """Rows along axis 0; those that no index names stay as they are, negative zeros included."""
    if not x.ndim:
        raise IndexError("1 indices for a tensor of 0 axes, shape ()")
    new = values.broadcast_to((*indices.shape, *x.shape[1:]))
    if not adds:
        return apply(index_ops.scatter_set, (x, indices, new))
    total = apply(index_ops.scatter_add, (new, indices), (0, x.shape[0]))
    none: AnyTensor = apply(creation.full, (False,), ((x.shape[0],), Bool, x.device))
    true: AnyTensor = apply(creation.full, (True,), (indices.shape, Bool, x.device))
    touched = apply(index_ops.scatter_set, (none, indices, true)).reshape((x.shape[0], *(1,) * (x.ndim - 1)))
    return apply(ops.where, (touched, x + total, x))
