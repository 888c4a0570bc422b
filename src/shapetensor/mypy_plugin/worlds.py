"""What a type leaves open, tried one way after the other.

`*S` stands for any number of axes and `DT` for any dtype, so a library function is run in several worlds: with no axis,
one, two and three; with each dtype that the variable may be. A mistake is one only if it is one in every world, and
what is known of the result is what all worlds have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import chain, islice, product
from math import prod
from typing import Any, NamedTuple, TypeVar

from .._core.dims import Dim, Poly
from .._core.paths import Undecidable

T = TypeVar("T")
_MOST = 128
MOST_AXES = 8  # that `*S` is tried with


class Choice(NamedTuple):
    """What has to be chosen: "axes" or "dtype" of a variable or a place, "number", "flag" or "member" of a place."""

    kind: str
    of: Hashable


class Axis(NamedTuple):
    """The key of a symbol that a world made up: one of the axes that `*S` is there."""

    choice: Choice
    number: int


Options = dict[Choice, tuple[Any, ...]]


class World:
    """One choice for everything that is open."""

    def __init__(self, chosen: dict[Choice, Any]) -> None:
        self.chosen = chosen
        self.options: Options = {}
        self.unlikely: Options = {}
        self.asks_mypy = False  # whether what comes out depends on other code of the user than types

    def pick(self, key: Choice, options: tuple[T, ...], unlikely: tuple[T, ...] = ()) -> T:
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
    for world in _fewer(first) if every is None else every:
        outcome.add(world)
    if every is None and outcome.errors:
        raise Undecidable
    if outcome.errors and any(first.unlikely.values()):
        for world in _unlikely(first):
            outcome.add(world)
    if not outcome.found:
        raise outcome.errors[0]
    return outcome.found


def goes_somewhere(run: Callable[[World], list[Any]]) -> bool:
    """Whether there is a world in which `run` does not raise, or one that cannot be judged."""
    first, outcome = World({}), _Outcome(run)
    try:
        outcome.add(first)
        every = _worlds(first.options)
        for world in chain(_fewer(first) if every is None else every, _unlikely(first)):
            if outcome.found:
                break
            outcome.add(world)
    except Undecidable:
        return True
    return bool(outcome.found)


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


def _worlds(options: Options, skip: int = 1) -> list[World] | None:
    """A world for every combination but the first ones; None if there are too many."""
    if prod(map(len, options.values())) > _MOST:
        return None
    return [World(dict(zip(options, chosen, strict=True))) for chosen in islice(product(*options.values()), skip, None)]


def _fewer(first: World) -> list[World]:
    """Every combination of what is no dtype, and each dtype by itself."""
    rest = {key: options for key, options in first.options.items() if key.kind != "dtype"}
    every = _worlds(rest)
    if every is None:
        raise Undecidable
    start = {key: options[0] for key, options in first.options.items()}
    varied = [{key: option} for key, options in first.options.items() if key.kind == "dtype" for option in options[1:]]
    return [World({**start, **changes}) for changes in (*(world.chosen for world in every), *varied)]


def common(dims: list[Dim]) -> Dim | None:
    """The dimension that all are, None where they differ."""
    first = Poly.of(dims[0])
    return dims[0] if all(first.terms == Poly.of(d).terms for d in dims[1:]) else None
