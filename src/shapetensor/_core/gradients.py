"""Gradients, kept apart from the tensors they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from .apply import apply
from .errors import DTypeError, ShapeError
from .ops.creation import full
from .pytree import flatten, leaves_of, parameter_mask, unflatten
from .tape import Tape

Tree = TypeVar("Tree")


def on_new_tape(tensors: Sequence[Any]) -> list[Any]:
    """The same values at the start of one new tape.

    Raises:
        DTypeError: for tensors of integers or booleans, which have no gradients.
    """
    tape = Tape()
    for x in tensors:
        if not x._spec.differentiable:
            raise DTypeError(f"a tensor of {x.dtype.__name__} has no gradient: trace floating tensors only")
    return [x._marked((*x._marks, (tape, tape.new_node()))) for x in tensors]


class Gradients:
    """The gradients of one backward pass: `gradients[x]` for each x that was asked for."""

    __slots__ = ("_by_node", "_tape")

    def __init__(self, tape: Tape, by_node: dict[int, Any]) -> None:
        self._tape, self._by_node = tape, by_node

    def __getitem__(self, x: Tree) -> Tree:
        """The gradient with respect to a traced tensor.

        Raises:
            KeyError: if it was not in `wrt`.
        """
        node = _node(x, self._tape)
        if node is None or node not in self._by_node:
            raise KeyError("no gradient with respect to this tensor: name it in backward(wrt=...)")
        return self._by_node[node]  # type: ignore[no-any-return]

    def of(self, tree: Tree) -> Tree:
        """The tree of gradients; tensors that were not traced (integers, buffers) have zeros, as with `grad`."""
        leaves, definition = flatten(tree)
        found = [self[x] if _node(x, self._tape) is not None else x._zeros(x._spec) for x in leaves]
        return unflatten(definition, found)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self._by_node)

    def __repr__(self) -> str:
        return f"Gradients of {len(self)} tensors"


def _node(x: Any, tape: Tape) -> int | None:
    for found, node in x._marks:
        if found is tape:
            return node  # type: ignore[no-any-return]
    return None


def backward(loss: Any, wrt: Any) -> Gradients:
    """Walk the tape that everything in `wrt` began on, from a scalar loss."""
    if loss.shape != ():
        raise ShapeError(f"backward: the loss has shape {loss.shape}, not (): take loss.sum() or loss.mean()")
    leaves = [x for x, wanted in zip(leaves_of(wrt), parameter_mask(wrt), strict=True) if wanted]
    tape = _common_tape(leaves)
    one = apply(full, (1.0,), ((), loss.dtype, loss.device))
    return Gradients(tape, gradients(tape, [loss], [one], leaves))


def _common_tape(leaves: Sequence[Any]) -> Tape:
    """The newest tape that all leaves are on.

    Raises:
        ValueError: if there is none.
    """
    if not leaves:
        raise ValueError("backward: wrt holds no floating tensor")
    on_all = [t for t, _ in leaves[0]._marks if isinstance(t, Tape) and all(_node(x, t) is not None for x in leaves)]
    if not on_all:
        raise ValueError(
            "backward: a tensor in wrt is not on a tape with the others: take them from one st.traced(...)"
        )
    return on_all[-1]


def gradients(tape: Tape, outputs: Sequence[Any], cotangents: Sequence[Any], leaves: Sequence[Any]) -> dict[int, Any]:
    """Gradients by node of each leaf; zeros for a leaf that the outputs do not depend on."""
    wanted = []
    for x in leaves:
        node = _node(x, tape)
        if node is None:
            raise ValueError("a tensor is not on this tape")
        wanted.append(node)
    seeds: dict[int, Any] = {}
    for out, cotangent in zip(outputs, cotangents, strict=True):
        node = _node(out, tape)
        if node is not None:
            seeds[node] = cotangent if node not in seeds else seeds[node] + cotangent
    found = tape.walk(seeds, wanted)
    return {n: found[n] if n in found else x._zeros(x._spec) for n, x in zip(wanted, leaves, strict=True)}
