"""Matrix products as a share of what the processor can do, from compiled functions and eager calls, and on threads.

    python benchmarks/products.py [--threads N] [--rounds N]

The peak is measured: a tile that multiplies the same few numbers over and over, so that nothing comes from beyond the
first cache. Kernels take turns and are called with memory for the result; the least time of many turns counts.
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


def peak(dtype: Any, rounds: int) -> float:
    """Multiplications and additions in a second of one thread."""
    tiles = product.tiles(1 << 20, tile.vector_bytes() // np.dtype(dtype).itemsize, tile.registers())
    text = _PEAK.format(rows=tiles.most, across=tiles.across, wide=tiles.wide, steps=_STEPS)
    kernel = cache.load("peak", text).peak
    x, w, out = (POOL.fresh(n, np.dtype(dtype)) for n in (tiles.most, tiles.wide, tiles.most * tiles.wide))
    x[:] = w[:] = 0
    (seconds,) = least([(1, lambda: kernel(x, w, 0, out))], rounds)
    return 2 * tiles.most * tiles.wide * _STEPS / seconds


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


def row(shape: Shape, layout: str, dtype: Any, threads: int, rounds: int) -> list[float]:
    """Seconds in a compiled function, in an eager one, and in that on threads."""
    compiled, eager = (ours(shape, layout, dtype, compiled=c) for c in (True, False))
    return least([(1, compiled), (1, eager), (threads, eager)], rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=st.get_num_threads(), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    for dtype in (np.float32, np.float64):
        limit = peak(dtype, options.rounds)
        print(f"{np.dtype(dtype).name}, peak of one thread: {limit / 1e9:.0f} GFLOP/s")
        print(f"(m, k) @ (k, n)       compiled us  of peak   eager us  of peak   {options.threads} threads: speed-up")
        for shape, layout in SHAPES:
            compiled, eager, many = row(shape, layout, dtype, options.threads, options.rounds)
            name = f"{'x'.join(map(str, shape))} {layout}"
            shares = [f"{s * 1e6:11.2f} {2 * np.prod(shape) / s / limit:8.2f}" for s in (compiled, eager)]
            print(f"{name:19} {'  '.join(shares)} {eager / many:12.2f}", flush=True)
        print()


if __name__ == "__main__":
    main()
