"""The public surface, for the tests that look at all of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import shapetensor as st
from shapetensor import DType


def public_objects() -> dict[str, Any]:
    """Every public function and class under the name users write, such as `nn.Linear`; aliases of a name once."""
    found: dict[int, tuple[str, Any]] = {}
    for name, value in _walk("", st):
        found.setdefault(id(value), (name, value))
    return dict(found.values())


def _walk(prefix: str, module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name in names_in(module):
        value = getattr(module, name)
        if isinstance(value, ModuleType):
            yield from _walk(f"{prefix}{name}.", value)
        elif callable(value):
            yield prefix + name, value


def names_in(module: ModuleType) -> list[str]:
    """The module's `__all__`; without one, what it defines itself under a name without underscore."""
    own = (
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    )
    return sorted(getattr(module, "__all__", own))


def wants_example(value: Any) -> bool:
    """Dtypes, exceptions and named tuples are shown in the examples of what takes, raises and returns them."""
    return not (inspect.isclass(value) and issubclass(value, (DType, BaseException, tuple)))
