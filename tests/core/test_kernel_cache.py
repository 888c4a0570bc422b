"""The cache on disk: never stale, complete, stable, shared, and not needed.

Every test runs processes of their own on a copy of the package, with directories of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import shapetensor

PACKAGE = Path(shapetensor.__file__).parent
# A kernel that is generated, one written by hand and its helper; then what was computed and compiled, and where.
PROGRAM = """
import json, sys
import shapetensor as st
from shapetensor._core.kernels import cache
x = st.tensor([3.0, 1.0, 2.0])
results = [(x + x).tolist(), st.random.split(st.random.key(1), 2).tolist()]
home = cache.directory()
json.dump({"results": results, "compiled": cache.compilations(), "home": str(home) if home else None}, sys.stdout)
"""


KERNELS = 3


class Installation:
    """A copy of the package with a cache of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = root / "site" / "shapetensor"
        self.cache = root / "cache"
        self.temporary = root / "tmp"
        self.temporary.mkdir()
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PACKAGE, self.package, ignore=ignored)

    def environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": str(self.root / "site"), "SHAPETENSOR_CACHE_DIR": str(self.cache)}
        own |= {"TMPDIR": str(self.temporary), "HOME": str(self.root / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
        return os.environ | own

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM],
            env=self.environment(),
            cwd=self.root,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self) -> dict[str, Any]:
        return finished(self.start())

    def edit(self, file: str, old: str, new: str) -> None:
        """Change the text of a module."""
        path = self.package / "_core" / "kernels" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is not once in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def kept(self) -> dict[str, int]:
        """Files of the cache and their sizes."""
        return {str(p.relative_to(self.cache)): p.stat().st_size for p in self.cache.rglob("*") if p.is_file()}


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert errors == ""
    return dict(json.loads(out))


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_second_process_compiles_nothing_and_files_stay_the_same(installation: Installation) -> None:
    """Ten runs: one compiles, none leaves anything new."""
    first = installation.run()
    assert first["compiled"] == KERNELS
    assert Path(first["home"]).is_relative_to(installation.cache)
    kept = installation.kept()
    assert kept
    for _ in range(9):
        again = installation.run()
        assert again["compiled"] == 0
        assert again["results"] == first["results"]
    assert installation.kept() == kept


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        # a helper that another kernel calls, and text that generates kernels
        ("formulas/random.py", "for _ in range(10):", "for _ in range(9):", 1),
        ("generate/elementwise.py", "lines.append((store, ", 'lines.append((store, "1 + " + ', 0),
    ],
)
def test_an_edit_of_a_helper_gives_the_new_result(
    installation: Installation, file: str, old: str, new: str, changes: int
) -> None:
    before = installation.run()
    installation.edit(file, old, new)
    after = installation.run()
    assert after["home"] != before["home"]
    changed = [i for i, (a, b) in enumerate(zip(before["results"], after["results"], strict=True)) if a != b]
    assert changed == [changes]
    assert installation.run() == after | {"compiled": 0}
    installation.edit(file, new, old)
    assert installation.run() == before | {"compiled": 0}


def test_two_processes_at_once(installation: Installation) -> None:
    """Both may compile, neither fails, and what they leave is whole."""
    first, second = [finished(process) for process in [installation.start(), installation.start()]]
    assert first["results"] == second["results"]
    third = installation.run()
    assert third["results"] == first["results"]
    assert third["compiled"] == 0


def test_read_only_installation(installation: Installation) -> None:
    """Nothing is written beside the sources."""
    before = sorted(installation.package.rglob("*"))
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert installation.run()["compiled"] == KERNELS
        assert installation.run()["compiled"] == 0
        assert sorted(installation.package.rglob("*")) == before
    finally:
        for path in before:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_cache_that_cannot_be_written_falls_back_to_the_temporary_directory(installation: Installation) -> None:
    """A file stands where the directory should be, which stops root as well."""
    installation.cache.write_text("not a directory")
    first = installation.run()
    assert Path(first["home"]).is_relative_to(installation.temporary)
    assert first["compiled"] == KERNELS
    assert installation.run() == first | {"compiled": 0}


def test_no_directory_at_all(installation: Installation) -> None:
    """Kernels are then compiled in memory, in each process."""
    usual = installation.run()
    shutil.rmtree(installation.cache)
    installation.cache.write_text("not a directory")
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    (installation.temporary / f"shapetensor-{owner}").write_text("not a directory")
    for _ in range(2):
        found = installation.run()
        assert found == {"results": usual["results"], "compiled": KERNELS, "home": None}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of directories are those of POSIX")
def test_directory_that_others_can_write_is_not_used(installation: Installation) -> None:
    """Code is imported from it: what anybody can write there, anybody can run here."""
    home = Path(installation.run()["home"])
    home.chmod(0o777)
    found = installation.run()
    assert Path(found["home"]).is_relative_to(installation.temporary)
    assert found["compiled"] == KERNELS
