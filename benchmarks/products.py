"""Matrix products as a share of what the processor can do, from compiled functions and eager calls, and on threads.

    python benchmarks/products.py [--threads N] [--rounds N]

The peak is measured: a tile that multiplies the same few numbers over and over, so that nothing comes from beyond the
first cache. It takes turns with the kernels, since processors change their clock. Kernels are called with memory for
the result; the least time of many turns counts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("SHAPETENSOR_QUIET", "1")

import shapetensor as st
from benchmarks.contests.products import Shape, ours
from benchmarks.contests.row import Call
from shapetensor._core.buffers import POOL
from shapetensor._core.kernels import cache, tile
from shapetensor._core.kernels.generate import product

SQUARES = (16, 32, 64, 100, 128, 256, 512, 1024, 2048)
SHAPES: tuple[tuple[Shape, str], ...] = (
    *(((n, n, n), "NN") for n in SQUARES),
    *(((m, 784, 400), "NN") for m in (32, 100, 128)),
    ((128, 784, 400), "NT"),
    ((784, 128, 400), "TN"),
    ((8, 784, 400), "NT"),
    ((1, 784, 400), "NT"),
)
_STEPS = 100_000
_PEAK = """
{{kernel}}
def peak(x, w, step, out):
    multiply_tile({rows}, {across}, 0, x, 0, 1, step, w, 0, step, out, 0, {wide}, {steps}, {wide}, 0)
"""


def peak(dtype: Any) -> tuple[Call, int]:
    """A call that does nothing but multiply and add, and how often."""
    tiles = product.tiles(1 << 20, tile.vector_bytes() // np.dtype(dtype).itemsize, tile.registers())
    text = _PEAK.format(rows=tiles.most, across=tiles.across, wide=tiles.wide, steps=_STEPS)
    kernel = cache.load("peak", text).peak
    x, w, out = (POOL.fresh(n, np.dtype(dtype)) for n in (tiles.most, tiles.wide, tiles.most * tiles.wide))
    x[:] = w[:] = 0
    return lambda: kernel(x, w, 0, out), 2 * tiles.most * tiles.wide * _STEPS


def least(calls: list[tuple[int, Call]], rounds: int) -> list[float]:
    """The least time of each call, on so many threads, from turns of about a millisecond."""
    numbers = [max(1, int(1e-3 / max(_time(call, 3), 1e-9))) for _, call in calls]
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for i, (threads, call) in enumerate(calls):
            st.set_num_threads(threads)
            call()
            best[i] = min(best[i], _time(call, numbers[i]))
    return best


def _time(call: Call, number: int) -> float:
    start = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - start) / number


def row(shape: Shape, layout: str, dtype: Any, threads: int, rounds: int) -> str:
    """Times in a compiled function, in an eager one, and in that on threads, beside the peak of the same moments."""
    compiled, eager = (ours(shape, layout, dtype, compiled=c) for c in (True, False))
    best, operations = peak(dtype)
    *found, shared, limit = least([(1, compiled), (1, eager), (threads, eager), (1, best)], rounds)
    shares = [f"{s * 1e6:11.2f} {2 * np.prod(shape) / s * limit / operations:8.2f}" for s in found]
    return f"{'x'.join(map(str, shape))} {layout}".ljust(19) + f" {'  '.join(shares)} {found[1] / shared:12.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=st.get_num_threads(), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    for dtype in (np.float32, np.float64):
        best, operations = peak(dtype)
        rate = operations / least([(1, best)], options.rounds)[0]
        print(f"{np.dtype(dtype).name}, peak of one thread: {rate / 1e9:.0f} GFLOP/s")
        print(f"(m, k) @ (k, n)       compiled us  of peak   eager us  of peak   {options.threads} threads: speed-up")
        for shape, layout in SHAPES:
            print(row(shape, layout, dtype, options.threads, options.rounds), flush=True)
        print()


if __name__ == "__main__":
    main()
