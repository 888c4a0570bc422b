"""Kernels of each kind against NumPy, for whatever processor Numba is told to compile for; run by test_targets.py."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from scipy import special

import shapetensor as st
from shapetensor._core.kernels import cache
from shapetensor._core.kernels.generate.product import TRANSPOSED
from tests.core import products
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


def check_products(rng: np.random.Generator) -> None:
    """Each kind; bytes where they are transposed in registers, which depends on how many a vector has."""
    cases = [(dtype, name) for dtype in (st.F32, st.F64) for name in products.CASES]
    for dtype, name in (*cases, (st.U8, TRANSPOSED), (st.U8, products.UNTRANSPOSED)):
        x, w = products.operands(rng, products.CASES[name], dtype)
        products.check(products.guarded(x, w), x, w)


# Letters that end the names of instructions on numbers of a dtype
SUFFIXES = {"float32": "ps", "float64": "pd"}


def widths(code: str, dtype: str) -> int:
    """The widest registers, in bits, that are used for numbers of this dtype; 0 if none are."""
    found = [bits for bits, letter in ((512, "z"), (256, "y"), (128, "x")) if uses(code, SUFFIXES[dtype], letter)]
    return found[0] if found else 0


def uses(code: str, suffix: str, letter: str) -> bool:
    return re.search(rf"{suffix}\s[^\n]*%{letter}mm", code) is not None


def fusing(code: str) -> str:
    """How numbers are multiplied and added: one instruction, the library's function, or one after the other."""
    if re.search(r"\bfmaf?\b", code):
        return "called"
    return "fused" if "vfmadd" in code else "apart"


def main() -> None:
    rng = np.random.default_rng(0)
    for dtype in (st.F32, st.F64):
        for shape in ((7, 13), (257, 509)):
            check(st.from_numpy(rng.standard_normal(shape).astype(dtype.dtype)), dtype)
    check_products(rng)
    for name, kernel in sorted(cache.loaded().items()):
        for kinds, code in kernel.inspect_asm().items():
            for numbers in SUFFIXES:
                if numbers in str(kinds) and widths(code, numbers):
                    print(name.rpartition(".")[2], numbers, widths(code, numbers), fusing(code))


if __name__ == "__main__":
    main()
