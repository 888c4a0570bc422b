"""Reduction kernels over the middle axis of (outer, n, inner) in C order; every inner loop runs along memory.

Where inner is 1 a row of n elements becomes one, and LLVM keeps several vectors of running results. Otherwise rows of
`inner` elements are combined, some at a time. Sums of floats are compensated: blocks of plain additions are small, and
what rounding takes from the sum of the blocks is carried along (Kahan, "Further remarks on reducing truncation errors",
1965), so that the error hardly grows with n.
"""

from __future__ import annotations

from typing import NamedTuple

from ...dtypes import AnyDType, Float
from .. import vector
from .expression import functions, names, rename, typed

COLUMNS = 1024  # elements of a row that are worked on together: they and what belongs to them stay in the L1 cache
WORK = 2 * COLUMNS  # elements: what was lost, and the sum of a group
_BLOCK = 4096  # elements of a row after which the compensation runs
_GROUP = 64  # rows after which it runs
_TOGETHER = 4  # rows that are combined at a time


class Reduction(NamedTuple):
    """What is done to the elements.

    Attributes:
        combine: two results, `a` and `b`, to one.
        empty: the result of no elements; None where there is none, then the first element is the start.
        compensated: whether `combine` is a sum.
        value: what goes in for an element `v`; `y` is the element of a second operand, of the shape of the result.
        finish: the result from the combined `a`; may name `y` and a number `scale`.
    """

    combine: str
    empty: int | None = None
    compensated: bool = False
    value: str = "v"
    finish: str = "a"

    def partial(self) -> Reduction:
        """The first of two stages."""
        return self._replace(finish="a")

    def rest(self) -> Reduction:
        """The second stage, which combines results of the first."""
        return self._replace(value="v")

    def typed(self, dtype: AnyDType) -> Reduction:
        """With its numbers in this dtype."""
        return self._replace(value=typed(self.value, dtype), finish=typed(self.finish, dtype))

    def operands(self) -> list[str]:
        """Which of `y` and `scale` it takes."""
        found = names(self.value) | names(self.finish)
        return [name for name in ("y", "scale") if name in found]


def work(r: Reduction, n: int, inner: int) -> int:
    """Elements of scratch that a call wants."""
    return WORK if r.compensated and inner > 1 and n > _GROUP else 0


def text(name: str, r: Reduction, dtype: AnyDType, inner: int) -> str:
    """Kernel `name(x, [y], outer, n, inner, [scale], work, out)`; `dtype` is that of out.

    There is one for an inner size of 1 and one for all others: half as much for LLVM to do as in one for both.
    """
    r, compensated = r.typed(dtype), r.compensated and issubclass(dtype, Float)
    given = r.operands()
    y, scale = ("y, " if "y" in given else ""), ("scale, " if "scale" in given else "")
    convert = "    scale = kind(scale)\n" if scale else ""
    head = (
        f"{{kernel}}\ndef {name}(x, {y}outer, n, inner, {scale}work, out):\n"
        f"    kind = out.dtype.type\n    zero = kind(0)\n{convert}"
    )
    helpers = vector.sources(functions((r.value, r.finish)), dtype)
    if inner == 1:
        return helpers + head + _rows(r, compensated)
    return helpers + _accumulate(name, r, y) + head + _columns(name, r, compensated, y)


def _start(r: Reduction, first: str) -> str:
    return f"kind({r.empty})" if r.empty is not None else first


def _rows(r: Reduction, compensated: bool) -> str:
    y = "        y_ = y[p]\n" if "y" in r.operands() else ""
    value = rename(r.value, {"y": "y_"})
    first = rename(value, {"v": "kind(x[o])"})
    block, behind = "total", ""
    if compensated:
        block, behind = "a", _compensate("total", "a", "lost", " " * 12)
    return f"""\
    for p in range(outer):
        o = np.uint64(p * n)
{y}        total = {_start(r, first)}
        lost = zero
        for k in range(0, n, {_BLOCK}):
            f = o + np.uint64(k)
            a = zero
            for j in range(np.uint64(min({_BLOCK}, n - k))):
                v = kind(x[f + j])
                {block} = {rename(r.combine, {"a": block, "b": f"({value})"})}
{behind}        out[p] = {rename(r.finish, {"a": "total", "y": "y_"})}
"""


def _compensate(total: str, block: str, lost: str, indent: str) -> str:
    """Add a block to a total; an infinite or undefined total has nothing to carry along."""
    lines = (
        f"b = {block} - {lost}",
        f"t = {total} + b",
        f"c = (t - {total}) - b",
        f"{lost} = c if c - c == 0 else zero",
        f"{total} = t",
    )
    return "".join(f"{indent}{line}\n" for line in lines)


def _accumulate(name: str, r: Reduction, y: str) -> str:
    """Function that combines some rows with `acc`, several at a time and in pairs."""
    values = [f"({rename(r.value, {'v': f'kind(x[o{i} + j])', 'y': 'y[q + j]'})})" for i in range(_TOGETHER)]
    one = values[0]
    while len(values) > 1:
        values = [f"({rename(r.combine, {'a': a, 'b': b})})" for a, b in zip(values[::2], values[1::2], strict=True)]
    starts = "".join(f"        o{i} = o{i - 1} + step\n" for i in range(1, _TOGETHER))
    return f"""\
{{kernel}}
def {name}_add(x, {y}q, o, step, rows, m, acc, at):
    kind = acc.dtype.type
    whole = rows - rows % {_TOGETHER}
    for k in range(0, whole, {_TOGETHER}):
        o0 = o + np.uint64(k) * step
{starts}        for j in range(m):
            acc[at + j] = {rename(r.combine, {"a": "acc[at + j]", "b": values[0]})}
    for k in range(whole, rows):
        o0 = o + np.uint64(k) * step
        for j in range(m):
            acc[at + j] = {rename(r.combine, {"a": "acc[at + j]", "b": one})}


"""


def _columns(name: str, r: Reduction, compensated: bool, y: str) -> str:
    first = rename(r.value, {"v": "kind(x[o + j])", "y": "y[q + j]"})
    finish = rename(r.finish, {"a": "out[q + j]", "y": "y[q + j]"})
    last = "" if r.finish == "a" else f"            for j in range(m):\n                out[q + j] = {finish}\n"
    condition = f"n <= {_GROUP}" if compensated else "True"
    plain = f"""\
            if {condition}:
                {name}_add(x, {y}q, o, step, n, m, out, q)
"""
    groups = f"""\
            else:
                for j in range(m):
                    work[np.uint64({COLUMNS}) + j] = zero
                for k in range(0, n, {_GROUP}):
                    for j in range(m):
                        work[j] = zero
                    {name}_add(x, {y}q, o + np.uint64(k) * step, step, min({_GROUP}, n - k), m, work, np.uint64(0))
                    for j in range(m):
{_compensate("out[q + j]", "work[j]", f"work[np.uint64({COLUMNS}) + j]", " " * 24)}"""
    return f"""\
    step = np.uint64(inner)
    for p in range(outer):
        for first in range(0, inner, {COLUMNS}):
            m = np.uint64(min({COLUMNS}, inner - first))
            q = np.uint64(p * inner + first)
            o = np.uint64(p * n * inner + first)
            for j in range(m):
                out[q + j] = {_start(r, first)}
{plain}{groups if compensated else ""}{last}"""


def outer_split(r: Reduction, size: int) -> tuple[str, str]:
    """Name and text of what cuts the outer axis into pieces of about `size` elements for several threads."""
    given = r.operands()
    y, scale = ("y, " if "y" in given else ""), ("scale, " if "scale" in given else "")
    y_part = "y[first * inner : last * inner], " if y else ""
    name = "_".join(["outer", *given])
    return (
        name,
        f"""\
{{parallel}}
def {name}(kernel, x, {y}outer, n, inner, {scale}work, out):
    size = max(1, {size} // max(1, n * inner))
    for c in prange((outer + size - 1) // size):
        first = c * size
        last = min(outer, first + size)
        part = work[c * {WORK} : c * {WORK} + {WORK}]
        source = x[first * n * inner : last * n * inner]
        run_at(kernel, (source, {y_part}last - first, n, inner, {scale}part, out[first * inner : last * inner]))
""",
    )


def long_split(r: Reduction) -> tuple[str, str]:
    """Name and text of what cuts the middle axis: `partial` gets a result for every `size` rows of it."""
    assert r.finish == "a"
    y = "y, " if "y" in r.operands() else ""
    y_part = "y[p * inner : p * inner + inner], " if y else ""
    name = "long_y" if y else "long"
    return (
        name,
        f"""\
{{parallel}}
def {name}(kernel, size, x, {y}outer, n, inner, work, partial):
    chunks = (n + size - 1) // size
    for c in prange(outer * chunks):
        p = c // chunks
        first = (c - p * chunks) * size
        rows = min(size, n - first)
        source = x[(p * n + first) * inner : (p * n + first + rows) * inner]
        part = work[c * {WORK} : c * {WORK} + {WORK}]
        run_at(kernel, (source, {y_part}1, rows, inner, part, partial[c * inner : c * inner + inner]))
""",
    )
