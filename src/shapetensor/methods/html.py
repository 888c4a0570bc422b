"""A tensor as HTML, for notebooks: what it is, and a table of the first elements."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from .._core.device import has_elements
from .._core.dtypes import BF16, F16
from .base import Base

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 10, 10  # at most so many are shown


def table(x: Base[Any, *tuple[Any, ...]]) -> str:
    """dtype, shape and device, and the elements of a scalar, a vector or the first matrix."""
    head = f"Tensor {x.dtype.__name__} {tuple(x.shape)} on {x.device!r}{', traced' if x._marks else ''}"
    lines = [f"<div><strong>{escape(head)}</strong>"]
    if has_elements(x.device) and x.size:
        lead = (0,) * (x.ndim - 2)
        if lead:
            lines.append(f"<div>[{', '.join(map(str, lead))}]</div>")
        lines.append(_rows(x._any[lead]._shown(F16, BF16).numpy()))
    return "".join((*lines, "</div>"))


def _rows(array: NDArray[Any]) -> str:
    import numpy as np

    matrix = np.atleast_2d(array)
    small = matrix[:ROWS, :COLUMNS]
    cells = [[escape(np.array2string(v)) for v in row] for row in small]
    if matrix.shape[1] > COLUMNS:
        cells = [[*row, "&hellip;"] for row in cells]
    if matrix.shape[0] > ROWS:
        cells.append(["&hellip;"] * len(cells[0]))
    rows = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in cells)
    return f"<table>{rows}</table>"
