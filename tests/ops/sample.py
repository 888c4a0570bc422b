"""What an op is tried on: operands, attributes, and what must come out or be refused.

A sample says shapes, dtypes, how the elements are chosen and how they lie in memory; `materialise` in reference.py
makes tensors of it. The samples themselves stand in samples/, one file a family as in `_core/ops`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shapetensor._core.dtypes import BF16, F16, F32, F64, I8, I32, I64, U8, U32, AnyDType, Bool, Float
from shapetensor._core.errors import DTypeError, ShapeError

Ints = tuple[int, ...]
COMPUTE: tuple[AnyDType, ...] = (F32, F64, I32, I64, U8, Bool)
STORAGE: tuple[AnyDType, ...] = (F16, BF16, I8, U32)
EVERY: tuple[AnyDType, ...] = (*COMPUTE, *STORAGE)

# How elements are chosen. The first four are far from ties and kinks, so that finite differences mean something.
SMOOTH, POSITIVE, DISTINCT, TIES, SPECIAL, EXTREME = "smooth", "positive", "distinct", "ties", "special", "extreme"
DIFFERENTIABLE = (SMOOTH, POSITIVE, DISTINCT)
# How they lie in memory.
HERE = "here"  # as the attribute `device`: where tensors are created at the moment
LAYOUTS = ("c", "fortran", "swapped", "stepped", "offset", "stretched", "stretched_last", "read_only")


def numpy_name(dtype: AnyDType) -> str:
    """The NumPy dtype that has these elements; float32 for bfloat16, which NumPy lacks."""
    return "float32" if dtype is BF16 else dtype.name


@dataclass(frozen=True)
class Operand:
    """A tensor. `below`: integers in [-below, below), as indices want them; `values`: these very elements."""

    shape: Ints
    dtype: AnyDType = F64
    data: str = SMOOTH
    layout: str = "c"
    below: int | None = None
    least: int | None = None  # the smallest integer, if not -below
    values: Any = None


@dataclass(frozen=True)
class Same:
    """The same tensor object as the operand in another place."""

    place: int


@dataclass(frozen=True)
class Sample:
    """Operands (tensors and Python scalars), attributes, and what is expected beyond the reference's values."""

    operands: tuple[Operand | Same | float, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    out: tuple[AnyDType, ...] | AnyDType | None = None  # dtypes of the outputs; None: that of the first operand
    view: bool = False  # the outputs lie in the memory of operand 0
    gradients: tuple[Any, ...] | None = None  # of the sum of the outputs, for ties, where finite differences fail

    def named(self, number: int) -> str:
        """For assertion messages."""
        parts = [str(o) if not isinstance(o, Operand) else _named(o) for o in self.operands]
        return f"sample {number}: ({', '.join(parts)}) {dict(self.attrs)}"

    @property
    def tensors(self) -> tuple[Operand, ...]:
        """The operands that are tensors of their own."""
        return tuple(o for o in self.operands if isinstance(o, Operand))

    @property
    def smooth(self) -> bool:
        """Whether finite differences can tell its derivatives."""
        floats = [o for o in self.tensors if issubclass(o.dtype, Float)]
        easy = all(o.dtype is F64 and o.data in DIFFERENTIABLE and o.values is None for o in floats)
        return bool(floats) and easy and self.gradients is None

    def outs(self) -> tuple[AnyDType, ...]:
        """The dtypes that the outputs must have; the last one counts for all further ones."""
        if self.out is None:
            return (self.tensors[0].dtype,)
        return self.out if isinstance(self.out, tuple) else (self.out,)

    def in_dtype(self, source: AnyDType, target: AnyDType) -> Sample:
        """The same with another dtype wherever this one stands."""
        operands = tuple(
            replace(o, dtype=target) if isinstance(o, Operand) and o.dtype is source else o for o in self.operands
        )
        outs = self.outs()
        out = tuple(target if d is source else d for d in outs)
        attrs = {k: target if v is source else v for k, v in self.attrs.items()}
        return replace(self, operands=operands, out=out, attrs=attrs)


def _named(operand: Operand) -> str:
    return f"{operand.dtype.__name__}{list(operand.shape)} {operand.data} {operand.layout}"


@dataclass(frozen=True)
class Wrong:
    """What must be refused, by the rules alone: operands are (shape, dtype) or the weak dtype of a Python scalar."""

    operands: tuple[tuple[Ints, AnyDType], ...]
    error: type[Exception]
    text: str
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WrongCall:
    """What only running can refuse: values out of range, and attributes that methods check."""

    call: Callable[[], Any]
    error: type[Exception]
    text: str


@dataclass(frozen=True)
class Symbolic:
    """Shapes in letters, `"B 2*T"`; the shape rule must agree with itself on ints for these sizes.

    Attributes that are strings stand for shapes, or for the one dimension of `dim_attrs`.
    """

    shapes: tuple[str, ...]
    sizes: Mapping[str, int]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    dim_attrs: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpSamples:
    """Everything that the tests know of one op.

    Args:
        reference: NumPy's or SciPy's way from arrays and attributes to the result, or the list of results.
        valid: what must work.
        wrong: what must be refused.
        kept: for each input the values that its gradient rule keeps on the tape; no entry where it keeps none.
        symbolic: for shape rules with attributes that are shapes; the others are tried on the valid samples.
        exact: elements are moved or compared, so that floats must be equal too.
    """

    reference: Callable[..., Any]
    valid: Sequence[Sample]
    wrong: Sequence[Wrong | WrongCall]
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    symbolic: Sequence[Symbolic] = ()
    exact: bool = False


def refuses_storage(
    name: str, operands: Callable[[AnyDType], tuple[tuple[Ints, AnyDType], ...]], /, **attrs: Any
) -> list[Wrong]:
    """The op refuses each storage dtype, saying what to convert to."""
    wanted = {F16: "F32", BF16: "F32", I8: "I32 or I64", U32: "I32 or I64"}
    return [
        Wrong(
            operands(dtype),
            DTypeError,
            f"{name}: {dtype.__name__} is for storage only: write x.astype({target}) first",
            attrs,
        )
        for dtype, target in wanted.items()
    ]


__all__ = [
    "COMPUTE",
    "DIFFERENTIABLE",
    "DISTINCT",
    "EVERY",
    "EXTREME",
    "HERE",
    "LAYOUTS",
    "POSITIVE",
    "SMOOTH",
    "SPECIAL",
    "STORAGE",
    "TIES",
    "Ints",
    "OpSamples",
    "Operand",
    "Same",
    "Sample",
    "ShapeError",
    "Symbolic",
    "Wrong",
    "WrongCall",
    "numpy_name",
    "refuses_storage",
]
