"""What compiling costs: every kernel of common work, from an empty cache.

    python benchmarks/compiling.py [--all]

Prints how long each took, the longest first, and the sum; small calls and large ones, forward and backward.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def work(st: Any, rows: int) -> None:
    """Calls of many kernels; those of 1000 rows are shared by threads."""
    rng = np.random.default_rng(0)
    x, labels = st.from_numpy(rng.standard_normal((rows, 1000), np.float32)), st.from_numpy(rng.integers(0, 1000, rows))
    for y in (x, x[0], x[:, :1], 2.0):
        x + y
    x.mT.exp()
    for name in ("exp", "log", "log1p", "expm1", "tanh", "sigmoid", "erf", "gelu", "silu", "sin", "cos", "rsqrt"):
        getattr(st, name)(x)
    for f in (st.relu, st.tanh, st.sigmoid, st.gelu, st.silu, st.softmax, st.log_softmax, st.nn.LayerNorm(1000)):
        slopes(st, f, x)
    for axis in (0, 1):
        for name in ("sum", "mean", "var", "max", "argmax", "logsumexp", "prod"):
            getattr(x, name)(axis=axis)
        (x != 0).any(axis=axis)
        st.cumulative_sum(x, axis=axis)
    st.value_and_grad(lambda z: st.losses.cross_entropy(z, labels))(x)
    products(st, x)


def products(st: Any, x: Any) -> None:
    """All kinds of products, eager ones and of compiled functions."""
    for n in (10, 20, 64, 100, 1000):
        w, bias = st.ones((1000, n)), st.ones((n,))
        function = st.compile(lambda x, w, bias: (x @ w + bias).relu())
        for rows in (x[:8], x[:64], x):
            rows @ w, x.mT @ (rows @ w) if rows is x else None, function(rows, w, bias)
            st.linear(rows, w.mT), st.linear(rows, st.ones((n, 1000)), bias)


def slopes(st: Any, f: Callable[[Any], Any], x: Any) -> None:
    st.grad(lambda z: (f(z) * z).sum())(x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--all", action="store_true", help="print all kernels, not the ten longest")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"SHAPETENSOR_CACHE_DIR": folder, "SHAPETENSOR_QUIET": "1"}
        found = measured()
    found.sort(reverse=True)
    for seconds, name in found if options.all else found[:10]:
        print(f"{seconds:6.2f} s  {name}")
    print(f"{sum(seconds for seconds, _ in found):6.1f} s  {len(found)} kernels")


def measured() -> list[tuple[float, str]]:
    """Seconds and name of each kernel that is compiled, without the one that starts the compiler itself."""
    from numba.core import event

    import shapetensor as st

    st.zeros((3,)).abs()
    found: list[tuple[float, str]] = []

    class Clock(event.Listener):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            self.started: list[float] = []

        def on_start(self, event: Any) -> None:
            self.started.append(time.perf_counter())

        def on_end(self, event: Any) -> None:
            seconds = time.perf_counter() - self.started.pop()
            if not self.started:  # what it calls is part of it
                found.append((seconds, event.data["dispatcher"].py_func.__name__))

    with event.install_listener("numba:compile", Clock()):
        work(st, 10)
        work(st, 1000)
    return found


if __name__ == "__main__":
    main()
