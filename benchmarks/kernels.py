"""Kernels on the sizes that benchmarks/peers.py compares with other libraries, a row of its table each."""

from __future__ import annotations

from benchmarks.contests import elementwise, products, reductions, rows, updates
from benchmarks.contests.row import OURS, Row

ROWS: dict[str, Row] = {
    row.name: row for contest in (products, rows, reductions, elementwise, updates) for row in contest.rows()
}


class Kernels:
    """Our side of each row."""

    params = tuple(ROWS)
    param_names = ("work",)

    def setup(self, work: str) -> None:
        self.run = ROWS[work].make[OURS]()
        self.run()

    def time_call(self, work: str) -> None:
        self.run()
