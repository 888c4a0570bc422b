"""What a newcomer waits for: the import, and the first operation of a process."""

from __future__ import annotations

import subprocess
import sys

IMPORT = "import shapetensor"
FIRST_MATMUL = "import shapetensor as st; st.ones((3, 4)) @ st.ones((4, 3))"
_CPU = "; import time; print(time.process_time())"


def cpu_seconds(code: str) -> float:
    """Processor time of a fresh Python that runs this, from its start."""
    result = subprocess.run([sys.executable, "-c", code + _CPU], capture_output=True, text=True, check=True)
    return float(result.stdout)


class Startup:
    """Least processor time of a few processes; kernels come from the disk cache."""

    unit = "s"

    def setup(self) -> None:
        cpu_seconds(FIRST_MATMUL)  # fills the cache

    def track_import(self) -> float:
        return min(cpu_seconds(IMPORT) for _ in range(3))

    def track_first_matmul(self) -> float:
        return min(cpu_seconds(FIRST_MATMUL) for _ in range(3))

    def track_bare_python(self) -> float:
        return min(cpu_seconds("pass") for _ in range(3))
