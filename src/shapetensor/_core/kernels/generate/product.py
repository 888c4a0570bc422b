"""Kernels of matrix products: which tiles cover the output, and loops over them.

  DIRECT      w is read where it lies; its rows are contiguous
  COPIED      the same, but a panel of w, as wide as a tile, is copied together first: rows that are far apart, most of
              all by powers of two, push each other out of the caches
  TRANSPOSED  rows of w are columns of the product: a panel of it is transposed first
  DOTS        the same without a panel, for few rows of x: each number of the output is an inner product

The sum that an element is has one order of its terms, whatever the tiles and however the output is cut; the order of
DOTS is another one than that of the other three. DEPTH is a multiple of the blocks in which a tile sums, for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...dtypes import AnyDType
from .. import vector
from .expression import Expression, functions, rename, typed

DIRECT, COPIED, TRANSPOSED, DOTS = "direct", "copied", "transposed", "dots"
DEPTH = 2048  # rows of a panel: what the second cache holds beside a strip of x

# What an operand of a step behind the product is: an element for each one of the output, or for each column, an array
# of one element, or a number.
ELEMENT, COLUMN, ONE, NUMBER = "element", "column", "one", "number"
_OPERAND = {ELEMENT: "{}[o + j]", COLUMN: "{}[first_column + j]", ONE: "{}[0]", NUMBER: "{}"}


class Sizes(NamedTuple):
    """What a kernel is told of a product; all in elements.

    Attributes:
        x_at, w_at, out_at, panel_at: where the arrays begin.
        column: the first of all columns of the output that this is about.
        batch: how many products.
        m, k, n: (m, k) @ (k, n).
        rows: of a tile; the last strips of the output have one row less.
        xb, xm, xk: strides of x along batch, rows and columns.
        wb, wl: strides of w along the batch and from line to line; lines are contiguous.
        ob, om: strides of the output along batch and rows.
    """

    x_at: int
    w_at: int
    out_at: int
    panel_at: int
    column: int
    batch: int
    m: int
    k: int
    n: int
    rows: int
    xb: int
    xm: int
    xk: int
    wb: int
    wl: int
    ob: int
    om: int


class Tiles(NamedTuple):
    """What the tiles of a kernel are: of up to `most` rows and so many vectors across (numbers in DOTS).

    The last columns have a tile of `rest` vectors, the last of them partial.
    """

    most: int
    across: int
    rest: int
    lanes: int

    @property
    def wide(self) -> int:
        """Columns of a panel."""
        return (self.across or self.rest) * self.lanes

    def __str__(self) -> str:
        return f"{self.across}_{self.rest}"


class Then(NamedTuple):
    """What becomes of each element when it is there.

    Attributes:
        expression: of `product`, and of operands.
        kinds: what each operand has one of.
    """

    expression: Expression
    kinds: Mapping[str, str]


_ROWS = 8  # of a tile, at most: sums need not wait for themselves, and a kernel has tiles of all numbers of rows


def tiles(n: int, lanes: int, registers: int) -> Tiles:
    """Tiles for an output of n columns: four vectors across if there are registers for six rows of them.

    Wider tiles load less for each multiplication of a number of x. Two registers are left for the number of x and what
    LLVM wants.
    """
    widest = 4 if registers == 32 else 2
    across = min(-(-n // lanes), widest)
    most = min(_ROWS, (registers - across - 2) // across)
    full = n // (widest * lanes)
    return Tiles(most, widest if full else 0, -(-(n - full * widest * lanes) // lanes), lanes)


def inner_tiles(n: int, lanes: int, registers: int) -> Tiles:
    """Tiles of inner products."""
    return Tiles(4 if registers == 32 else 2, min(n, 4), 0, lanes)


def strips(m: int, most: int) -> int:
    """How many rows the tiles have that cut m rows evenly."""
    return -(-m // -(-m // most))


def text(
    name: str,
    kind: str,
    tiles: Tiles,
    dtype: AnyDType,
    then: Sequence[Then] = (),
    rows: Sequence[int] = (),
    sizes: Sizes | None = None,
) -> str:
    """Kernel `name(x, w, *operands, sizes, panel, out)`: no panel for DIRECT and DOTS.

    Args:
        name: of the function.
        kind: one of the four.
        tiles: which the output is covered with.
        dtype: of all arrays.
        then: steps behind the product, whose operands have different names.
        rows: of tiles that are called for; none: all that there are.
        sizes: for these only; the kernel has no such argument.
    """
    operands = [name for step in then for name in step.kinds]
    panel = ["panel"] if kind in (COPIED, TRANSPOSED) else []
    parameters = ["x", "w", *operands, *([] if sizes else ["sizes"]), *panel, "out"]
    values = [str(value) for value in sizes] if sizes else [f"sizes[{i}]" for i in range(len(Sizes._fields))]
    head = ["{kernel}", f"def {name}({', '.join(parameters)}):"]
    head += [f"    {field} = {value}" for field, value in zip(Sizes._fields, values, strict=True)]
    rows = rows or range(1, tiles.most + 1)
    body = _dots(tiles, rows) if kind == DOTS else _panels(kind, tiles, rows)
    loop = ["    for b in range(batch):", *(f"        {line}" for line in [*_BATCH, *body, *_then(then, dtype)])]
    called = functions(text for step in then for text in step.expression.texts)
    return vector.sources(called, dtype) + "\n".join([*head, *loop, ""])


_BATCH = (
    "full = m - (-m % rows) * (rows - 1)  # rows in the taller tiles, which come first",
    "x_first = x_at + b * xb",
    "w_first = w_at + b * wb",
    "out_first = out_at + b * ob",
)


def _panels(kind: str, tiles: Tiles, rows: Sequence[int]) -> list[str]:
    """All rows of the output for one panel of columns after the other."""
    wide = tiles.wide
    inner = [f"columns = min({wide}, n - j)", *_PANEL.get(kind, [])]
    inner = [line.format(wide=wide, lanes=tiles.lanes, across=wide // tiles.lanes) for line in inner]
    full, rest = (_strips(rows, _product(kind, wide, *width)) for width in ((tiles.across, 0), (tiles.rest, 1)))
    if tiles.across and tiles.rest:
        inner += [f"if columns == {wide}:", *_indented(full), "else:", *_indented(rest)]
    else:
        inner += full if tiles.across else rest
    columns = [f"for j in range(0, n, {wide}):", *_indented(inner)]
    if kind == DIRECT:
        return columns
    return [f"for first in range(0, k, {DEPTH}):", f"    depth = min({DEPTH}, k - first)", *_indented(columns)]


_PANEL = {
    COPIED: ["copy_rows({across}, w, w_first + first * wl + j, wl, depth, columns, panel, panel_at)"],
    TRANSPOSED: [
        "for c in range(0, columns, {lanes}):",
        "    line = w_first + (j + c) * wl + first",
        "    for q in range(0, depth, {lanes}):",
        "        there = min({lanes}, columns - c)",
        "        deep = min({lanes}, depth - q)",
        "        transpose_tile(w, line + q, wl, there, deep, panel, panel_at + q * {wide} + c, {wide})",
    ],
}


def _strips(rows: Sequence[int], call: str) -> list[str]:
    """The call for one tile below the other, from row i on, with its number of rows in place of ROWS."""
    lines = []
    for r in rows:
        lines += [
            f"first_row, last_row = (0, full) if rows == {r} else (full, m) if rows == {r + 1} else (0, 0)",
            f"for i in range(first_row, last_row, {r}):",
            f"    {call.replace('ROWS', str(r))}",
        ]
    return lines


def _product(kind: str, wide: int, across: int, partial: int) -> str:
    """The call for a tile at row i and column j."""
    out = "out, out_first + i * om + j, om"
    if kind == DIRECT:
        x, w, k, more = "x, x_first + i * xm", "w, w_first + j, wl", "k", "0"
    else:
        x, w, k, more = "x, x_first + i * xm + first * xk", f"panel, panel_at, {wide}", "depth", "first"
    return f"multiply_tile(ROWS, {across}, {partial}, {x}, xm, xk, {w}, {out}, {k}, columns, {more})"


def _dots(tiles: Tiles, rows: Sequence[int]) -> list[str]:
    """The last tiles overlap those before them; what two of them write is the same."""
    call = f"dot_tile(ROWS, {tiles.across}, x, x_first + i * xm, xm, w, w_first + c * wl, wl, out, {{}}, om, k)"
    return [
        f"for j in range(0, n, {tiles.across}):",
        f"    c = min(j, n - {tiles.across})",
        *_indented(_strips(rows, call.format("out_first + i * om + c"))),
    ]


def _then(steps: Sequence[Then], dtype: AnyDType) -> list[str]:
    """The steps behind a product, row after row.

    Each has a loop of its own and reads what the one before it stored: results have the bits of kernels one by one.
    """
    if not steps:
        return []
    numbers = [name for step in steps for name, kind in step.kinds.items() if kind == NUMBER]
    loops = [line for step in steps for line in _loop(step, dtype)]
    return [
        *(f"{name} = out.dtype.type({name})" for name in numbers),
        "first_column = np.uint64(column)",
        "for i in range(m):",
        "    o = np.uint64(out_first + i * om)",
        *_indented(loops),
    ]


def _loop(step: Then, dtype: AnyDType) -> list[str]:
    """One step for a row."""
    places = {"product": "out[o + j]"} | {name: _OPERAND[kind].format(name) for name, kind in step.kinds.items()}
    table = {name: f"{name}_" for name in places}
    lines = [*step.expression.lines, ("out[o + j]", step.expression.result)]
    body = [f"{table[name]} = {place}" for name, place in places.items()]
    body += [f"{name} = {typed(rename(line, table), dtype)}" for name, line in lines]
    return ["settle()", "for j in range(np.uint64(n)):", *_indented(body)]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


TRANSPOSE = """\
{{kernel}}
def transpose(x, batch, m, n, xb, xm, ob, om, out):
    for b in range(batch):
        for i in range(0, m, {lanes}):
            for j in range(0, n, {lanes}):
                rows, columns = min({lanes}, m - i), min({lanes}, n - j)
                transpose_tile(x, b * xb + i * xm + j, xm, rows, columns, out, b * ob + j * om + i, om)
"""
