"""Train a small network to read handwritten digits, from the data to a saved model: `python examples/digits.py`.
Ctrl-C stops it; `python examples/digits.py --resume` goes on from the last epoch as if nothing had been.

The data are the 1,797 images of 8x8 pixels (UCI, Alpaydin and Kaynak) that scikit-learn ships; a random fifth of them
is held out. Shapes are in the types: `B` is any batch size, `L[64]` is 64 and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal as L
from typing import NamedTuple, Self, TypeVar

from matplotlib.figure import Figure
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sklearn.datasets import load_digits

import shapetensor as st
from shapetensor import F32, I64, U32, Tensor, nn, optim

B = TypeVar("B", bound=int)
N = TypeVar("N", bound=int)
Key = Tensor[U32, L[4]]
BATCH = 64


# 1. The data: pixels as numbers between 0 and 1, and which digit each image shows.
class Digits(NamedTuple):
    images: Tensor[F32, int, L[64]]
    labels: Tensor[I64, int]


@st.checked
def pick(images: Tensor[F32, N, L[64]], labels: Tensor[I64, N], places: Tensor[I64, B]) -> Digits:
    return Digits(images[places], labels[places])


def load(key: Key) -> tuple[Digits, Digits]:
    """The images to train on, and a random fifth of all that is held out."""
    pixels, targets = load_digits(return_X_y=True)
    images, labels = st.tensor(pixels, dtype=F32).reshape((-1, 64)) / 16.0, st.tensor(targets, dtype=I64).reshape(-1)
    order, held_out = st.random.permutation(key, len(labels)), len(labels) // 5
    return pick(images, labels, order[held_out:]), pick(images, labels, order[:held_out])


def batches(data: Digits, key: Key) -> Iterator[Digits]:
    """The data once, in random order; what does not fill a batch is left out until the next time."""
    order = st.random.permutation(key, len(data.labels))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        yield pick(data.images, data.labels, order[start : start + BATCH])


# 2. The model: 64 pixels -> 128 -> 96 -> 10 scores. A module is frozen; `training` returns the one with new buffers.
class Classifier(st.Module):
    def __init__(self, key: Key) -> None:
        keys = st.random.split(key, 3)
        self.first = nn.Linear(64, 128, key=keys[0])
        self.norm = nn.BatchNorm1d(128)
        self.second = nn.Linear(128, 96, key=keys[1])
        self.dropout = nn.Dropout(0.3)
        self.scores = nn.Linear(96, 10, key=keys[2])

    @st.checked
    def __call__(self, x: Tensor[F32, B, L[64]]) -> Tensor[F32, B, L[10]]:
        return self.scores(self.second(self.norm(self.first(x)).relu()).relu())

    @st.checked
    def training(self, x: Tensor[F32, B, L[64]], *, key: Key) -> tuple[Tensor[F32, B, L[10]], Self]:
        hidden, norm = self.norm.training(self.first(x), key=key)
        dropped, _ = self.dropout.training(self.second(hidden.relu()).relu(), key=key)
        return self.scores(dropped), self.replace(norm=norm)


# 3. One step of training: compiled, it runs as planned kernels without Python between them. The old model and state are
# donated to it: the new ones take over their memory.
optimizer = optim.Adam(lr=2e-3)
State = optim.AdamState[Classifier]
Scalar = Tensor[F32]


@st.checked
def accuracy(scores: Tensor[F32, B, L[10]], labels: Tensor[I64, B]) -> Scalar:
    return (scores.argmax(axis=1) == labels).astype(F32).mean()


def update(model: Classifier, state: State, batch: Digits, key: Key) -> tuple[Classifier, State, Scalar, Scalar]:
    def loss_of(model: Classifier) -> tuple[Scalar, tuple[Classifier, Scalar]]:
        scores, after = model.training(batch.images, key=key)
        return st.losses.cross_entropy(scores, batch.labels), (after, accuracy(scores, batch.labels))

    (loss, (model, right)), gradients = st.value_and_grad(loss_of, has_aux=True)(model)
    return *optimizer.update(model, gradients, state), loss, right


step = st.compile(update, donate_argnums=(0, 1))


# 4. A run is all that training goes on from; every random key is made of its seed and the number of the epoch or step.
class Run(NamedTuple):
    model: Classifier
    state: State
    seed: int
    epoch: int  # epochs that are done
    losses: list[float]  # of each step


def keys_of(seed: int) -> tuple[Key, ...]:
    """For the split of the data, the initial weights, the order of batches and dropout."""
    split_key, train_key = st.random.split(st.random.key(seed))
    return split_key, *st.random.split(train_key, 3)


def begin(seed: int) -> Run:
    model = Classifier(keys_of(seed)[1])
    return Run(model, optimizer.init(model), seed, epoch=0, losses=[])


def train(run: Run, data: Digits, epochs: int, checkpoint: Path) -> Run:
    """The run after so many epochs in all; each leaves a checkpoint. The run before is used up."""
    _, _, order_key, dropout_key = keys_of(run.seed)
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task("compiling", total=epochs, completed=run.epoch)
        for epoch in range(run.epoch, epochs):
            model, state, losses = run.model, run.state, [*run.losses]
            for batch in batches(data, st.random.fold_in(order_key, epoch)):
                model, state, loss, right = step(model, state, batch, st.random.fold_in(dropout_key, len(losses)))
                losses.append(float(loss))
            run = Run(model, state, run.seed, epoch + 1, losses)
            st.io.save_checkpoint(checkpoint, run)
            bar.update(task, advance=1, description=f"loss {float(loss):.3f}  accuracy {100 * float(right):5.1f} %")
    return run


# 5. Save what came out, and show that it can be used again.
def whole(seed: int | None, epochs: int, out: Path, resume: bool) -> float:
    """Train with one seed or go on with what is in `out`, save, load, and give the accuracy on the images held out."""
    out.mkdir(parents=True, exist_ok=True)
    run, checkpoint = begin(seed or 0), out / "checkpoint.safetensors"
    if resume and checkpoint.exists():
        run = st.io.load_checkpoint(checkpoint, run)
        if seed not in (None, run.seed):
            raise SystemExit(f"--seed {seed}, but {checkpoint} is of seed {run.seed}: go on without --seed")
    data, test_data = load(keys_of(run.seed)[0])
    if run.epoch >= epochs:
        print(f"already at epoch {run.epoch}")
    else:
        run = train(run, data, epochs, checkpoint)
    figure = Figure()
    figure.subplots(subplot_kw={"xlabel": "step", "ylabel": "cross entropy"}).semilogy(run.losses)
    figure.savefig(out / "loss.png")
    st.io.save_file(run.model.state_dict(), out / "digits.safetensors")
    loaded = begin(run.seed).model.load_state_dict(st.io.load_file(out / "digits.safetensors"))
    scores = loaded(test_data.images)
    st.testing.assert_close(scores, run.model(test_data.images), rtol=0.0, atol=0.0)
    return float(accuracy(scores, test_data.labels))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a network on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, help="of the split, weights, order and dropout; by default 0")
    parser.add_argument("--out", type=Path, default=Path("digits-run"), help="folder for the weights and the curve")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--seeds", type=int, default=0, help="train with the seeds 0 ... SEEDS-1; print the mean")
    either.add_argument("--resume", action="store_true", help="go on from the checkpoint in OUT, if there is one")
    options = parser.parse_args()
    seeds = range(options.seeds) if options.seeds else [options.seed]
    try:
        found = [100 * whole(seed, options.epochs, options.out, options.resume) for seed in seeds]
    except KeyboardInterrupt:
        again = f"python {sys.argv[0]} --resume --out {options.out} --epochs {options.epochs}"
        parser.exit(130, f"stopped; the last whole epoch is kept, and this goes on from there: {again}\n")
    what = f"mean test accuracy over {options.seeds} seeds" if options.seeds else "test accuracy"
    print(f"{what}: {sum(found) / len(found):.1f} %")


if __name__ == "__main__":
    main()
