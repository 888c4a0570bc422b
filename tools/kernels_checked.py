"""Run the kernels' tests with Numba's bounds checking: an index out of range then raises IndexError.

    python tools/kernels_checked.py [pytest arguments]

Checked machine code must not be mixed with the other, so that it goes into a cache that is empty before and thrown away
behind. Without vectors all compiles fast and runs slowly.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        own = {"NUMBA_BOUNDSCHECK": "1", "SHAPETENSOR_CACHE_DIR": folder, "NUMBA_CACHE_DIR": folder}
        files = ["tests/core/test_kernels.py", "tests/core/test_products.py"]
        command = [sys.executable, "-m", "pytest", *files, "-q", *sys.argv[1:]]
        return subprocess.run(command, cwd=ROOT, env=os.environ | own, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
