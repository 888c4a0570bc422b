"""A training step of the digits example: 64 -> 128 -> 96 -> 10, batch 64."""

from __future__ import annotations

from typing import Any

import shapetensor as st
from shapetensor import losses, nn, optim
from shapetensor._core.buffers import POOL

BATCH = 64


def model(key: Any) -> nn.Sequential:
    keys = st.random.split(key, 3).unstack()
    return nn.Sequential(
        nn.Linear(64, 128, key=keys[0]),
        nn.ReLU(),
        nn.Linear(128, 96, key=keys[1]),
        nn.ReLU(),
        nn.Linear(96, 10, key=keys[2]),
    )


def data() -> tuple[Any, Any]:
    key = st.random.key(1)
    x = st.random.uniform(key, (BATCH, 64))
    return x, (st.random.uniform(st.random.fold_in(key, 1), (BATCH,)) * 10.0).astype(st.I64)


def make_step(optimizer: optim.Adam) -> Any:
    def step(net: Any, state: Any, x: Any, labels: Any) -> Any:
        loss, gradients = st.value_and_grad(lambda net: losses.cross_entropy(net(x), labels))(net)
        return (*optimizer.update(net, gradients, state), loss)

    return step


class DigitsStep:
    """Eager, and recorded once and replayed."""

    params = ("eager", "compiled")
    param_names = ("mode",)

    def setup(self, mode: str) -> None:
        optimizer = optim.Adam(lr=1e-3)
        step = make_step(optimizer)
        self.step = step if mode == "eager" else st.compile(step, donate_argnums=(0, 1))
        self.net = model(st.random.key(0))
        self.state = optimizer.init(self.net)
        self.x, self.labels = data()
        self.time_step(mode)

    def time_step(self, mode: str) -> None:
        self.net, self.state, _ = self.step(self.net, self.state, self.x, self.labels)

    def track_allocations_in_100_steps(self, mode: str) -> int:
        self.time_step(mode)
        before = POOL.allocated
        for _ in range(100):
            self.time_step(mode)
        return POOL.allocated - before


class Memory:
    """Bytes of a compiled step."""

    unit = "bytes"

    def setup(self) -> None:
        optimizer = optim.Adam(lr=1e-3)
        compiled = st.compile(make_step(optimizer), donate_argnums=(0, 1))
        net = model(st.random.key(0))
        compiled(net, optimizer.init(net), *data())
        self.program = compiled.programs[0]

    def track_arena(self) -> int:
        return int(self.program.arena_bytes)

    def track_temporaries_without_planning(self) -> int:
        return int(self.program.temporary_bytes)
