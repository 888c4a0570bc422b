"""What a type leaves open, tried one way after the other.

`*S` stands for any number of axes and `DT` for any dtype, so a library function is run in several worlds: with no axis,
one, two and three; with each dtype that the variable may be. A mistake is one only if it is one in every world, and
what is known of the result is what all worlds have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple, TypeVar

from .._core.dims import Dim, Poly
from .._core.paths import Undecidable

T = TypeVar("T")
_MOST = 128
MOST_AXES = 8  # that `*S` is tried with


class World:
    """One choice for everything that is open."""

    def __init__(self, chosen: dict[Hashable, Any]) -> None:
        self.chosen = chosen
        self.options: dict[Hashable, tuple[Any, ...]] = {}
        self.unlikely: dict[Hashable, tuple[Any, ...]] = {}

    def pick(self, key: Hashable, options: tuple[T, ...], unlikely: tuple[T, ...] = ()) -> T:
        """What this world chose, the first option where it is asked for the first time.

        Unlikely options are tried only where a likely one ends in a mistake.
        """
        self.options[key], self.unlikely[key] = options, unlikely
        found: T = self.chosen.setdefault(key, options[0])
        return found


class Result(NamedTuple):
    """What came out in one world."""

    world: World
    value: Any


def in_all_worlds(run: Callable[[World], list[Any]]) -> list[Result]:
    """What `run` returns in every world in which it does not raise.

    Where there are too many worlds, dtypes are varied one at a time; then a mistake is not proved.

    Raises:
        Undecidable: if one world cannot be judged, or there are too many.
        Exception: what it raises in the first world, where it raises in all.
    """
    first, outcome = World({}), _Outcome(run)
    outcome.add(first)
    every = _worlds(first.options)
    for world in every or _fewer(first):
        outcome.add(world)
    if every is None and outcome.errors:
        raise Undecidable
    if outcome.errors and any(first.unlikely.values()):
        for world in _unlikely(first):
            outcome.add(world)
    if not outcome.found:
        raise outcome.errors[0]
    return outcome.found


def _unlikely(first: World) -> list[World]:
    """The worlds with one unlikely option or more."""
    worlds = _worlds({key: (*options, *first.unlikely[key]) for key, options in first.options.items()}, skip=0)
    if worlds is None:
        raise Undecidable
    return [w for w in worlds if any(choice in first.unlikely[key] for key, choice in w.chosen.items())]


class _Outcome:
    """Results and mistakes of all worlds so far."""

    def __init__(self, run: Callable[[World], list[Any]]) -> None:
        self._run = run
        self.found: list[Result] = []
        self.errors: list[Exception] = []

    def add(self, world: World) -> None:
        try:
            self.found += [Result(world, value) for value in self._run(world)]
        except Undecidable:
            raise
        except Exception as error:
            self.errors.append(error)


def _worlds(options: dict[Hashable, tuple[Any, ...]], skip: int = 1) -> list[World] | None:
    """A world for every combination but the first ones; None if there are too many."""
    if prod(map(len, options.values())) > _MOST:
        return None
    return [World(dict(zip(options, chosen, strict=True))) for chosen in islice(product(*options.values()), skip, None)]


def _fewer(first: World) -> list[World]:
    """Every combination of what is no dtype, and each dtype by itself."""
    rest = {key: options for key, options in first.options.items() if not is_dtype(key)}
    every = _worlds(rest)
    if every is None:
        raise Undecidable
    start = {key: options[0] for key, options in first.options.items()}
    varied = [{key: option} for key, options in first.options.items() if is_dtype(key) for option in options[1:]]
    return [World({**start, **changes}) for changes in (*(world.chosen for world in every), *varied)]


def is_dtype(key: Hashable) -> bool:
    """Whether this choice is of a dtype."""
    return isinstance(key, tuple) and key[0] == "dtype"


def common(dims: list[Dim]) -> Dim | None:
    """The dimension that all are, None where they differ."""
    first = Poly.of(dims[0])
    return dims[0] if all(first.terms == Poly.of(d).terms for d in dims[1:]) else None
