"""A table of a model's parts: shapes, parameters and operations, without computing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._core.apply import tensors_make
from .._core.device import activate
from .._core.dtypes import AnyDType
from .._core.pytree import children_of, is_tensor, leaves_of, parameter_mask
from .._core.recorder import Recorder
from .._core.spec import make_spec
from .module import Module

if TYPE_CHECKING:
    from ..tensor import AnyTensor


@dataclass(frozen=True)
class Row:
    """One module; its numbers are those of its parts together."""

    name: str  # as in state_dict, such as `encoder.0`; empty for the model itself
    type: str
    output_shape: tuple[int, ...] | None  # of the last call; None: it was not called, or gave no tensor
    parameters: int
    flops: int | None  # of one forward pass; None without an input


@dataclass(frozen=True)
class Summary:
    """What `summary` found; `print` it, or give it to `rich.print` for a coloured table."""

    rows: tuple[Row, ...]
    parameters: int  # numbers that are trained
    buffers: int  # numbers that are kept, such as running means
    nbytes: int  # of both
    flops: int | None

    def __str__(self) -> str:
        """The table, and a line of totals."""
        cells = [("layer", "type", "output shape", "parameters", "FLOPs"), *map(_cells, self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [_line(row, widths) for row in cells]
        rule = "-" * max(map(len, lines))
        return "\n".join([lines[0], rule, *lines[1:], rule, self.totals()])

    __repr__ = __str__

    def totals(self) -> str:
        """The last line."""
        flops = "" if self.flops is None else f", {self.flops:,} FLOPs"
        return f"{self.parameters:,} parameters, {self.buffers:,} in buffers, {self.nbytes:,} bytes{flops}"

    def __rich__(self) -> Any:
        """A table for rich, which calls this."""
        from rich.table import Table

        table = Table(caption=self.totals())
        for i, title in enumerate(("layer", "type", "output shape", "parameters", "FLOPs")):
            table.add_column(title, justify="right" if i >= 3 else "left")
        for row in self.rows:
            table.add_row(*_cells(row))
        return table


def summarise(model: Module, inputs: tuple[tuple[int, ...] | AnyTensor, ...], dtype: AnyDType) -> Summary:
    """See `Module.summary`."""
    seen = _Seen()
    if inputs:
        arguments = [seen.empty(x, dtype) if isinstance(x, tuple) else seen.empty(x.shape, x.dtype) for x in inputs]
        watched = seen.watched(model, "")
        try:
            with activate(seen.recorder):
                watched(*arguments)
        finally:
            seen.recorder.close()
    rows = tuple(
        Row(
            name,
            type(part).__name__,
            seen.shapes.get(name),
            _count(part, True),
            seen.flops.get(name, 0) if inputs else None,
        )
        for name, part in _parts(model, "")
    )
    nbytes = sum(x.nbytes for x in leaves_of(model))
    return Summary(rows, _count(model, True), _count(model, False), nbytes, rows[0].flops)


class _Seen:
    """What was recorded of each module; it makes a copy of a model whose modules report their calls here."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.flops: dict[str, int] = {}
        self._names: dict[int, str] = {}  # by the id of a copied module
        self._copies: list[Module] = []  # so that the ids stay theirs
        self._kinds: dict[type[Module], type[Module]] = {}

    def empty(self, shape: tuple[int, ...], dtype: AnyDType) -> Any:
        """A tensor without elements."""
        return tensors_make()(self.recorder.new_slot(), make_spec(tuple(shape), dtype, self.recorder), ())

    def watched(self, tree: Any, name: str) -> Any:
        """A copy without elements, whose modules are of subclasses that report."""
        if is_tensor(tree):
            return self.empty(tree.shape, tree.dtype)
        found = children_of(tree)
        if found is None:
            return tree
        names, values, rest = found
        copies = [self.watched(value, _joined(name, part)) for part, value in zip(names, values, strict=True)]
        if not isinstance(tree, Module):
            if isinstance(tree, dict):
                return type(tree)(zip(names, copies, strict=True))
            return type(tree)(*copies) if hasattr(tree, "_fields") else type(tree)(copies)
        copy = self._kind(type(tree))._unflatten(names, copies, rest)
        self._copies.append(copy)
        self._names[id(copy)] = name
        return copy

    def _kind(self, kind: type[Module]) -> type[Module]:
        if kind not in self._kinds:

            def __call__(module: Module, *args: Any, **kwargs: Any) -> Any:
                before = self._total()
                y = kind.__call__(module, *args, **kwargs)
                self._report(module, y, self._total() - before)
                return y

            self._kinds[kind] = type(kind.__name__, (kind,), {"__call__": __call__, "__module__": kind.__module__})
        return self._kinds[kind]

    def _total(self) -> int:
        """The operations so far; views cost none."""
        recording = self.recorder.recording
        assert recording is not None
        return sum(call.flops() for call, _, _ in recording.instructions if call.views is None)

    def _report(self, module: Module, y: Any, flops: int) -> None:
        name = self._names.get(id(module))
        if name is None:  # a changed copy, which `replace` made during the call
            return
        self.flops[name] = self.flops.get(name, 0) + flops
        if is_tensor(y):
            self.shapes[name] = y.shape


def _parts(tree: Any, name: str) -> Iterator[tuple[str, Module]]:
    """All modules of a tree with their places, outer ones first."""
    if isinstance(tree, Module):
        yield name, tree
    found = None if is_tensor(tree) else children_of(tree)
    for part, value in zip(*found[:2], strict=True) if found is not None else ():
        yield from _parts(value, _joined(name, part))


def _joined(name: str, part: Any) -> str:
    return f"{name}.{part}" if name else str(part)


def _count(tree: Any, parameters: bool) -> int:
    """Numbers in parameters, or in what is none."""
    return sum(x.size for x, wanted in zip(leaves_of(tree), parameter_mask(tree), strict=True) if wanted is parameters)


def _cells(row: Row) -> tuple[str, ...]:
    shape = "" if row.output_shape is None else str(row.output_shape)
    return row.name, row.type, shape, f"{row.parameters:,}", "" if row.flops is None else f"{row.flops:,}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    left = [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
    return "  ".join([*left, *right]).rstrip()
