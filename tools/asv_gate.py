"""Run every benchmark once, and fail if any of them fails.

    python tools/asv_gate.py [arguments for `asv run`]

`asv run --python=same` measures the package installed beside the running Python. A quick run is for finding broken
benchmarks, not for timing, so its results go to a temporary folder. They are read back from there: a result of null
is a failed benchmark, whatever the exit status of the asv at hand says; NaN is one that skipped itself.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def asv(*arguments: str, quiet: bool = False) -> int:
    command = [sys.executable, "-m", "asv", *arguments]
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output).returncode


def write_config(folder: Path) -> Path:
    """The project's configuration with absolute paths, keeping its results in `folder`."""
    lines = (ROOT / "asv.conf.json").read_text(encoding="utf-8").splitlines()
    config = json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))
    config |= {"repo": str(ROOT), "benchmark_dir": str(ROOT / config["benchmark_dir"])}
    config |= {key: str(folder / key) for key in ("results_dir", "html_dir", "env_dir")}
    path = folder / "asv.conf.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def read_results(folder: Path) -> dict[str, list[Any]]:
    """Each benchmark's values, one for each combination of its parameters."""
    values: dict[str, list[Any]] = {}
    for path in (folder / "results_dir").glob("*/*.json"):
        stored = json.loads(path.read_text(encoding="utf-8"))
        for name, row in stored.get("results", {}).items():
            result = dict(zip(stored["result_columns"], row, strict=False))["result"]  # trailing columns may be absent
            values[name] = result if isinstance(result, list) else [result]
    return values


def main() -> int:
    if asv("machine", "--yes", quiet=True):  # describes this machine once, in the user's home folder
        print("asv could not describe this machine")
        return 1
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = str(write_config(folder))
        # Without a commit to file them under, asv keeps no results of an existing environment.
        options = ("--quick", "--python=same", "--show-stderr", f"--set-commit-hash={head.stdout.strip()}")
        status = asv("--config", config, "run", *options, *sys.argv[1:])
        values = read_results(folder)
    failed = sorted(name for name, results in values.items() if None in results)
    skipped = sorted(name for name, results in values.items() if any(r is not None and math.isnan(r) for r in results))
    print(f"{len(values)} benchmarks, {len(failed)} failed, {len(skipped)} skipped")
    for verb, names in (("failed", failed), ("skipped", skipped)):
        for benchmark in names:
            print(f"  {verb}: {benchmark}")
    if not values:
        print("no benchmark ran")
    return 1 if status or failed or not values else 0


if __name__ == "__main__":
    sys.exit(main())
