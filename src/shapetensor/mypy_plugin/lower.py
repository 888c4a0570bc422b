"""From what the library returned, in every world, to one type of mypy's."""

from __future__ import annotations

from typing import Any

from mypy.types import AnyType, NoneType, TupleType, Type, TypeOfAny, TypeType

from .._core.abstract import ABSTRACT
from .._core.binding import Star
from .._core.dims import UNKNOWN, Dim, Poly
from .._core.dtypes import AnyDType, DType
from .._core.paths import Undecidable
from .types import ANY_AXES, TENSOR, Types, Variable, items_of
from .worlds import MOST_AXES, Axis, Result, common


class Lower:
    """Writes results as types."""

    def __init__(self, types: Types) -> None:
        self._types = types

    def type_of(self, results: list[Result], default: Type | None = None) -> Type:
        """The type that covers all results; `default` is what is known of them anyway.

        Raises:
            Undecidable: if they have nothing in common.
        """
        values = [r.value for r in results]
        first = values[0]
        if all(_is_abstract(v) for v in values):
            return self._tensor(results)
        if isinstance(first, (tuple, list)):
            return self._sequence(results, type(first), default)
        if default is not None and hasattr(first, "_flatten"):
            return default
        if any(v is not first and v != first for v in values[1:]):
            raise Undecidable
        return self._constant(first)

    def _constant(self, value: Any) -> Type:
        if value is None:
            return NoneType()
        if isinstance(value, type) and issubclass(value, DType):
            return TypeType(self._types.of_dtype(value))
        if isinstance(value, Poly) or type(value) is int:
            return self._types.value(value)
        raise Undecidable

    def _sequence(self, results: list[Result], kind: type[Any], default: Type | None) -> Type:
        """A tuple item by item; a list by what its items have in common."""
        lengths = {len(r.value) if isinstance(r.value, (tuple, list)) else -1 for r in results}
        if len(lengths) != 1:
            raise Undecidable
        if kind is list:
            every = [Result(r.world, item) for r in results for item in r.value]
            if not every:
                raise Undecidable
            return self._types.instance("builtins.list", self.type_of(every))
        known = items_of(default) if default is not None else None
        items: list[Type] = []
        for i in range(lengths.pop()):
            own = known[i] if known is not None and i < len(known) else None
            items.append(self.type_of([Result(r.world, r.value[i]) for r in results], own))
        return TupleType(items, self._types.instance("builtins.tuple", AnyType(TypeOfAny.special_form)))

    def _tensor(self, results: list[Result]) -> Type:
        return self._types.instance(TENSOR, self._dtype(results), *map(self._types.of_dim, self._dims(results)))

    def _dtype(self, results: list[Result]) -> Type:
        """The one dtype of all results, or the variable that has it in every world."""
        found: list[AnyDType] = [r.value.dtype for r in results]
        if all(d is found[0] for d in found):
            return self._types.of_dtype(found[0])
        for key in results[0].world.chosen:
            chosen = [r.world.chosen.get(key) for r in results]
            if key.kind == "dtype" and isinstance(key.of, Variable) and chosen == found:
                return key.of.type
        return AnyType(TypeOfAny.special_form)

    def _dims(self, results: list[Result]) -> list[Dim | Star]:
        """Axis by axis what all worlds say; any number of axes where they differ in that."""
        shapes = [list(r.value.shape) for r in results]
        if len(results) == 1 and not _counts(results[0]):
            return shapes[0]
        if _only_most_axes(results):
            return [ANY_AXES]
        if any(_counts(r) for r in results) and len({len(shape) for shape in shapes}) > 1:
            folded = [f for r in results if (f := _folded(r)) is not None]
            shapes = folded if len({len(f) for f in folded}) == 1 else []
        if len({len(shape) for shape in shapes}) != 1:
            return [ANY_AXES]
        axes = [_joined([shape[i] for shape in shapes]) for i in range(len(shapes[0]))]
        return [ANY_AXES] if None in axes else axes


def _only_most_axes(results: list[Result]) -> bool:
    """Whether nothing but the highest rank that is tried went well: higher ones might."""
    counts = {count for r in results for key, count in r.world.chosen.items() if key.kind == "axes"}
    return counts == {MOST_AXES}


def _counts(result: Result) -> bool:
    """Whether this world chose a number of axes."""
    return any(key.kind == "axes" for key in result.world.chosen)


def _joined(sizes: list[Any]) -> Any:
    """What several worlds say of one axis; None where a Star is one of several things."""
    if not any(isinstance(s, Star) for s in sizes):
        found = common(sizes)
        return UNKNOWN if found is None or _of_run(found) else found
    return sizes[0] if all(s == sizes[0] for s in sizes) else None


def _folded(result: Result) -> list[Any] | None:
    """The shape with the axes that stand for `*S` in this world as one Star; None where S has no axes to be seen."""
    shape = list(result.value.shape)
    for key, count in result.world.chosen.items():
        if key.kind != "axes":
            continue
        if count == 0:
            return None
        run = [Axis(key, i) for i in range(count)]
        found = [_of_run(size) for size in shape]
        at = next((i for i in range(len(shape) - count + 1) if found[i : i + count] == run), None)
        if at is not None:
            shape[at : at + count] = [Star(key.of.type.name, key.of) if isinstance(key.of, Variable) else ANY_AXES]
    return shape


def _of_run(size: Any) -> Axis | None:
    """Which axis it is that a world made up for `*S`; of a size made of such axes the first, None for any other."""
    atoms = size.atoms() if isinstance(size, Poly) else ()
    axes = [(a, a.key) for a in atoms if isinstance(a.key, Axis)]
    if not axes:
        return None
    atom, key = axes[0]
    return key if Poly.of(atom).terms == size.terms else Axis(key.choice, -1)


def _is_abstract(value: Any) -> bool:
    return hasattr(value, "_spec") and value._spec.device is ABSTRACT
