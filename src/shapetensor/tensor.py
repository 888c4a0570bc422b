"""Tensor: an immutable array whose dtype and axes are part of its type."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, final

from ._core import apply as _apply_module
from ._core.apply import apply, apply_many
from ._core.dtypes import DType, zero_of
from ._core.op import Op
from ._core.ops.creation import full
from .methods.differentiate import Differentiate
from .methods.elementwise import Elementwise
from .methods.export import Export
from .methods.hints import install
from .methods.index import Index
from .methods.linalg import Linalg
from .methods.movement import Movement
from .methods.reduce import Reduce
from .methods.special import Special

if TYPE_CHECKING:
    from ._core.spec import Spec

DT = TypeVar("DT", bound=DType, covariant=True)
Shape = TypeVarTuple("Shape")
_new = object.__new__


@final
class Tensor(
    Elementwise[DT, *Shape],
    Special[DT, *Shape],
    Reduce[DT, *Shape],
    Linalg[DT, *Shape],
    Movement[DT, *Shape],
    Index[DT, *Shape],
    Differentiate[DT, *Shape],
    Export[DT, *Shape],
):
    """An array whose dtype and axes are part of its type: `Tensor[F32, B, L[784]]`.

    Make one with `tensor`, `zeros`, `ones`, `full`, `from_numpy` or an operation; it never changes afterwards.

    Example:
        >>> import shapetensor as st
        >>> x = st.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> x @ x.mT
        Tensor[F32, 2, 2]([[ 5., 11.],
                           [11., 25.]])
    """

    __slots__ = ("__weakref__", "_buffer", "_marks", "_spec")

    def __new__(cls, *_: object, **__: object) -> Tensor[DT, *Shape]:
        raise TypeError("Tensor is not called: use st.tensor(data), st.zeros(shape) or st.from_numpy(array)")

    @classmethod
    def _make(cls, buffer: Any, spec: Spec, marks: tuple[tuple[Any, Any], ...]) -> Tensor[Any, *tuple[Any, ...]]:
        self = _new(cls)
        self._buffer = buffer
        self._spec = spec
        self._marks = marks
        return self

    def _marked(self, marks: tuple[tuple[Any, Any], ...]) -> AnyTensor:
        """The same value on other tapes."""
        return self._make(self._buffer, self._spec, marks)

    def _copied(self) -> AnyTensor:
        """The same value and marks as another object."""
        return self._make(self._buffer, self._spec, self._marks)

    def _below(self, level: int) -> AnyTensor:
        """What a tape of this level sees: the marks of older tapes only."""
        marks = self._marks
        if not marks or marks[-1][0].level < level:
            return self
        # Written out, because a live tape calls it for every value it keeps.
        below: AnyTensor = _new(Tensor)
        below._buffer = self._buffer
        below._spec = self._spec
        below._marks = tuple(m for m in marks if m[0].level < level) if len(marks) > 1 else ()
        return below

    def _apply(self, op: Op, xs: Sequence[Any], attrs: tuple[Any, ...]) -> Any:
        """How rules in `_core` call ops on tensors."""
        return apply_many(op, tuple(xs), attrs) if op.many else apply(op, tuple(xs), attrs)

    def _zeros(self, spec: Spec) -> AnyTensor:
        """Zeros of a spec's shape and dtype on this tensor's device."""
        return apply(full, (zero_of(spec.dtype),), (spec.shape, spec.dtype, self._spec.device))

    def __del__(self) -> None:
        self._spec.release(self)

    if not TYPE_CHECKING:

        def __class_getitem__(cls, args: Any) -> Any:
            """`Tensor[F32, B, L[784]]`: a hint that jaxtyping and beartype understand."""
            from ._core.hints import tensor_hint

            return tensor_hint(cls, args)


if TYPE_CHECKING:
    AnyTensor = Tensor[Any, *tuple[Any, ...]]
else:  # the same to `isinstance`; a hint would load jaxtyping
    AnyTensor = Tensor
_apply_module.tensors_are_made_by(Tensor._make)
install(Tensor)
for _mixin in Tensor.__bases__:  # users know the methods as Tensor's, and Python's own error messages name them
    for _name, _method in vars(_mixin).items():
        if isinstance(_method, FunctionType):
            _method.__qualname__ = f"Tensor.{_name}"
