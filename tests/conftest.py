"""What all tests share."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import settings

# In CI the same examples each time; elsewhere new ones, so that somebody finds what nobody looked for.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

os.environ["SHAPETENSOR_PLUGIN_RAISES"] = "1"  # what the mypy plugin gets over, so that nobody's run ends, fails here
os.environ["SHAPETENSOR_QUIET"] = "1"  # processes that tests start may compile kernels, and say nothing else either


@pytest.fixture
def rng() -> np.random.Generator:
    """Random arrays, the same in every run."""
    return np.random.default_rng(20240229)
