"""Types that refer to themselves, with shapes in them: mypy asks for them before it knows what they are."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypedDict, TypeVar, Union
from typing import Literal as L

from shapetensor import F32, Tensor

X = TypeVar("X")
B = TypeVar("B", bound=int)
N = TypeVar("N", bound=int)
Tree = Union[Tensor[F32, B], list["Tree[B]"]]  # noqa: UP007
Named = dict[str, "Named | Tensor[F32, L[2]]"]
Chain = Union[tuple[Tensor[F32, L[3]], "Chain"], None]  # noqa: UP007


def leaves(tree: Tree[B]) -> list[Tensor[F32, B]]:
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, list) else [tree]


def named(tree: Named) -> Tensor[F32, L[2]] | None:
    return next((v for v in tree.values() if not isinstance(v, dict)), None)


def last(chain: Chain) -> Tensor[F32, L[3]] | None:
    return None if chain is None else last(chain[1]) or chain[0]


class Base(Generic[X, B]):
    values: Tensor[F32, B]


class Child(Base["Child", L[3]]):
    def doubled(self) -> Tensor[F32, L[3]]:
        return self.values * 2.0


class Record(NamedTuple):
    base: Base[Record, L[3]]
    rest: tuple[Record, ...] = ()


class Table(TypedDict):
    base: Base[Table, L[3]]


def of_records(record: Record, table: Table) -> Tensor[F32, L[3]]:
    return record.base.values + table["base"].values
