"""Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

A key of four words is the generator's two-word key and the upper half of its counter. Each use counts in the lower
half; a tag in the key keeps drawing, splitting and folding apart. Element i of a result depends on (key, i) only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..source import kernel

# XORed into the second key word: what a stream of blocks is for
DRAW, SPLIT, FOLD = 0x0, 0x5B1C0DE5, 0xF01DF01D


@kernel()
def philox(block: Any, k0: Any, k1: Any, c2: Any, c3: Any) -> Any:
    """Ten rounds on the counter (block, c2, c3); gives four words of 32 bits."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    c0 = np.uint64(block) & low
    c1 = np.uint64(block) >> half
    a, b, x, y = np.uint64(k0), np.uint64(k1), np.uint64(c2), np.uint64(c3)
    for _ in range(10):
        p = np.uint64(0xD2511F53) * c0
        q = np.uint64(0xCD9E8D57) * x
        c0 = (q >> half) ^ c1 ^ a
        c1 = q & low
        x = (p >> half) ^ y ^ b
        y = p & low
        a = (a + np.uint64(0x9E3779B9)) & low
        b = (b + np.uint64(0xBB67AE85)) & low
    return c0, c1, x, y
