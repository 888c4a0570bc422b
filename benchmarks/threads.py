"""What several threads gain, and how much of the memory's bandwidth they reach.

    python benchmarks/threads.py [--threads N] [--rounds N]

Each work takes turns on one thread and on N; the least time of many turns counts. The first works fit into the
last-level cache. The last ones do not, and are compared with the bandwidth of a triad, a = b + s * c, of the same size
on N threads, counting what is read and written, but not that a line is read before it is written.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import shapetensor as st
from shapetensor._core.kernels import cache
from shapetensor.tensor import AnyTensor

LARGE = 1 << 25  # elements: 128 MB a tensor
_TRIAD = """
{parallel}
def triad(b, c, out):
    for i in prange(out.size):
        out[i] = b[i] + np.float32(3) * c[i]
"""


def normal(*shape: int) -> AnyTensor:
    return st.from_numpy(np.random.default_rng(0).standard_normal(shape, np.float32))


def works() -> dict[str, Callable[[], Any]]:
    """In the last-level cache."""
    x, wide, deep = normal(1024, 1000), normal(4096, 64), normal(2, 64, 128, 256)
    norm = st.nn.LayerNorm(1000)
    return {
        "add 1M": lambda: x + x,
        "exp 1M": lambda: st.exp(x),
        "gelu 1M": lambda: st.gelu(x),
        "softmax 1024x1000": lambda: st.softmax(x),
        "softmax 4096x64": lambda: st.softmax(wide),
        "layer norm 1024x1000": lambda: norm(x),
        "sum over axis 0 of 1024x1000": lambda: x.sum(axis=0),
        "sum over axis 1 of 1024x1000": lambda: x.sum(axis=1),
        "sum of all of 2x64x128x256": lambda: deep.sum(),
    }


def large() -> dict[str, tuple[Callable[[], Any], int]]:
    """Beyond it, with how many times LARGE floats are read or written."""
    x = normal(LARGE)
    y, rows = x * 2.0, x.reshape((-1, 1024))
    return {
        "add": (lambda: x + y, 3),
        "exp": (lambda: st.exp(x), 2),
        "relu": (lambda: st.relu(x), 2),
        "softmax of rows of 1024": (lambda: st.softmax(rows), 2),
        "sum": (lambda: x.sum(), 1),
    }


def _time(call: Callable[[], Any], number: int) -> float:
    start = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - start) / number


def compared(call: Callable[[], Any], threads: int, rounds: int, number: int = 5) -> tuple[float, float]:
    """Least time on one thread, and on several."""
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for i, count in enumerate((1, threads)):
            st.set_num_threads(count)
            call()
            best[i] = min(best[i], _time(call, number))
    return best[0], best[1]


def triad(rounds: int) -> float:
    """Bytes in a second on all threads."""
    b, c, out = (np.ones(LARGE, np.float32) for _ in range(3))
    kernel = cache.load("triad", _TRIAD).triad
    kernel(b, c, out)
    return 3 * out.nbytes / min(_time(lambda: kernel(b, c, out), 1) for _ in range(rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=st.get_num_threads(), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    st.set_num_threads(options.threads)
    print(f"in the last-level cache        1 thread {options.threads:7} threads    speed-up")
    for name, call in works().items():
        one, many = compared(call, options.threads, options.rounds)
        print(f"{name:28} {one * 1e6:8.1f} us {many * 1e6:12.1f} us {one / many:11.2f}", flush=True)
    st.set_num_threads(options.threads)
    limit = triad(options.rounds // 2)
    print(f"\ntriad of {options.threads} threads: {limit / 1e9:.1f} GB/s")
    print("beyond                         1 thread    of triad  speed-up")
    for name, (call, times) in large().items():
        one, many = compared(call, options.threads, max(3, options.rounds // 10), 1)
        share = times * 4 * LARGE / many / limit
        print(f"{name:28} {one * 1e3:8.1f} ms {share:11.2f} {one / many:9.2f}", flush=True)


if __name__ == "__main__":
    main()
