"""Trees of tensors: tuples, lists, dicts and modules, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TreeDef:
    """The structure of a tree without its tensors; equal for trees that differ in tensors only."""

    kind: Any  # a container type, or one of LEAF and STATIC
    names: tuple[Any, ...]  # keys or field names of the children; for STATIC the value itself
    children: tuple[TreeDef, ...] = ()
    rest: Any = ()  # what a module keeps besides its children

    def __repr__(self) -> str:
        return f"TreeDef({self.kind}, {len(self.children)} children)"


LEAF, STATIC = "leaf", "static"
_LEAF_DEF = TreeDef(LEAF, ())


def is_tensor(value: object) -> bool:
    """Whether a value is a leaf of trees."""
    kind = type(value)  # of the value, since a class that stands in a tree is static
    return hasattr(kind, "_spec") and hasattr(kind, "_marks")


def children_of(tree: Any) -> tuple[tuple[Any, ...], tuple[Any, ...], Any] | None:
    """Names and values of the children and the remaining state of a container; None if it is none.

    Modules say it themselves: `_flatten()` returns this triple and the class has `_unflatten(names, values, rest)`.
    """
    if hasattr(type(tree), "_flatten"):
        return tree._flatten()  # type: ignore[no-any-return]
    if isinstance(tree, dict):
        return tuple(tree), tuple(tree.values()), ()
    if isinstance(tree, tuple):
        return getattr(tree, "_fields", tuple(range(len(tree)))), tuple(tree), ()
    if isinstance(tree, list):
        return tuple(range(len(tree))), tuple(tree), ()
    return None


def flatten(tree: Any) -> tuple[list[Any], TreeDef]:
    """The tensors of a tree in order, and its structure."""
    leaves: list[Any] = []
    return leaves, _flatten_into(tree, leaves)


def _flatten_into(tree: Any, leaves: list[Any]) -> TreeDef:
    if is_tensor(tree):
        leaves.append(tree)
        return _LEAF_DEF
    found = children_of(tree)
    if found is None:
        return TreeDef(STATIC, (tree,))
    names, values, rest = found
    return TreeDef(type(tree), names, tuple(_flatten_into(v, leaves) for v in values), rest)


def unflatten(definition: TreeDef, leaves: Iterator[Any] | list[Any]) -> Any:
    """The tree of this structure with these tensors."""
    leaves = iter(leaves)
    if definition.kind == LEAF:
        return next(leaves)
    if definition.kind == STATIC:
        return definition.names[0]
    values = [unflatten(child, leaves) for child in definition.children]
    kind = definition.kind
    if hasattr(kind, "_unflatten"):
        return kind._unflatten(definition.names, values, definition.rest)
    if issubclass(kind, dict):
        return kind(zip(definition.names, values, strict=True))
    return kind(*values) if hasattr(kind, "_fields") else kind(values)


def leaves_of(tree: Any) -> list[Any]:
    """The tensors of a tree in order."""
    return flatten(tree)[0]


def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The tree with `function` applied to each tensor, together with those in the same place of the others.

    Raises:
        ValueError: if the trees differ in structure.
    """
    leaves, definition = flatten(tree)
    columns = [leaves]
    for other in others:
        found, structure = flatten(other)
        if structure != definition:
            raise ValueError(f"trees differ in structure: {definition} and {structure}")
        columns.append(found)
    return unflatten(definition, [function(*row) for row in zip(*columns, strict=True)])


def paths(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`encoder.0.weight`-like names of the tensors, with the tensors, in order."""
    if is_tensor(tree):
        yield prefix, tree
        return
    found = children_of(tree)
    for name, value in zip(*found[:2], strict=True) if found is not None else ():
        yield from paths(value, f"{prefix}.{name}" if prefix else str(name))


def parameter_mask(tree: Any) -> list[bool]:
    """Whether each tensor of `flatten(tree)` is a parameter: floating, and in no buffer of a module.

    A module class names its buffers in `_buffer_names`.
    """
    mask: list[bool] = []
    _mask_into(tree, True, mask)
    return mask


def _mask_into(tree: Any, wanted: bool, mask: list[bool]) -> None:
    if is_tensor(tree):
        mask.append(wanted and tree._spec.differentiable)
        return
    found = children_of(tree)
    if found is None:
        return
    buffers = getattr(type(tree), "_buffer_names", ())
    for name, value in zip(*found[:2], strict=True):
        _mask_into(value, wanted and name not in buffers, mask)
