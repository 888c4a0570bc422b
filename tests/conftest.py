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


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--runner=sim` runs the tests of CUDA devices on Numba's simulator, `--runner=device` on the first real one."""
    parser.addoption("--runner", choices=("sim", "device"), help="also run the tests that want a CUDA device")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "runner: wants a CUDA device, simulated or real: see --runner")
    if config.getoption("--runner") == "sim":
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # Numba reads it when it is imported


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--runner") is None:
        wanting = [item for item in items if item.get_closest_marker("runner")]
        items[:] = [item for item in items if item not in wanting]
        config.hook.pytest_deselected(items=wanting)
    if config.getoption("--runner") == "sim":
        for item in items:  # NumPy's, of what the simulator computes with it
            item.add_marker(pytest.mark.filterwarnings("ignore::RuntimeWarning"))
