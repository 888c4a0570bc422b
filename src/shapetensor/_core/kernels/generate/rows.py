"""Row kernels: a few statements about a row become loops that load, reduce, map and store.

    top = max(x)
    out = exp(x - top)
    out = out / sum(out)

Each line assigns to a name. What mentions an operand of the row, or a name made of one, has an element for each place
of the row; everything else is one number a row. `sum`, `mean` and `max` reduce, `x[label]` picks an element. A name
that is an output is stored; other values are computed again where a later loop wants them, which costs less than
memory. Statements share a loop until one needs a number that this loop is still working on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from ...dtypes import AnyDType
from .. import vector
from .expression import functions, rename, typed

# What an operand has one of: an element for each place of each row, one for each place, one a row, or just one.
ELEMENT, PLACE, ROW, LABEL, NUMBER = "element", "place", "row", "label", "number"
_ADDRESS = {ELEMENT: "{}[o + j]", PLACE: "{}[j]", ROW: "{}[row]"}
_START = {"sum": "zero", "max": "lowest"}
# A maximum leaves out what is no number, which is twice as fast: it comes back with the elements themselves.
COMBINE = {"sum": "add_any_order", "max": "larger"}


@dataclass(frozen=True)
class Rows:
    """A function of rows.

    Attributes:
        inputs: operands in the kernel's order, with what they have one of.
        outputs: results, ELEMENT or ROW; one that is an operand too is written over it.
        statements: the body, one assignment a line.
        finish: an assignment to an output that has one number a row, of such outputs, when all rows are done: functions
            are computed for many rows at a time there.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    statements: str
    finish: str = ""

    @property
    def labels(self) -> list[str]:
        return [name for name, kind in self.inputs.items() if kind == LABEL]

    @property
    def written(self) -> dict[str, str]:
        """The outputs that are no inputs."""
        return {name: kind for name, kind in self.outputs.items() if name not in self.inputs}

    @property
    def operands(self) -> dict[str, str]:
        """Inputs and outputs, with what they have one of."""
        return {**self.inputs, **self.outputs}


def text(name: str, rows: Rows, dtype: AnyDType) -> str:
    """Kernel `name(*inputs, rows, n, *written)`; it returns the first row whose label is no place of it, or -1."""
    lines = Writer(rows).lines()
    finish = rename(rows.finish, {name: f"{name}[i]" for name in rows.outputs})
    called = functions([*lines, finish])
    parameters = ", ".join([*rows.inputs, "rows", "n", *rows.written])
    first = next(iter(rows.outputs))
    kind = f"{first}.dtype.type"
    head = [
        f"def {name}({parameters}):",
        f"    zero = {kind}(0)",
        f"    lowest = {kind}(-np.inf)",
        f"    share = {kind}(1) / {kind}(n)",
        *(f"    {n} = {kind}({n})" for n, given in rows.inputs.items() if given == NUMBER),
        "    m = np.uint64(n)",
        "    for row in range(rows):",
        "        o = np.uint64(row) * m",
    ]
    for label in rows.labels:
        head += [
            f"        {label}_ = {label}[row]",
            f"        if {label}_ < 0 or {label}_ >= n:",
            "            return row",
        ]
    body = [" " * 8 + typed(line, dtype) for line in lines]
    tail = ["    for i in range(np.uint64(rows)):", f"        {finish}"] if finish else []
    return vector.sources(called, dtype) + "{kernel}\n" + "\n".join([*head, *body, *tail, "    return -1", ""])


@dataclass
class Pass:
    """A loop over the places of a row."""

    known: set[str]  # numbers that are there before it starts
    start: list[str] = field(default_factory=list)
    loop: list[str] = field(default_factory=list)
    reductions: dict[str, str] = field(default_factory=dict)  # names of its results: "sum" or "max"
    after: list[str] = field(default_factory=list)
    here: dict[str, str] = field(default_factory=dict)  # values of a place and their names inside the loop

    def lines(self) -> list[str]:
        inside = [f"    {line}" for line in self.loop]
        return [*self.start, *(["for j in range(m):", *inside] if inside else []), *self.after]


class Writer:
    """Distributes statements to loops; `integer` is the type of a place in memory."""

    def __init__(self, rows: Rows, integer: str = "np.uint64") -> None:
        self._rows, self._integer = rows, integer
        self._numbers = {n for n, kind in rows.inputs.items() if kind in (ROW, NUMBER, LABEL)}
        self._known = set(self._numbers)
        self._formulas: dict[str, ast.expr] = {}
        self._stored: set[str] = set()
        self._count = 0
        self._passes = [Pass(set(self._known))]

    def lines(self) -> list[str]:
        """The body of the loop over rows."""
        return [*self.loads(), *(line for found in self.passes() for line in found.lines())]

    def loads(self) -> list[str]:
        """What is one number a row."""
        return [f"{n}_ = {n}[row]" for n, kind in self._rows.inputs.items() if kind == ROW]

    def passes(self) -> list[Pass]:
        """The loops over the places of a row, in order."""
        for statement in ast.parse(self._rows.statements).body:
            assert isinstance(statement, ast.Assign)
            self._assign(statement.targets[0], statement.value)
        return self._passes

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        value = self._reduced(value)
        if isinstance(target, ast.Subscript):
            assert isinstance(target.value, ast.Name)
            self._after(f"{self._picked(target)} = {self._number(value)}")
            return
        assert isinstance(target, ast.Name)
        name = target.id
        if self._is_number(value):
            self._define(name, value)
        elif name in self._rows.outputs:
            self._store(name, value)
        else:
            self._formulas[name] = value

    def _define(self, name: str, value: ast.expr) -> None:
        """One number a row, behind the loop that works on it."""
        self._after(f"{name}_ = {self._number(value)}")
        if name in self._rows.outputs:
            self._after(f"{name}[row] = {name}_")
        self._numbers.add(name)

    def _after(self, line: str) -> None:
        self._passes[-1].after.append(line)

    def _store(self, name: str, value: ast.expr) -> None:
        loop = self._open(value)
        text = self._element(value, loop)
        self._count += 1
        local = f"{name}{self._count}"
        loop.loop += [f"{local} = {text}", f"{_ADDRESS[ELEMENT].format(name)} = {local}"]
        loop.here[name] = local
        self._stored.add(name)

    def _reduced(self, value: ast.expr) -> ast.expr:
        """The expression with a number for each reduction in it."""
        writer = self

        class Reductions(ast.NodeTransformer):
            def visit_Call(self, node: ast.Call) -> ast.expr:
                called = ast.unparse(node.func)
                if called == "mean":
                    total = ast.Name(writer._reduce("sum", node.args[0]))
                    return ast.BinOp(total, ast.Mult(), ast.Name("share"))
                if called in _START:
                    return ast.Name(writer._reduce(called, node.args[0]))
                self.generic_visit(node)
                return node

        found: ast.expr = Reductions().visit(value)
        return found

    def _reduce(self, kind: str, value: ast.expr) -> str:
        loop = self._open(value)
        element = self._element(value, loop)
        self._count += 1
        name = f"r{self._count}"
        loop.start.append(f"{name}_ = {_START[kind]}")
        loop.reductions[f"{name}_"] = kind
        loop.loop.append(f"{name}_ = {COMBINE[kind]}({name}_, {element})")
        self._numbers.add(name)
        return name

    def _open(self, value: ast.expr) -> Pass:
        """The last loop if all numbers that the value wants are there before it starts, else a new one."""
        wanted = self._wanted(value) & self._numbers
        last = self._passes[-1]
        if wanted <= last.known and (last.loop or not last.after):
            return last
        self._passes.append(Pass(set(self._numbers)))
        return self._passes[-1]

    def _wanted(self, value: ast.expr) -> set[str]:
        """The names in an expression and in the formulas behind them."""
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        for name in names & set(self._formulas):
            names |= self._wanted(self._formulas[name])
        return names

    def _is_number(self, value: ast.expr) -> bool:
        picked = {id(node.value) for node in ast.walk(value) if isinstance(node, ast.Subscript)}
        names = {n.id for n in ast.walk(value) if isinstance(n, ast.Name) and id(n) not in picked}
        places = {n for n, kind in self._rows.operands.items() if kind in (ELEMENT, PLACE)}
        return not names & (places | set(self._formulas))

    def _number(self, value: ast.expr) -> str:
        return self._renamed(value, {})

    def _renamed(self, value: ast.expr, table: Mapping[str, str]) -> str:
        """The text of an expression; numbers that are not constants have a name of their own in each row."""
        numbers = {n: f"{n}_" for n in self._numbers if self._rows.inputs.get(n) != NUMBER}
        return ast.unparse(_Renamed(numbers | dict(table), self._picked).visit(deepcopy(value)))

    def _picked(self, node: ast.Subscript) -> str:
        """`x[label]` as an address."""
        assert isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Name)
        return f"{node.value.id}[o + {self._integer}({node.slice.id}_)]"

    def _element(self, value: ast.expr, loop: Pass) -> str:
        """The text of a value at place j, behind lines that load and compute what it needs."""
        return self._renamed(value, {name: self._local(name, loop) for name in sorted(self._direct(value))})

    def _direct(self, value: ast.expr) -> set[str]:
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        return names & (set(self._rows.inputs) | self._stored | set(self._formulas)) - self._numbers

    def _local(self, name: str, loop: Pass) -> str:
        """The name inside this loop of an operand, an output stored before, or an intermediate value."""
        if name not in loop.here:
            if name in self._formulas:
                text = self._element(self._formulas[name], loop)
            else:
                text = _ADDRESS[self._rows.operands[name]].format(name)
            loop.here[name] = f"{name}_"
            loop.loop.append(f"{name}_ = {text}")
        return loop.here[name]


class _Renamed(ast.NodeTransformer):
    """A copy of an expression with other names, and addresses instead of picked elements."""

    def __init__(self, table: Mapping[str, str], picked: Callable[[ast.Subscript], str]) -> None:
        self._table, self._picked = table, picked

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self._table.get(node.id, node.id))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return ast.Name(self._picked(node))


def split(rows: Rows, size: int) -> tuple[str, str]:
    """Name and text of what cuts rows into pieces of about `size` elements for several threads."""
    cut = {ELEMENT: "{0}[first * n : last * n]", ROW: "{0}[first:last]", LABEL: "{0}[first:last]"}
    inputs = {f"x{i}": kind for i, kind in enumerate(rows.inputs.values())}
    outputs = {f"out{i}": kind for i, kind in enumerate(rows.written.values())}
    parts = [cut.get(kind, "{0}").format(n) for n, kind in inputs.items()]
    results = [cut[kind].format(n) for n, kind in outputs.items()]
    name = "_".join(["rows", *inputs.values(), "to", *outputs.values()])
    return (
        name,
        f"""\
{{parallel}}
def {name}(kernel, {", ".join([*inputs, "rows", "n", *outputs])}):
    size = max(1, {size} // max(1, n))
    bad = rows
    for c in prange((rows + size - 1) // size):
        first = c * size
        last = min(rows, first + size)
        found = find_at(kernel, ({", ".join([*parts, "last - first", "n", *results])}))
        bad = min(bad, first + found if found >= 0 else rows)
    return bad if bad < rows else -1
""",
    )
