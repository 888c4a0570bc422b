"""The example: it learns, writes its files, and gives the same bits for the same seed, compiled or not."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import shapetensor as st
from shapetensor._core.pytree import leaves_of

pytest.importorskip("sklearn", reason="the example wants the extra `examples`")
pytest.importorskip("matplotlib", reason="the example wants the extra `examples`")
pytest.importorskip("rich", reason="the example wants the extra `examples`")

EXAMPLE = Path(__file__).parent.parent / "examples" / "digits.py"


def run(out: Path, *options: str) -> str:
    command = [sys.executable, str(EXAMPLE), "--epochs", "2", "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_runs_and_is_deterministic(tmp_path: Path) -> None:
    outputs = [run(tmp_path / name, "--seed", "3") for name in ("one", "two")]
    words = outputs[0].splitlines()[-1].split()
    assert words[:2] == ["test", "accuracy:"]
    assert words[3] == "%"
    assert float(words[2]) > 80.0
    one, two = ((tmp_path / name / "digits.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two
    assert (tmp_path / "one" / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_several_seeds(tmp_path: Path) -> None:
    assert "mean test accuracy over 2 seeds: " in run(tmp_path, "--seeds", "2").splitlines()[-1]


def test_compiled_steps_are_eager_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    example: Any = importlib.import_module("digits")
    data, _ = example.load(st.random.key(0))
    compiled = example.train(data, 1, st.random.key(1))
    monkeypatch.setattr(example, "step", example.step.__wrapped__)
    eager = example.train(data, 1, st.random.key(1))
    assert compiled[1] == eager[1]
    for x, y in zip(leaves_of(compiled[0]), leaves_of(eager[0]), strict=True):
        assert x.numpy().tobytes() == y.numpy().tobytes()
