"""What annotations declare, and whether what is found keeps to it: with ints at run time, with symbols in the plugin.

A `Binding` remembers what each variable of one call stands for, and where that was seen first. Everything that is found
is matched together: dimensions that stand alone say what a variable is, and only then are expressions worked out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from .dims import UNKNOWN, Atom, Dim, Poly, is_equal, is_identical, same, show
from .dtypes import DTYPES, F32, I64, AnyDType, DType, Float, Integer, Number
from .errors import DTypeError, ShapeError

RESULT = "the result"
_NEAREST: dict[Any, AnyDType] = {Float: F32, Number: F32, Integer: I64}  # what to convert to where a kind is wanted


@dataclass(frozen=True, slots=True)
class Star:
    """Any number of axes, `*S`; without a name those of one place have nothing to do with those of another."""

    name: str | None = None
    key: Hashable = None

    def __str__(self) -> str:
        return "..." if self.name is None else f"*{self.name}"


@dataclass(frozen=True, slots=True)
class DTypeVariable:
    """A type variable in the place of a dtype; `allowed` is its bound, or its constraints.

    One without a name is a choice of dtypes, `F32 | F64`: each tensor makes its own.
    """

    name: str
    allowed: tuple[AnyDType, ...] = (DType,)
    key: Hashable = None

    @property
    def __name__(self) -> str:
        return self.name or " | ".join(kind.__name__ for kind in self.allowed)


Axes = tuple[Dim | Star, ...]
SomeDType = AnyDType | DTypeVariable


@dataclass(frozen=True, slots=True)
class Declared:
    """What an annotation says of a tensor: its dtype (None: any) and its axes, of which at most one is a Star."""

    dtype: SomeDType | None
    dims: Axes

    def atoms(self) -> frozenset[Atom]:
        """The variables, those inside expressions too."""
        return frozenset(atom for dim in self.dims if isinstance(dim, Poly) for atom in dim.atoms())

    def bare(self) -> frozenset[Atom]:
        """The variables that are an axis by themselves: a tensor says what they are."""
        return frozenset(atom for atom in map(lone_atom, self.dims) if atom is not None)

    def __str__(self) -> str:
        dtype = "Any" if self.dtype is None else self.dtype.__name__
        return f"Tensor[{', '.join([dtype, *map(str, self.dims)])}]"


@dataclass(frozen=True, slots=True)
class Found:
    """A tensor at a place such as `x`, and what is declared there; None where shape or dtype are not known.

    Variables in `shape` are the caller's: the binding takes them as they are.
    """

    where: str
    declared: Declared
    shape: Axes | None
    dtype: SomeDType | None


@dataclass(frozen=True, slots=True)
class Size:
    """An int at a place that is declared to be a dimension: `n: N`."""

    where: str
    dim: Dim
    value: Dim


Place = Found | Size


@dataclass(frozen=True, slots=True)
class _Pair:
    """One axis of a place; `axis` is None for a Size."""

    place: Place
    axis: int | None
    dim: Dim
    found: Dim


def lone_atom(dim: Dim | Star) -> Atom | None:
    """The variable, where a dimension is one and nothing else."""
    if not isinstance(dim, Poly) or dim is UNKNOWN:
        return None
    atoms = dim.atoms()
    atom = next(iter(atoms), None)
    return atom if len(atoms) == 1 and atom is not None and is_identical(dim, Poly.of(atom)) else None


class Binding:
    """What the variables of one call stand for; `subject` begins the error texts: the name of the function.

    The dicts hold the value, and the place that it comes from.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.dims: dict[Atom, tuple[Dim, str]] = {}
        self.stars: dict[Star, tuple[Axes, str]] = {}
        self.dtypes: dict[DTypeVariable, tuple[SomeDType, str]] = {}

    def match(self, *places: Place) -> None:
        """Bind what the places say and check that they agree; what cannot be decided is accepted.

        A binding is as before if this raises.

        Raises:
            ShapeError: for the first place whose shape does not fit.
            DTypeError: for the first place whose dtype does not fit.
        """
        trial = self.copy()
        expressions = [pair for place in places for pair in trial._bind(place)]
        while trial._solve(expressions):
            pass
        for pair in expressions:
            trial._compare(pair)
        self.dims, self.stars, self.dtypes = trial.dims, trial.stars, trial.dtypes

    def copy(self) -> Binding:
        """A binding that goes its own way from here."""
        twin = Binding(self.subject)
        twin.dims, twin.stars, twin.dtypes = dict(self.dims), dict(self.stars), dict(self.dtypes)
        return twin

    def value(self, dim: Dim) -> Dim:
        """The dimension with everything that is bound put in; what is not stays as it is.

        Raises:
            ZeroDivisionError: if it divides by a variable that is 0.
        """
        if isinstance(dim, int):
            return dim
        return dim.substitute({atom: self.dims[atom][0] for atom in dim.atoms() if atom in self.dims})

    def resolve(self, declared: Declared) -> Declared:
        """What is declared with everything that is bound put in, such as the type of a result."""
        dims: list[Dim | Star] = []
        for dim in declared.dims:
            if isinstance(dim, Star):
                dims += self.stars[dim][0] if dim in self.stars else (dim,)
            else:
                dims.append(self.value(dim))
        dtype = declared.dtype
        if isinstance(dtype, DTypeVariable) and dtype in self.dtypes:
            dtype = self.dtypes[dtype][0]
        return Declared(dtype, tuple(dims))

    def _bind(self, place: Place) -> Iterator[_Pair]:
        """Bind the variables that stand alone, compare numbers; the expressions are left for later."""
        for pair in self._pairs(place):
            atom = lone_atom(pair.dim)
            if pair.dim is UNKNOWN:
                continue
            if isinstance(pair.dim, int):
                self._require(pair, pair.dim, "")
            elif atom is None:
                yield pair
            elif atom not in self.dims:
                self.dims[atom] = pair.found, place.where
            else:
                value, source = self.dims[atom]
                known = (
                    "" if is_identical(value, Poly.of(atom)) else f", where {atom.name} = {value} comes from {source}"
                )
                self._require(pair, value, known)
                better = same(value, pair.found, "")
                if better is not value:
                    self.dims[atom] = better, place.where

    def _pairs(self, place: Place) -> Iterator[_Pair]:
        if isinstance(place, Size):
            yield _Pair(place, None, place.dim, place.value)
            return
        self._bind_dtype(place)
        if place.shape is None:
            return
        aligned = _align(place.declared.dims, place.shape)
        if aligned is None:
            self._wrong_rank(place)
        pairs, star = aligned
        for axis, dim, found in pairs:
            yield _Pair(place, axis, dim, found)
        if star is not None and star[0].name is not None:
            self._bind_star(place, *star)

    def _bind_star(self, place: Found, star: Star, axes: Axes) -> None:
        if star not in self.stars:
            self.stars[star] = axes, place.where
            return
        value, source = self.stars[star]
        if not _may_be_equal(axes, value):
            reason = f"{star}: {_show(axes)} != {_show(value)}, where {star} = {_show(value)} comes from {source}"
            raise ShapeError(f"{self._wrong_shape(place)}: {reason}")

    def _bind_dtype(self, place: Found) -> None:
        declared, found = place.declared.dtype, place.dtype
        if declared is None or found is None:
            return
        if not isinstance(declared, DTypeVariable):
            if not _allows((declared,), found):
                self._wrong_dtype(place, declared.__name__, declared)
        elif declared in self.dtypes:
            known, source = self.dtypes[declared]
            if known != found:
                because = "" if known == declared else f", where {declared.name} = {known.__name__} comes from {source}"
                self._wrong_dtype(place, f"{known.__name__}{because}", known)
        elif not _allows(declared.allowed, found):
            kinds = " or ".join(kind.__name__ for kind in declared.allowed)
            self._wrong_dtype(
                place, f"{declared.name}, which is {kinds}".removeprefix(", which is "), declared.allowed[0]
            )
        elif declared.name:
            self.dtypes[declared] = found, place.where

    def _solve(self, expressions: list[_Pair]) -> bool:
        """Bind the unknown of each expression that has one only; whether there was one."""
        found = False
        for pair in expressions:
            unknown = Poly.of(pair.dim).atoms() - self.dims.keys()
            if len(unknown) == 1 and self._solve_for(next(iter(unknown)), pair):
                found = True
        return found

    def _solve_for(self, atom: Atom, pair: _Pair) -> bool:
        left = Poly.of(self._value_in(pair))
        root = left.solve(atom, pair.found)
        if root is None and isinstance(pair.found, int) and set(left.terms) <= {(atom,), ()} and (atom,) in left.terms:
            root = -1  # a multiple that does not divide
        if isinstance(root, int) and root < 0:
            given = self._given(pair.dim)
            self._fail(pair, f"{pair.found} is not {pair.dim} for any {atom.name}{given and f', where {given}'}")
        if root is None:
            return False
        self.dims[atom] = root, pair.place.where
        return True

    def _compare(self, pair: _Pair) -> None:
        """Check an expression; one with a variable that nothing says the value of cannot be decided."""
        if Poly.of(pair.dim).atoms() <= self.dims.keys():
            value = self._value_in(pair)
            known = is_identical(value, pair.dim)
            self._require(pair, value, "" if known else f", where {pair.dim} = {value} ({self._given(pair.dim)})")

    def _value_in(self, pair: _Pair) -> Dim:
        try:
            return self.value(pair.dim)
        except ZeroDivisionError:
            self._fail(pair, f"{pair.dim} divides by zero, where {self._given(pair.dim)}")

    def _given(self, dim: Dim) -> str:
        """`B = 2, T = 3`: the variables of an expression."""
        bound = sorted(atom.name for atom in Poly.of(dim).atoms() if atom in self.dims)
        values = {atom.name: value for atom, (value, _) in self.dims.items()}
        return ", ".join(f"{name} = {values[name]}" for name in bound)

    def _require(self, pair: _Pair, value: Dim, because: str) -> None:
        if is_equal(pair.found, value) is False:
            try:
                same(pair.found, value, self._subject(pair))
            except ShapeError as error:
                raise ShapeError(f"{error}{because}") from None

    def _fail(self, pair: _Pair, reason: str) -> NoReturn:
        raise ShapeError(f"{self._subject(pair)}: {reason}")

    def _subject(self, pair: _Pair) -> str:
        if isinstance(pair.place, Size):
            return f"{self.subject}: {pair.place.where} is {pair.found}, not {pair.dim}"
        return f"{self._wrong_shape(pair.place)}: axis {pair.axis}"

    def _wrong_shape(self, place: Found) -> str:
        return f"{self.subject}: {place.where} has shape {_show(place.shape or ())}, not {_show(place.declared.dims)}"

    def _wrong_rank(self, place: Found) -> NoReturn:
        has, wants = _rank(place.shape or ()), _rank(place.declared.dims)
        raise ShapeError(f"{self._wrong_shape(place)}: it has {has} {'axis' if has == '1' else 'axes'}, not {wants}")

    def _wrong_dtype(self, place: Found, declared: str, wanted: SomeDType) -> NoReturn:
        found = "" if place.dtype is None else place.dtype.__name__
        raise DTypeError(f"{self.subject}: {place.where} is {found}, not {declared}{_cure(place.where, wanted)}")


def _align(dims: Axes, shape: Axes) -> tuple[list[tuple[int, Dim, Dim]], tuple[Star, Axes] | None] | None:
    """The axes that stand opposite each other, by number, and what a Star stands for; None if the ranks differ.

    A Star in the shape hides axes, so that only those before and behind both can be compared.
    """
    i, j = _star(dims), _star(shape)
    wanted, known = len(dims) - (i is not None), len(shape) - (j is not None)
    if (known < wanted and j is None) or (known > wanted and i is None):
        return None
    stars = [(axes, place) for axes, place in ((dims, i), (shape, j)) if place is not None]
    front = min((place for _, place in stars), default=wanted)
    back = min((len(axes) - 1 - place for axes, place in stars), default=0)
    behind, beyond = dims[len(dims) - back :], shape[len(shape) - back :]
    opposite: Any = [*zip(range(front), dims, shape, strict=False), *zip(range(-back, 0), behind, beyond, strict=True)]
    star = dims[front] if i == front and front + back == wanted else None
    return opposite, (star, shape[front : len(shape) - back]) if isinstance(star, Star) else None


def _star(axes: Axes) -> int | None:
    return next((place for place, axis in enumerate(axes) if isinstance(axis, Star)), None)


def _may_be_equal(a: Axes, b: Axes) -> bool:
    if _star(a) is not None or _star(b) is not None:
        return True
    pairs: Any = zip(a, b, strict=False)
    return len(a) == len(b) and all(is_equal(x, y) is not False for x, y in pairs)


def _rank(axes: Axes) -> str:
    return str(len(axes)) if _star(axes) is None else f"at least {len(axes) - 1}"


def _show(axes: Any) -> str:
    return show(axes)


def _allows(allowed: tuple[AnyDType, ...], found: SomeDType) -> bool:
    """Whether a dtype, or all that a variable of the caller may be, is of one of these kinds."""
    kinds = found.allowed if isinstance(found, DTypeVariable) else (found,)
    return all(issubclass(kind, allowed) for kind in kinds)


def _cure(where: str, wanted: SomeDType) -> str:
    nearest = _NEAREST.get(wanted, wanted)
    if nearest not in DTYPES:
        return ""
    write = ".astype({}) behind it" if where.startswith(RESULT) else f"{where}.astype({{}})"
    return f": write {write.format(nearest.__name__)}"
