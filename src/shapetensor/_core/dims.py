"""Dimensions: integers at run time, integer polynomials over named unknowns while type checking.

A shape rule is written once, with the helpers at the end of this file. The run time calls it with ints, the mypy
plugin with `Poly`s: one implementation and one error text for both.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from math import gcd, nan
from typing import Any, TypeVar

from .doubt import doubt
from .errors import ShapeError

# A bound against expressions that would hang a type checker: `(a+b)*(c+d)*...` doubles its terms with each factor.
_MAX_TERMS = 256


@dataclass(frozen=True, slots=True)
class Atom:
    """A named unknown; `key` is its identity, so equal names of two functions stay apart.

    `rigid` marks a type variable of the function being checked: two of those are different dimensions. A `quotient`
    `(a, b)` is an `a // b` that the polynomials cannot expand.
    """

    name: str
    key: Hashable
    rigid: bool = True
    quotient: tuple[Poly, Poly] | None = None

    def __hash__(self) -> int:
        return hash(self.name)  # few names are of several atoms, and keys may be slow to hash


Monomial = tuple[Atom, ...]
Operator = TypeVar("Operator", bound=Callable[..., Any])


def _among_sizes(operation: Operator) -> Operator:
    """An operator of sizes; beside a float it is NaN as `float()` of the size is, beside a tensor the tensor's."""

    def operate(self: Poly, other: Any) -> Any:
        if isinstance(other, (int, Poly)):
            return operation(self, other)
        return nan if isinstance(other, float) else NotImplemented

    return operate  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Poly:
    """An integer polynomial in normal form, so `==` is structural: `{(T, D): 2, (): -1}` is `2*D*T-1`.

    Build one with `Poly.of` and arithmetic: they keep each monomial sorted.
    """

    terms: Mapping[Monomial, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", {monomial: factor for monomial, factor in self.terms.items() if factor})

    @staticmethod
    def of(value: int | Poly | Atom) -> Poly:
        """The polynomial of an int, of an atom, or itself."""
        if isinstance(value, Poly):
            return value
        if isinstance(value, Atom):
            return Poly({(value,): 1})
        if isinstance(value, int):
            return Poly({(): value})
        raise TypeError(f"not a dimension: {value!r}")

    @property
    def constant(self) -> int | None:
        """The int that this polynomial is, None when it depends on an unknown."""
        if not self.terms:
            return 0
        return self.terms.get(()) if len(self.terms) == 1 else None

    def atoms(self) -> frozenset[Atom]:
        """The named unknowns it depends on, those inside quotients included."""
        found: set[Atom] = set()
        for atom in self._factors():
            found |= {atom} if atom.quotient is None else atom.quotient[0].atoms() | atom.quotient[1].atoms()
        return frozenset(found)

    def _factors(self) -> set[Atom]:
        return {atom for monomial in self.terms for atom in monomial}

    def _lone_atom(self) -> Atom | None:
        """The atom, where this polynomial is one and nothing else."""
        monomial, factor = next(iter(self.terms.items()), ((), 0))
        return monomial[0] if len(self.terms) == len(monomial) == factor == 1 else None

    @_among_sizes
    def __add__(self, other: Dim) -> Poly:
        total = dict(self.terms)
        for monomial, factor in Poly.of(other).terms.items():
            total[monomial] = total.get(monomial, 0) + factor
        return Poly(total)

    def __radd__(self, other: int) -> Poly:
        return self + other

    def __neg__(self) -> Poly:
        return Poly({monomial: -factor for monomial, factor in self.terms.items()})

    @_among_sizes
    def __sub__(self, other: Dim) -> Poly:
        return self + -Poly.of(other)

    def __rsub__(self, other: int) -> Poly:
        return -self + other

    @_among_sizes
    def __mul__(self, other: Dim) -> Poly:
        right = Poly.of(other).terms
        if len(self.terms) * len(right) > _MAX_TERMS:
            return UNKNOWN
        total: dict[Monomial, int] = {}
        for m, a in self.terms.items():
            for n, b in right.items():
                key = _times(m, n)
                total[key] = total.get(key, 0) + a * b
        return Poly(total)

    def __rmul__(self, other: int) -> Poly:
        return self * other

    @_among_sizes
    def __floordiv__(self, other: Dim) -> Poly:
        """Floor division; what does not divide stays in an atom such as `T//2`.

        `a = q*b + r` makes `a//b = q + r//b` for any integers, so whole multiples leave the quotient and
        `(2*T+3)//2` and `T+1` are one polynomial.
        """
        above, below = _cancel(self, Poly.of(other))
        if below._leading()[1] < 0:
            above, below = -above, -below
        whole, rest = above._divide(below)
        if not rest.terms or (below.constant and rest.constant):
            return whole
        # With several terms below the line, D//(D+1) would turn into 1+(-1)//(D+1): true, but not what was written.
        return whole + _quotient(rest, below) if len(below.terms) == 1 else _quotient(above, below)

    def __rfloordiv__(self, other: int) -> Poly:
        return Poly.of(other) // self

    def _leading(self) -> tuple[Monomial, int]:
        monomial = min(self.terms, key=_monomial_order)
        return monomial, self.terms[monomial]

    def _divide(self, by: Poly) -> tuple[Poly, Poly]:
        """`(q, r)` with `self == q*by + r`, by long division; `r` is zero exactly when `by` divides."""
        lead, lead_factor = by._leading()
        whole: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        left = dict(self.terms)
        for _ in range(_MAX_TERMS):
            if not left:
                return Poly(whole), Poly(rest)
            monomial = min(left, key=_monomial_order)
            factor = left.pop(monomial)
            cofactor = _without(monomial, lead)
            share, rest[monomial] = (0, factor) if cofactor is None else divmod(factor, lead_factor)
            if cofactor is None or not share:
                continue
            whole[cofactor] = share
            for m, c in by.terms.items():
                if m != lead:
                    key = _times(cofactor, m)
                    left[key] = left.get(key, 0) - share * c
        return Poly({}), self

    def _split(self, atom: Atom) -> tuple[Poly, Poly]:
        """`(a, b)` with `self == a*atom + b` and no factor `atom` in b."""
        inside = {m: c for m, c in self.terms.items() if atom in m}
        outside = {m: c for m, c in self.terms.items() if atom not in m}
        return Poly({_without(m, (atom,)) or (): c for m, c in inside.items()}), Poly(outside)

    def solve(self, atom: Atom, value: Dim) -> Dim | None:
        """The `atom` for which this polynomial is `value`; None unless it is linear and the division exact."""
        slope, offset = self._split(atom)
        if not slope.terms or atom in slope.atoms() | offset.atoms():
            return None
        if value is UNKNOWN:
            return UNKNOWN
        root, rest = (Poly.of(value) - offset)._divide(slope)
        return None if rest.terms else simplify(root)

    def exact(self) -> Dim:
        """The same with every `a//b` read as an exact quotient: `a//b*b` is `a`."""
        for atom in sorted(self._factors(), key=_atom_order):
            if atom.quotient is None:
                continue
            above, below = atom.quotient
            slope, offset = self._split(atom)
            whole, rest = slope._divide(below)
            if whole.terms:
                return (whole * above + rest * Poly.of(atom) + offset).exact()
        return simplify(self)

    def substitute(self, values: Mapping[Atom, Dim]) -> Dim:
        """The same with the atoms in `values` replaced, inside quotients too."""
        total: Dim = 0
        for monomial, factor in self.terms.items():
            term: Dim = factor
            for atom in monomial:
                term = term * _replace(atom, values)
            total = total + term
        return simplify(total)

    @_among_sizes
    def __mod__(self, other: Dim) -> Poly:
        return self - self // other * other

    def __rmod__(self, other: int) -> Poly:
        return Poly.of(other) % self

    def __truediv__(self, other: Any) -> float:
        """NaN, as `float()` of it: no shape depends on it, and arithmetic with it goes on."""
        return nan

    def __rtruediv__(self, other: Any) -> float:
        return nan

    def __float__(self) -> float:
        return nan

    def __bool__(self) -> bool:
        return self != 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (int, Poly)):
            return NotImplemented
        return is_identical(self, other) or (doubt.ask is not None and _ask("==", self, other))

    def __lt__(self, other: Dim) -> bool:
        return _ask("<", self, other)

    def __le__(self, other: Dim) -> bool:
        return not _ask("<", Poly.of(other), self)

    def __gt__(self, other: Dim) -> bool:
        return _ask("<", Poly.of(other), self)

    def __ge__(self, other: Dim) -> bool:
        return not _ask("<", self, other)

    def __hash__(self) -> int:
        constant = self.constant
        if constant is not None:
            return hash(constant)
        # Odd numbers: hash(-1) == hash(-2), and where hashes are equal a dict compares, which may ask.
        return hash(frozenset((monomial, 2 * factor + 1) for monomial, factor in self.terms.items()))

    def ordered(self) -> list[Monomial]:
        """The monomials in the order in which they are written."""
        return sorted(self.terms, key=_monomial_order)

    def __str__(self) -> str:
        return (
            "+".join(_show_term(monomial, self.terms[monomial]) for monomial in self.ordered()).replace("+-", "-")
            or "0"
        )

    __repr__ = __str__


class _Unknown(Poly):
    """The dimension that nobody knows; a subclass, so that its operators win on either side."""

    __slots__ = ()

    @_among_sizes
    def _absorb(self, other: Dim) -> Poly:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = _absorb

    def __neg__(self) -> Poly:
        return self

    def atoms(self) -> frozenset[Atom]:
        return frozenset()

    def substitute(self, values: Mapping[Atom, Dim]) -> Dim:
        return self

    def __reduce__(self) -> str:
        return "UNKNOWN"


def _ask(sign: str, a: Poly, b: Dim) -> bool:
    """Whether `a == b` or `a < b`, by what is known of the difference, else by whoever is asked."""
    difference = a - b
    decided = _is_zero(difference) if sign == "==" else _is_negative(difference)
    if sign == "==" and (is_natural(difference - 1) or is_natural(-difference - 1) or (a is UNKNOWN and b == -1)):
        return False
    if decided is not None:
        return decided
    if doubt.ask is None:
        raise TypeError(f"{a} < {b} is open: it depends on what the names stand for")
    return doubt.ask(sign, difference, sign == "==" or _at_large(a) < _at_large(b))


def _at_large(dim: Dim) -> int:
    """Its value where every name is large, as sizes are: what passes the guards of correct code there."""
    return sum(factor * 1000 ** len(monomial) for monomial, factor in Poly.of(dim).terms.items())


def as_size(value: Any) -> Any:
    """A size as shapes hold it: the int that the value counts as, or the symbol."""
    return simplify(value) if isinstance(value, Poly) else operator.index(value)


def is_identical(a: Dim, b: Dim) -> bool:
    """Whether both are written the same, which UNKNOWN is to itself."""
    if isinstance(a, Poly) and isinstance(b, Poly):
        return a.terms == b.terms
    return (a if isinstance(a, int) else a.constant) == (b if isinstance(b, int) else b.constant)


UNKNOWN: Poly = _Unknown({(Atom("?", "UNKNOWN", rigid=False),): 1})

Dim = int | Poly
Shape = tuple[Dim, ...]


def simplify(dim: Dim) -> Dim:
    """A plain int where the dimension is one."""
    if type(dim) is int:
        return dim
    constant = Poly.of(dim).constant
    return dim if constant is None else constant


def _atom_order(atom: Atom) -> tuple[str, str, int]:
    # By name, so that text is stable; the rest only keeps different atoms of one name apart (hash(-1) == hash(-2)).
    return atom.name, repr(atom.key), hash(atom)


def _monomial_order(monomial: Monomial) -> tuple[int, list[tuple[str, str, int]]]:
    # Degree first, then names: an order that multiplication keeps, which long division needs.
    return -len(monomial), [_atom_order(atom) for atom in monomial]


def _times(a: Monomial, b: Monomial) -> Monomial:
    return tuple(sorted(a + b, key=_atom_order)) if a and b else a or b


def _without(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    left = list(monomial)
    for atom in divisor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _replace(atom: Atom, values: Mapping[Atom, Dim]) -> Dim:
    if atom in values:
        return values[atom]
    if atom.quotient is None:
        return Poly.of(atom)
    above, below = atom.quotient
    return above.substitute(values) // below.substitute(values)


def _cancel(above: Poly, below: Poly) -> tuple[Poly, Poly]:
    """Both without their common factors: the floor depends on the ratio alone, so `B*D//(B*H)` is `D//H`."""
    if not below.terms:
        raise ZeroDivisionError(f"{above} // 0")
    number = gcd(*above.terms.values(), *below.terms.values())
    shared = Counter(next(iter(below.terms)))
    for monomial in (*above.terms, *below.terms):
        shared &= Counter(monomial)
    common = Poly({tuple(shared.elements()): number})
    return above._divide(common)[0], below._divide(common)[0]


def _quotient(above: Poly, below: Poly) -> Poly:
    """The atom `above//below`, two floors joined: `(a//b + k)//c` is `(a + k*b)//(b*c)` for c > 0."""
    offset = above.terms.get((), 0)
    inner = (above - offset)._lone_atom()
    if below.constant and inner and inner.quotient and inner.quotient[1].constant:
        a, b = inner.quotient
        return (a + offset * b) // (b * below)
    return Poly.of(Atom(_show_quotient(above, below), None, rigid=False, quotient=(above, below)))


def _show_quotient(above: Poly, below: Poly) -> str:
    top, bottom = str(above), str(below)
    # `X+(-T)//D` without its parentheses would read as `X-(T//D)`, one more wherever D does not divide T.
    top = f"({top})" if len(above.terms) > 1 or top.startswith("-") else top
    name = below._lone_atom()
    plain = below.constant is not None or (name is not None and name.quotient is None)
    return f"{top}//{bottom}" if plain else f"{top}//({bottom})"


def _show_term(monomial: Monomial, factor: int) -> str:
    if not monomial:
        return str(factor)
    # Read from left to right a quotient needs parentheses everywhere but in front: D*(T//2) is not D*T//2.
    names = [f"({a.name})" if a.quotient and (i or factor != 1) else a.name for i, a in enumerate(monomial)]
    sign = {1: "", -1: "-"}.get(factor, f"{factor}*")
    return sign + "*".join(names)


# What shape rules are written in. Ints are tested first: these lines are on the run-time path.


def show(shape: Shape) -> str:
    """The shape as users write it: `(3, B*T)`, `(3,)`."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def is_equal(a: Dim, b: Dim) -> bool | None:
    """Whether both are one dimension; None when that cannot be decided.

    False also where only rigid atoms differ: `T` and `D` of one function may both be 3, but nothing says so.
    """
    if type(a) is int and type(b) is int:
        return a == b
    return _is_zero(Poly.of(a) - b)


def _is_zero(difference: Poly) -> bool | None:
    if difference.constant is not None:
        return difference.constant == 0
    return False if _is_rigid(difference) else None


def _is_negative(difference: Poly) -> bool | None:
    """Whether it is below 0, given that sizes are not."""
    if is_natural(difference):
        return False
    return True if is_natural(-difference - 1) else None


def is_natural(dim: Poly) -> bool:
    """Whether it is plainly not below 0: a sum of products of sizes and quotients of such."""
    parts = [part for atom in dim._factors() for part in atom.quotient or ()]
    return dim is not UNKNOWN and all(factor >= 0 for factor in dim.terms.values()) and all(map(is_natural, parts))


def _is_rigid(dim: Poly) -> bool:
    return all(atom.rigid for monomial in dim.terms for atom in monomial)


def _why(a: Dim, b: Dim) -> str:
    certain = (Poly.of(a) - b).constant is not None
    return f"{a} != {b}" if certain else f"{a} and {b} are not known to be equal"


def _knowledge(dim: Dim) -> int:
    """How much is known: 3 an int, 2 a dimension of this function, 1 some other expression, 0 nothing."""
    dim = simplify(dim)
    if isinstance(dim, int):
        return 3
    return 0 if dim is UNKNOWN else 1 + _is_rigid(dim)


def same(a: Dim, b: Dim, message: str) -> Dim:
    """The dimension that both are, the better known one when that is undecided.

    Raises ShapeError, `message` and the reason, when they are not the same.
    """
    if type(a) is int and type(b) is int and a == b:
        return a
    if is_equal(a, b) is False:
        raise ShapeError(f"{message}: {_why(a, b)}")
    return simplify(a if _knowledge(a) >= _knowledge(b) else b)


def broadcast(*shapes: Shape) -> Shape:
    """The common shape by NumPy's rules: axes align at the end, 1 stretches."""
    result = shapes[0] if shapes else ()
    for shape in shapes[1:]:
        if shape != result:
            result = _broadcast_two(result, shape, shapes)
    return result


def _broadcast_two(a: Shape, b: Shape, shapes: tuple[Shape, ...]) -> Shape:
    extra = len(a) - len(b)
    lead, a, b = (a[:extra], a[extra:], b) if extra > 0 else (b[:-extra], a, b[-extra:])
    result: list[Dim] = []
    for x, y in zip(a, b, strict=True):
        size = _stretch(x, y)
        if size is None:
            names = ", ".join(map(show, shapes[:-1])) + f" and {show(shapes[-1])}"
            raise ShapeError(f"shapes {names} do not broadcast: axis {len(result) - len(a)}: {_why(x, y)}")
        result.append(size)
    return (*lead, *result)


def _stretch(x: Dim, y: Dim) -> Dim | None:
    """The size of an axis that is x here and y there, None when they do not fit."""
    if type(x) is int and type(y) is int:
        return x if x == y or y == 1 else y if x == 1 else None
    if is_identical(x, y) or is_identical(y, 1):
        return x
    if is_identical(x, 1):
        return y
    if is_equal(x, y) is False:
        return None
    # Undecided: the less known one may be 1 and stretch. Of two that are known equally little, either may be the 1.
    known_x, known_y = _knowledge(x), _knowledge(y)
    return UNKNOWN if known_x == known_y else simplify(x if known_x > known_y else y)


def product(shape: Shape) -> Dim:
    """The number of elements."""
    total: Dim = 1
    for size in shape:
        total = total * size
    return simplify(total)


def window(
    size: Dim, kernel: Dim, stride: Dim = 1, padding: Dim = 0, dilation: Dim = 1, axis_name: str = "axis"
) -> Dim:
    """How often a kernel fits: `(size + 2*padding - dilation*(kernel-1) - 1) // stride + 1`.

    Raises ShapeError, naming the axis, when the kernel is larger than the padded input.
    """
    for value, name, least in (
        (kernel, "kernel", 1),
        (stride, "stride", 1),
        (padding, "padding", 0),
        (dilation, "dilation", 1),
    ):
        if isinstance(value, int) and value < least:
            raise ShapeError(f"{axis_name}: {name} must be at least {least}, got {value}")
    room = simplify(size + 2 * padding - dilation * (kernel - 1) - 1)
    if isinstance(room, int) and room < 0:
        spread = "" if dilation == 1 else f" and dilation {dilation}"
        raise ShapeError(f"{axis_name}: kernel {kernel} does not fit size {size} with padding {padding}{spread}")
    return simplify(room // stride + 1)


def normalise_axis(axis: int, rank: int, what: str = "axis") -> int:
    """The axis counted from the front."""
    if -rank <= axis < rank:
        return axis % rank
    valid = f"valid: {-rank}..{rank - 1}" if rank else "a scalar has no axes"
    raise ShapeError(f"{what} {axis} is out of range for rank {rank} ({valid})")


def normalise_axes(axes: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """The axes counted from the front and sorted; None means all of them."""
    if axes is None:
        return tuple(range(rank))
    given = (axes,) if isinstance(axes, int) else axes
    result = sorted(normalise_axis(axis, rank) for axis in given)
    for axis, following in itertools.pairwise(result):
        if axis == following:
            raise ShapeError(f"axes {show(given)} name axis {axis} twice")
    return tuple(result)


def reshape_to(shape: Shape, target: Shape) -> Shape:
    """`target` with its -1 resolved; raises ShapeError when the element counts differ.

    Symbolic quotients are taken to be exact: `D` reshapes to `(H, D//H)`, the run time checks that H divides D.
    """
    for size in target:
        if isinstance(size, int) and size < -1:
            raise ShapeError(f"{size} in {show(target)} is not a size")
    if target.count(-1) > 1:
        raise ShapeError(f"only one -1 is allowed in {show(target)}")
    total = _exact(product(shape))
    if -1 in target:
        fill = _fill(shape, target, total)
        return tuple(fill if type(size) is int and size == -1 else simplify(size) for size in target)
    wanted = _exact(product(target))
    if is_equal(total, wanted) is False:
        doubt = "" if isinstance(simplify(total - wanted), int) else ", not known to be equal"
        raise ShapeError(f"{show(shape)} has {total} elements, {show(target)} wants {wanted}{doubt}")
    return tuple(map(simplify, target))


def _exact(dim: Dim) -> Dim:
    return dim if isinstance(dim, int) else dim.exact()


def _fill(shape: Shape, target: Shape, total: Dim) -> Dim:
    """The size that -1 stands for in `target`."""
    rest = _exact(product(tuple(size for size in target if size != -1)))
    if rest == 0:
        raise ShapeError(f"-1 in {show(target)} could be anything: the other sizes multiply to 0")
    fill = simplify(total // rest)
    # An opaque quotient leaves a symbolic remainder, which counts as exact; 2*T+1 by 2 leaves 1 and is refused.
    left_over = simplify(total - fill * rest)
    if isinstance(left_over, int) and left_over:
        raise ShapeError(f"{show(shape)} has {total} elements, not a multiple of {rest} for {show(target)}")
    return fill
