"""A step of the digits example with Adam: forward, backward and update."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import shapetensor as st
from benchmarks import digits
from shapetensor import optim

from .row import OURS, Call, Row


def rows() -> Iterator[Row]:
    make: dict[str, Callable[[], Call]] = {
        OURS: lambda: _ours(lambda step: st.compile(step, donate_argnums=(0, 1))),
        f"{OURS} eager": lambda: _ours(lambda step: step),
        "torch": _torch,
    }
    yield Row(f"digits step, batch {digits.BATCH}", make)


def _ours(transform: Callable[[Any], Any]) -> Call:
    optimizer = optim.Adam(lr=1e-3)
    step, net = transform(digits.make_step(optimizer)), digits.model(st.random.key(0))
    held = [(net, optimizer.init(net))]
    del net
    x, labels = digits.data()

    def run() -> None:
        *state, _ = step(*held.pop(), x, labels)
        held.append((state[0], state[1]))

    return run


def _torch() -> Call:
    import torch
    from torch import nn

    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 96), nn.ReLU(), nn.Linear(96, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, labels = (torch.from_numpy(t.numpy().copy()) for t in digits.data())

    def run() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return run
