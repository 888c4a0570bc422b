"""The same work here and in other libraries, measured side by side.

    python benchmarks/peers.py [--rounds N] [--only TEXT]

All contenders run in this process on one thread, in turns, so that a noisy moment hits all of them; the least time of
many rounds counts. torch is optional (pip install -e ".[bench]"). Unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE first
where they are set: they slow NumPy down.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402

import shapetensor as st  # noqa: E402
from benchmarks import digits  # noqa: E402
from shapetensor import optim  # noqa: E402

TORCH = importlib.util.find_spec("torch") is not None
Contenders = dict[str, Callable[[], Any]]


def seconds(contenders: Contenders, rounds: int) -> dict[str, float]:
    """Least time of one call of each, from rounds of about a millisecond taken in turns."""
    numbers = {name: _calls_in_a_millisecond(call) for name, call in contenders.items()}
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, call in contenders.items():
            best[name] = min(best[name], _time(call, numbers[name]))
    return best


def _time(call: Callable[[], Any], number: int) -> float:
    start = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - start) / number


def _calls_in_a_millisecond(call: Callable[[], Any]) -> int:
    call()
    return max(1, int(1e-3 / max(_time(call, 5), 1e-9)))


def dispatch() -> Iterator[tuple[str, Contenders]]:
    """Eager calls on tensors so small that only the way to the kernel counts."""
    x, w = np.ones((8, 8), np.float32), np.ones((8, 8), np.float32)
    rows, bias = np.ones((32, 100), np.float32), np.ones(100, np.float32)
    for name, call, operands in (
        ("a + b, 8x8", lambda a, b: a + b, (x, w)),
        ("x @ w, 8x8", lambda a, b: a @ b, (x, w)),
        ("x @ w.mT, 8x8", lambda a, b: a @ b.mT, (x, w)),
        ("(32,100) + (100,)", lambda a, b: a + b, (rows, bias)),
        ("a + 1.5, 8x8", lambda a, _: a + 1.5, (x, w)),
    ):
        yield name, _everywhere(call, operands)
    for name, call, operands in (
        ("a + b, 8x8, live tape", lambda a, b: a + b, (x, w)),
        ("x @ w, 8x8, live tape", lambda a, b: a @ b, (x, w)),
        ("(32,100) + (100,), live tape", lambda a, b: a + b, (rows, bias)),
    ):
        yield name, _on_tape(call, operands)


def _everywhere(call: Callable[[Any, Any], Any], operands: tuple[Any, Any]) -> Contenders:
    ours = tuple(map(st.from_numpy, operands))
    found: Contenders = {"shapetensor": lambda: call(*ours), "numpy": lambda: call(*operands)}
    if TORCH:
        import torch

        theirs = tuple(map(torch.from_numpy, operands))
        found["torch"] = lambda: call(*theirs)
    return found


def _on_tape(call: Callable[[Any, Any], Any], operands: tuple[Any, Any]) -> Contenders:
    """Both operands need gradients; the graph of each call is thrown away with its result, as torch does it."""
    parameters = tuple(map(st.from_numpy, operands))
    tape: list[Any] = []

    def ours() -> Any:
        # A tape remembers every call, so that it is begun anew now and then; that is a part of the cost.
        if len(tape) == 0 or tape[1] == 1000:
            tape[:] = [st.traced(parameters), 0]
        tape[1] += 1
        return call(*tape[0])

    found: Contenders = {"shapetensor": ours}
    if TORCH:
        import torch

        theirs = tuple(torch.from_numpy(x).requires_grad_() for x in operands)
        found["torch"] = lambda: call(*theirs)
    return found


def training() -> Iterator[tuple[str, Contenders]]:
    """A step of the digits example with Adam: forward, backward and update."""
    found: Contenders = {}
    for name, transform in (("shapetensor", st.compile), ("shapetensor eager", lambda step: step)):
        found[name] = _our_step(transform)
    if TORCH:
        found["torch"] = _torch_step()
    yield f"digits step, batch {digits.BATCH}", found


def _our_step(transform: Callable[[Any], Any]) -> Callable[[], None]:
    optimizer = optim.Adam(lr=1e-3)
    step, net = transform(digits.make_step(optimizer)), digits.model(st.random.key(0))
    state = [net, optimizer.init(net)]
    x, labels = digits.data()

    def run() -> None:
        state[0], state[1], _ = step(state[0], state[1], x, labels)

    return run


def _torch_step() -> Callable[[], None]:
    import torch
    from torch import nn

    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 96), nn.ReLU(), nn.Linear(96, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, labels = (torch.from_numpy(t.numpy().copy()) for t in digits.data())

    def run() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=200, help="turns of about 1 ms for each contender")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    options = parser.parse_args()
    if TORCH:
        import torch

        torch.set_num_threads(1)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, one thread")
    print("times in microseconds; the ratio is peer / shapetensor: above 1 we are faster")
    for name, contenders in (*dispatch(), *training()):
        if options.only in name:
            best = seconds(contenders, options.rounds)
            ours = best["shapetensor"]
            cells = [f"{k} {v * 1e6:.2f} ({v / ours:.2f})" for k, v in best.items() if k != "shapetensor"]
            print(f"{name:32} {ours * 1e6:8.2f}   {'   '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
