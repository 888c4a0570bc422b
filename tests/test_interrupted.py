"""Runs that are killed at random moments leave their last whole checkpoint, and go on from it bit for bit."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import shapetensor as st
from shapetensor._core.pytree import flatten, leaves_of
from tests import interrupted
from tests.signals import stop

SIGNALS = [signal.SIGKILL] * 7 + [signal.SIGINT] * 3


def child(path: Path) -> subprocess.Popen[str]:
    """A run that has left its first checkpoint."""
    command = [sys.executable, interrupted.__file__, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def bits(run: Any) -> tuple[Any, list[bytes]]:
    return flatten(run)[1], [x.numpy().tobytes() for x in leaves_of(run)]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_ten_kills(tmp_path: Path) -> None:
    chosen = random.Random(7)
    chosen.shuffle(SIGNALS)
    path = tmp_path / "run.safetensors"
    done, run = 0, interrupted.begin()
    for number in SIGNALS:
        process = child(path)
        time.sleep(chosen.uniform(0.0, 0.2))
        stop(process, number)
        assert process.returncode != 0
        found = st.io.load_checkpoint(path, interrupted.begin())
        assert found.epoch > done
        while run.epoch < found.epoch:  # the same run without a stop
            run = interrupted.train_epoch(run)
        assert bits(found) == bits(run)
        done = found.epoch
    left = [x for x in tmp_path.iterdir() if x != path]
    assert len(left) <= SIGNALS.count(signal.SIGKILL)  # unfinished files, under names of their own
    assert all(x.name.startswith(".run.safetensors.") for x in left)
