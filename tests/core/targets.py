"""Kernels of each kind against NumPy, for whatever processor Numba is told to compile for; run by test_targets.py."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from scipy import special

import shapetensor as st
from shapetensor._core.kernels import cache
from tests.core.test_kernels import _softmax, close


def check(x: st.Tensor[Any, Any, Any], dtype: Any) -> None:
    """Elementwise, strided, reductions along and across rows, rows forward and backward."""
    a = x.numpy().astype(np.float64)
    bias = a[:1]
    sizes = np.abs(a)
    for got, want, scale in (
        (x + x[0], a + a[0], sizes + 4),
        (st.gelu(x + x[:1]), (a + bias) * special.ndtr(a + bias), sizes + 4),
        (x.mT * 2.0, a.T * 2, sizes.T),
        (x.sum(axis=0), a.sum(0), 8 * sizes.sum(0)),
        (x.sum(axis=1), a.sum(1), 8 * sizes.sum(1)),
        (x.max(axis=0), a.max(0), 0),
        (x.var(axis=1), a.var(1), 40),
        (st.softmax(x), _softmax(a), 40),
    ):
        close(got.numpy().astype(np.float64), want, scale, 1, dtype)
    labels = np.arange(x.shape[0]) % x.shape[1]
    _, gradient = st.value_and_grad(lambda z: st.losses.cross_entropy(z, st.from_numpy(labels)))(x)
    want = (_softmax(a) - np.eye(x.shape[1])[labels]) / x.shape[0]
    close(gradient.numpy().astype(np.float64), want, 1 / x.shape[0], 40, dtype)


def widths() -> dict[str, int]:
    """The widest registers, in bits, that each kernel of float32 uses for its elements."""
    found = {}
    for name, kernel in cache.loaded().items():
        code = "".join(kernel.inspect_asm().values())
        used = [
            bits for bits, letter in ((512, "z"), (256, "y"), (128, "x")) if re.search(rf"ps\s[^\n]*%{letter}mm", code)
        ]
        if used:
            found[name.rpartition(".")[2]] = used[0]
    return found


def main() -> None:
    rng = np.random.default_rng(0)
    for dtype in (st.F32, st.F64):
        for shape in ((7, 13), (257, 509)):
            check(st.from_numpy(rng.standard_normal(shape).astype(dtype.dtype)), dtype)
    for name, bits in sorted(widths().items()):
        print(name, bits)


if __name__ == "__main__":
    main()
