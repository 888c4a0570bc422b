"""Eager calls on tensors so small that only the way to the kernel counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import shapetensor as st

from .row import OURS, Call, Row


def rows() -> Iterator[Row]:
    x, w = np.ones((8, 8), np.float32), np.ones((8, 8), np.float32)
    many, bias = np.ones((32, 100), np.float32), np.ones(100, np.float32)
    for name, call, operands in (
        ("a + b, 8x8", lambda a, b: a + b, (x, w)),
        ("x @ w, 8x8", lambda a, b: a @ b, (x, w)),
        ("x @ w.mT, 8x8", lambda a, b: a @ b.mT, (x, w)),
        ("(32,100) + (100,)", lambda a, b: a + b, (many, bias)),
        ("a + 1.5, 8x8", lambda a, _: a + 1.5, (x, w)),
    ):
        yield _everywhere(name, call, operands)
    for name, call, operands in (
        ("a + b, 8x8, live tape", lambda a, b: a + b, (x, w)),
        ("x @ w, 8x8, live tape", lambda a, b: a @ b, (x, w)),
        ("(32,100) + (100,), live tape", lambda a, b: a + b, (many, bias)),
    ):
        yield _on_tape(name, call, operands)


def _everywhere(name: str, call: Callable[[Any, Any], Any], operands: tuple[Any, Any]) -> Row:
    def ours() -> Call:
        x, y = map(st.from_numpy, operands)
        return lambda: call(x, y)

    def torchs() -> Call:
        import torch

        x, y = map(torch.from_numpy, operands)
        return lambda: call(x, y)

    return Row(name, {OURS: ours, "numpy": lambda: lambda: call(*operands), "torch": torchs})


def _on_tape(name: str, call: Callable[[Any, Any], Any], operands: tuple[Any, Any]) -> Row:
    """Both operands need gradients; the graph of each call is thrown away with its result, as torch does it."""

    def ours() -> Call:
        parameters = tuple(map(st.from_numpy, operands))
        tape: list[Any] = []

        def run() -> Any:
            # A tape remembers every call, so that it is begun anew now and then; that is a part of the cost.
            if len(tape) == 0 or tape[1] == 1000:
                tape[:] = [st.traced(parameters), 0]
            tape[1] += 1
            return call(*tape[0])

        return run

    def torchs() -> Call:
        import torch

        x, y = (torch.from_numpy(a).requires_grad_() for a in operands)
        return lambda: call(x, y)

    return Row(name, {OURS: ours, "torch": torchs})
