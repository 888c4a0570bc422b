"""What sizes are, which to mypy are ints: read off the expressions that they were made by, as the plugin does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mypy.build import BuildResult
from mypy.lookup import lookup_fully_qualified
from mypy.nodes import AssignmentStmt, Expression, FuncDef, MypyFile
from mypy.types import Type

from .._core.dims import UNKNOWN, Poly
from ..mypy_plugin.layers import Caller
from ..mypy_plugin.lift import Lift
from ..mypy_plugin.names import Names
from ..mypy_plugin.types import Types
from ..mypy_plugin.worlds import World


class _Finished:
    """What the plugin asks mypy for while it checks, from a run that is over."""

    def __init__(self, tree: MypyFile, types: Mapping[Expression, Type]) -> None:
        self.tree, self.scope, self.function = tree, self, None
        self.lookup_type = types.__getitem__
        self.get_expression_type = types.__getitem__

    def top_level_function(self) -> FuncDef | None:
        return self.function


class Sizes:
    """The sizes in one file."""

    def __init__(self, result: BuildResult, module: str) -> None:
        self._types = Types(lambda name: lookup_fully_qualified(name, result.files, raise_on_missing=False))
        self._api: Any = _Finished(result.files[module], result.types)
        self._names = Names()

    def assigned(self, statement: AssignmentStmt, function: FuncDef | None) -> list[str | None]:
        """The sizes that a statement in this function assigns, one or several; None for what is none, or not known."""
        self._api.function = function
        world = World({})
        caller = Caller(self._api, statement, self._names, arguments_known=True)
        try:
            value = Lift(self._types, world, caller).value(None, statement.rvalue, "", "size")
        except Exception:  # a value that is no size
            return []
        if world.options:  # it depends on how many axes `*S` has
            return []
        return [_text(n) for n in value] if isinstance(value, tuple) else [_text(value)]


def _text(size: Any) -> str | None:
    return str(size) if isinstance(size, Poly) and size is not UNKNOWN else None
