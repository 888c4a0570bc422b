"""Samples of softplus."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import OpSamples
from tests.ops.samples.elementwise import _function, integers_to_f32

SAMPLES: dict[str, OpSamples] = {
    "softplus": _function("softplus", lambda x: np.logaddexp(x, 0), result=integers_to_f32, kept=("x",)),
}
