"""The tests of a device on Numba's simulator, which has to be asked for before Python starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_tests_of_a_device_pass_on_the_simulator() -> None:
    if find_spec("numba_cuda") is None:
        pytest.skip('simulating a CUDA device needs pip install "shapetensor[cuda]"')
    tests = ["tests/cuda/test_device.py", "tests/ops/test_every_op.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "runner", "--runner=sim", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    print(done.stdout[-5000:])
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 100
    assert "skipped" not in done.stdout
