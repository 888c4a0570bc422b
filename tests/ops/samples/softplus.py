"""Samples of softplus."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.ops.sample import OpSamples
from tests.ops.samples.elementwise import _function, integers_to_f32


def _reference(x: NDArray[Any]) -> NDArray[Any]:
    return np.logaddexp(x if x.dtype.kind == "f" else x.astype(np.float32), 0)  # type: ignore[no-any-return]


SAMPLES: dict[str, OpSamples] = {
    "softplus": _function("softplus", _reference, result=integers_to_f32, kept=("x",)),
}
