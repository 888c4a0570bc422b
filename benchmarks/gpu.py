"""A CUDA device: what its kernels move and compute in a second, what a call costs, and how long torch takes there.

    python benchmarks/gpu.py [--rounds N] [--small]

Work is repeated until it takes a while and the device is waited for once, behind it; the least time of several rounds
counts, ours and torch's in turns. `--small` takes sizes for the simulator, whose times say nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

os.environ.setdefault("SHAPETENSOR_QUIET", "1")

import numpy as np

import shapetensor as st
from shapetensor import nn, optim

Call = Callable[[], Any]
_WHILE = 0.05  # seconds of work behind which the device is waited for


class Work(NamedTuple):
    """One thing to time.

    Attributes:
        name: with its sizes.
        ours: starts it here.
        torchs: makes what starts it there, of the module; None where there is no counterpart.
        nbytes: that it reads and writes at least.
        flops: that it takes.
    """

    name: str
    ours: Call
    torchs: Callable[[Any], Call] | None
    nbytes: int = 0
    flops: int = 0


def works(device: st.Cuda, small: bool) -> list[Work]:
    count, rows, width, side = (1000, 4, 64, 20) if small else (1 << 24, 8192, 1024, 2048)
    x, y = (st.full((count,), value, device=device) for value in (1.0, 2.0))
    table = st.full((rows, width), 0.5, device=device)
    square = st.full((side, side), 0.5, device=device)
    one = st.ones(1, device=device)
    return [
        Work("call of one element", lambda: one + one, lambda t: _twice(t, "add", 1)),
        Work(f"x + y, {count:,}", lambda: x + y, lambda t: _twice(t, "add", count), 12 * count),
        Work(f"gelu, {count:,}", lambda: st.gelu(x), lambda t: _once(t.nn.functional.gelu, t, count), 8 * count),
        Work(f"sum, {count:,}", x.sum, lambda t: _once(t.sum, t, count), 4 * count),
        Work(
            f"softmax, {rows:,} x {width:,}",
            lambda: st.softmax(table),
            lambda t: _once(lambda v: t.softmax(v, -1), t, rows, width),
            8 * rows * width,
        ),
        Work(
            f"product, {side:,} x {side:,}",
            lambda: square @ square,
            lambda t: _twice(t, "matmul", side, side),
            12 * side * side,
            2 * side**3,
        ),
        Work("compiled step of Adam, digits", _digits(device, *((4, 8) if small else (64, 128))), None),
    ]


def _once(function: Callable[[Any], Any], torch: Any, *shape: int) -> Call:
    x = torch.full(shape, 0.5, device="cuda")
    return lambda: function(x)


def _twice(torch: Any, name: str, *shape: int) -> Call:
    x = torch.full(shape, 0.5, device="cuda")
    function = getattr(torch, name)
    return lambda: function(x, x)


def _digits(device: st.Cuda, batch: int, hidden: int) -> Call:
    first, last = st.random.split(st.random.key(0))
    model = nn.Sequential(nn.Linear(64, hidden, key=first), nn.ReLU(), nn.Linear(hidden, 10, key=last)).to(device)
    optimizer = optim.Adam(lr=1e-3)
    x = st.full((batch, 64), 0.5, device=device)
    labels = st.zeros(batch, dtype=st.I64, device=device)

    @st.compile
    def step(model: Any, state: Any) -> Any:
        gradients = st.grad(lambda m: st.losses.cross_entropy(m(x), labels))(model)
        return optimizer.update(model, gradients, state)

    kept: list[Any] = [model, optimizer.init(model)]

    def run() -> None:
        kept[:] = step(*kept)

    return run


def seconds(call: Call, wait: Call, times: int) -> float:
    wait()
    start = time.perf_counter()
    for _ in range(times):
        call()
    wait()
    return (time.perf_counter() - start) / times


def measure(work: Work, device: st.Cuda, torch: Any, rounds: int) -> tuple[float, float]:
    """Seconds of one call, ours and torch's."""
    sides: list[tuple[Call, Call]] = [(work.ours, device.synchronize)]
    if torch is not None and work.torchs is not None:
        sides.append((work.torchs(torch), torch.cuda.synchronize))
    times = [max(1, int(_WHILE / seconds(call, wait, 3))) for call, wait in sides]
    found = [min(seconds(*side, n) for _ in range(rounds)) for side, n in zip(sides, times, strict=True)]
    return found[0], found[1] if len(found) > 1 else float("nan")


def _torch() -> Any:
    """The module, if it is there and sees a device."""
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def main() -> int:
    parser = argparse.ArgumentParser(description="Time kernels on a CUDA device.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="sizes for the simulator")
    options = parser.parse_args()
    try:
        device = st.Cuda(0)
    except st.DeviceError as error:
        print(error, file=sys.stderr)
        return 1
    torch = _torch()
    print(f"NumPy {np.__version__}, {'torch ' + torch.__version__ if torch else 'no torch with CUDA'}, {device!r}\n")
    print(f"{'work':<40}{'us':>12}{'GB/s':>10}{'GFLOP/s':>10}{'torch / ours':>14}")
    for work in works(device, options.small):
        ours, theirs = measure(work, device, torch, 1 if options.small else options.rounds)
        speed = work.nbytes / ours / 1e9, work.flops / ours / 1e9
        print(f"{work.name:<40}{ours * 1e6:>12.1f}{speed[0]:>10.1f}{speed[1]:>10.1f}{theirs / ours:>14.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
