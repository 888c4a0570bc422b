"""The example: it learns, writes its files, and gives the same bits for the same seed, compiled or not."""

import importlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import shapetensor as st
from shapetensor._core.pytree import flatten, leaves_of
from tests.signals import stop

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


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    return importlib.import_module("digits")


def assert_equal(one: Any, two: Any) -> None:
    """Bit for bit."""
    assert flatten(one)[1] == flatten(two)[1]
    for x, y in zip(leaves_of(one), leaves_of(two), strict=True):
        assert x.numpy().tobytes() == y.numpy().tobytes()


def test_compiled_steps_are_eager_steps(example: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = example.load(example.keys_of(0)[0])
    compiled = example.train(example.begin(0), data, 1, tmp_path / "compiled")
    monkeypatch.setattr(example, "step", example.step.__wrapped__)
    assert_equal(compiled, example.train(example.begin(0), data, 1, tmp_path / "eager"))


def test_a_resumed_run_is_an_uninterrupted_run(example: Any, tmp_path: Path) -> None:
    """Parameters, buffers, optimizer, keys, data position and the loss of every step."""
    path = tmp_path / "run.safetensors"
    data, _ = example.load(example.keys_of(1)[0])
    whole = example.train(example.begin(1), data, 4, path)
    example.train(example.begin(1), data, 1, path)
    for epochs in (2, 4):
        run = st.io.load_checkpoint(path, example.begin(7))
        assert run.epoch < epochs
        run = example.train(run, data, epochs, path)
    assert len(run.losses) == 4 * (len(data.labels) // example.BATCH)
    assert_equal(run, whole)


def test_resume_on_the_command_line(example: Any, tmp_path: Path) -> None:
    run(tmp_path, "--resume", "--seed", "5", "--epochs", "1")
    run(tmp_path, "--resume", "--epochs", "3")
    whole = example.begin(5)
    data, _ = example.load(example.keys_of(whole.seed)[0])
    whole = example.train(whole, data, 3, tmp_path / "whole")
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == (tmp_path / "whole").read_bytes()
    weights = st.io.load_file(tmp_path / "digits.safetensors")
    assert_equal(weights, dict(sorted(whole.model.state_dict().items(), key=lambda item: list(weights).index(item[0]))))


def test_resume_with_another_seed(tmp_path: Path) -> None:
    run(tmp_path, "--seed", "5", "--epochs", "1")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(tmp_path, "--resume", "--seed", "6")
    path = tmp_path / "checkpoint.safetensors"
    assert caught.value.stderr == f"--seed 6, but {path} is of seed 5: go on without --seed\n"
    run(tmp_path, "--resume", "--seed", "5")


def test_resume_when_all_is_done(tmp_path: Path) -> None:
    last = run(tmp_path).splitlines()[-1]
    assert run(tmp_path, "--resume", "--epochs", "1") == f"already at epoch 2\n{last}\n"


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLE), "--epochs", "100000", "--out", str(tmp_path)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    checkpoint = tmp_path / "checkpoint.safetensors"
    while not checkpoint.exists():
        assert child.poll() is None
        time.sleep(0.01)
    output = stop(child, signal.SIGINT)
    assert child.returncode == 130
    again = f"python {EXAMPLE} --resume --out {tmp_path} --epochs 100000"
    assert output.splitlines()[-1].endswith(f"this goes on from there: {again}")
    done = json.loads(st.io.load_metadata(checkpoint)["shapetensor"])["values"]["epoch"]
    run(tmp_path, "--resume", "--epochs", str(done + 1))
