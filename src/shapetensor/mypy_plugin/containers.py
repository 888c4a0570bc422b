"""Lists, dicts and attributes: without an annotation, mypy takes the shape of the first tensor there for that of all.

What is put there later may have any shape, unless an annotation says otherwise.
"""

from __future__ import annotations

from typing import Any

from mypy.nodes import CallExpr, IndexExpr, MemberExpr, RefExpr, Var
from mypy.types import CallableType, Instance, Type, get_proper_type

from .signatures import without_shapes
from .types import Types, mentions

_METHODS = {
    "builtins.list": ("append", "extend", "insert", "__setitem__", "__iadd__"),
    "builtins.dict": ("__setitem__", "setdefault", "update"),
    "builtins.set": ("add", "update"),
    "collections.deque": ("append", "appendleft", "extend"),
    "collections.defaultdict": ("__setitem__",),
}
PUTS = frozenset(f"{kind}.{name}" for kind, names in _METHODS.items() for name in names)


def put(types: Types, ctx: Any) -> CallableType:
    """The signature, which takes tensors of any shape where the type of the container was inferred."""
    signature: CallableType = ctx.default_signature
    if not any(mentions(t) for t in signature.arg_types):
        return signature
    return without_shapes(types, signature) if _is_inferred(ctx) else signature


def _is_inferred(ctx: Any) -> bool:
    """Whether the container is a name or an attribute without an annotation."""
    place = ctx.context.callee if isinstance(ctx.context, CallExpr) else ctx.context
    owner = place.expr if isinstance(place, MemberExpr) else place.base if isinstance(place, IndexExpr) else None
    if isinstance(owner, MemberExpr) and owner.node is None:
        return is_inferred_attribute(get_proper_type(ctx.api.get_expression_type(owner.expr)), owner.name)
    return isinstance(owner, RefExpr) and isinstance(owner.node, Var) and owner.node.is_inferred


def is_inferred_attribute(t: Type, name: str) -> bool:
    """Whether an attribute of instances of this type got its type from what was assigned to it first."""
    found = t.type.get(name) if isinstance(t, Instance) else None
    return found is not None and isinstance(found.node, Var) and found.node.is_inferred
