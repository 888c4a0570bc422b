"""A small run for tests/test_interrupted.py to kill: an endless one, with a checkpoint after every short epoch.

    python tests/interrupted.py CHECKPOINT [EPOCHS]

It goes on from the checkpoint if there is one, and prints `ready` once it has taken an epoch.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import shapetensor as st
from shapetensor import nn, optim
from shapetensor.tensor import AnyTensor

optimizer = optim.Adam(lr=1e-3)


class Run(NamedTuple):
    model: nn.Sequential[nn.Linear[Any, Any], nn.BatchNorm1d[Any], nn.Dropout, nn.Linear[Any, Any]]
    state: Any
    key: AnyTensor
    epoch: int
    losses: list[float]


def begin() -> Run:
    key = st.random.key(0)
    first, last = st.random.split(key)
    layers = nn.Linear(8, 16, key=first), nn.BatchNorm1d(16), nn.Dropout(0.2), nn.Linear(16, 2, key=last)
    model = nn.Sequential(*layers)
    return Run(model, optimizer.init(model), key, 0, [])


@st.compile
def step(model: Any, state: Any, x: AnyTensor, key: AnyTensor) -> Any:
    def loss_of(model: Any) -> Any:
        y, after = model.training(x, key=key)
        return st.losses.mse_loss(y, x[:, :2]), after

    (loss, model), gradients = st.value_and_grad(loss_of, has_aux=True)(model)
    return *optimizer.update(model, gradients, state), loss


def train_epoch(run: Run) -> Run:
    """Three steps on batches that only the key and the number of the epoch decide."""
    model, state, losses = run.model, run.state, []
    for i in range(3):
        data_key, step_key = st.random.split(st.random.fold_in(run.key, 3 * run.epoch + i))
        model, state, loss = step(model, state, st.random.normal(data_key, (16, 8)), step_key)
        losses.append(float(loss))
    return Run(model, state, run.key, run.epoch + 1, [*run.losses[-20:], *losses])


def main(path: Path, epochs: int) -> None:
    run = begin()
    if path.exists():
        run = st.io.load_checkpoint(path, run)
    for first in range(epochs):
        run = train_epoch(run)
        st.io.save_checkpoint(path, run)
        if first == 0:
            print("ready", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10**9)
