"""All samples by the name of the op."""

from __future__ import annotations

from tests.ops.sample import OpSamples
from tests.ops.samples import (
    astype,
    creation,
    elementwise,
    fused,
    host,
    index,
    linalg,
    movement,
    random,
    reduce,
    softplus,
    special,
    update,
)

FAMILIES = (
    elementwise,
    astype,
    creation,
    fused,
    host,
    index,
    linalg,
    movement,
    random,
    reduce,
    softplus,
    special,
    update,
)
CATALOGUE: dict[str, OpSamples] = {name: found for family in FAMILIES for name, found in family.SAMPLES.items()}
