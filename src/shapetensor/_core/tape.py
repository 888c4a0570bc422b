"""Tapes: what was computed, in order, so that derivatives can be.

A tensor carries its marks, one for each tape it is on, oldest tape first. A tape sees values with the marks of older
tapes only: it is one level of differentiation, and whatever its rules compute is recorded on the levels outside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from threading import get_ident
from typing import Any

from .op import Call, Rule, Source
from .spec import Spec

_levels = itertools.count(1)


def next_level() -> int:
    """Levels grow in the order in which transformations begin; vmap takes its place among the tapes."""
    return next(_levels)


# A call on a tape: the nodes that went in, the node of its first output, and the values its rules will read, by place.
Entry = tuple[Call, Sequence[int | None], int, dict[int, Any]]


class Tape:
    """Reverse mode: a list of entries that is walked backwards once.

    Entries hold values without this tape's marks, and integer node numbers: nothing here refers to the tensors that
    refer to the tape, so that memory is free as soon as they are.
    """

    __slots__ = ("_entries", "_nodes", "_thread", "level")

    def __init__(self) -> None:
        self.level = next_level()
        self._entries: list[Entry] | None = []
        self._nodes = 0
        self._thread = get_ident()

    def new_node(self) -> int:
        self._nodes += 1
        return self._nodes - 1

    def record(
        self, call: Call, xs: Sequence[Any], nodes: Sequence[int | None], wanted: int, outs: Sequence[Any]
    ) -> Sequence[int] | None:
        """Write a call down; returns the nodes of the outputs.

        The bits of `wanted` say which operands have a node. The caller marks the outputs themselves afterwards, so
        that what is kept of them is a copy.
        """
        if get_ident() != self._thread:
            raise _wrong_thread()
        entries = self._entries
        if entries is None:  # walked already: what is computed now has no gradient through this tape
            return None
        count = len(xs)
        kept = {
            place: xs[place]._below(self.level) if place < count else outs[place - count]._copied()
            for place in call.kept(wanted)
        }
        first = self._nodes
        self._nodes = first + len(outs)
        entries.append((call, nodes, first, kept))
        return (first,) if len(outs) == 1 else range(first, self._nodes)

    def walk(self, seeds: dict[int, Any], wanted: Sequence[int]) -> dict[int, Any]:
        """Gradients of the wanted nodes, given those of the results; frees the entries as it goes.

        Rules run only for inputs that depend on a wanted node.
        """
        if get_ident() != self._thread:
            raise _wrong_thread()
        if self._entries is None:
            raise RuntimeError("this tape was walked backwards already: trace the tensors again")
        entries, self._entries = self._entries, None
        needed = set(wanted)
        for call, nodes, first, _ in entries:
            if any(n in needed for n in nodes):
                needed.update(range(first, first + len(call.outs)))
        gradients = dict(seeds)
        while entries:
            _walk_entry(entries.pop(), gradients, needed)
        return gradients


def _wrong_thread() -> RuntimeError:
    return RuntimeError("this tape belongs to another thread: trace the tensors in the thread that uses them")


def _walk_entry(entry: Entry, gradients: dict[int, Any], needed: set[int]) -> None:
    """Carry the gradients of an entry's outputs to its inputs."""
    call, nodes, first, values = entry
    arrived = [gradients.pop(node, None) for node in range(first, first + len(call.outs))]
    if all(g is None for g in arrived):
        return
    for i, node in enumerate(nodes):
        rule = call.op.rule(call.op.vjp, i) if node in needed else None
        if rule is None or node is None:
            continue
        contribution = rule.function(*_arguments(rule, call, values, i, _arrived(rule, call, arrived)))
        before = gradients.get(node)
        gradients[node] = contribution if before is None else before + contribution


def _arrived(rule: Rule, call: Call, gradients: list[Any]) -> dict[str, Any]:
    """The gradients of the outputs in the form that a rule names."""
    if not call.many:
        return {"g": gradients[0]}
    if any(source.kind == "gs" for source in rule.sources):
        return {"gs": gradients}
    return {"g": _with_zeros(gradients, call.outs)}


def _with_zeros(gradients: list[Any], specs: Sequence[Spec]) -> list[Any]:
    """Outputs that nothing was derived from have the gradient 0; those of integers stay None."""
    like = next(g for g in gradients if g is not None)
    return [like._zeros(s) if g is None and s.differentiable else g for g, s in zip(gradients, specs, strict=True)]


def _arguments(rule: Rule, call: Call, values: Any, index: int, extra: dict[str, Any]) -> list[Any]:
    return [_argument(source, call, values, index, extra) for source in rule.sources]


def _argument(source: Source, call: Call, values: Any, index: int, extra: dict[str, Any]) -> Any:
    kind, place = source
    count = len(call.ins)
    if kind == "value":
        return values[place if place >= 0 else count]
    if kind == "spec":
        return call.ins[place] if place >= 0 else call.out
    if kind == "attr":
        return call.attrs[place]
    if kind == "index":
        return index
    if kind == "input_specs":
        return call.ins
    if kind == "inputs":
        return [values[i] for i in range(count)]
    if kind == "outputs":
        return [values[count + i] for i in range(len(call.outs))]
    found = extra[kind]
    return found[place] if kind == "tangent" else found


class Tangents:
    """Forward mode: the mark of a tensor is its tangent, computed as soon as the tensor is."""

    __slots__ = ("level",)

    def __init__(self) -> None:
        self.level = next_level()

    def record(
        self, call: Call, xs: Sequence[Any], tangents: Sequence[Any], wanted: int, outs: Sequence[Any]
    ) -> Sequence[Any]:
        """Tangents of the outputs; None is a tangent known to be zero, for which no rule runs."""
        values = {i: x._below(self.level) for i, x in enumerate((*xs, *outs))}
        if call.op.variadic:
            full = [x._zeros(x._spec) if t is None else t for x, t in zip(xs, tangents, strict=True)]
            return self._many(call, call.op.jvp[0], values, 0, {"tangents": full})
        totals: list[Any] = [None] * len(outs)
        for i, tangent in enumerate(tangents):
            rule = call.op.rule(call.op.jvp, i) if tangent is not None else None
            if rule is not None:
                parts = self._many(call, rule, values, i, {"tangent": tangents})
                totals = [_sum(a, b) for a, b in zip(totals, parts, strict=True)]
        return totals

    def _many(self, call: Call, rule: Rule | None, values: Any, index: int, extra: dict[str, Any]) -> list[Any]:
        if rule is None:
            return [None] * len(call.outs)
        result = rule.function(*_arguments(rule, call, values, index, extra))
        return list(result) if call.many else [result]


def _sum(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b
