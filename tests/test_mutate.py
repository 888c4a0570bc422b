"""tools/mutate.py: a broken rule is noticed, and so is a test that notices nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
START = """
from tests.ops import test_every_op as properties
from tools.mutate import main
{change}
raise SystemExit(main({arguments}))
"""
# Without the tests of derivatives
BLIND = """
for name in [n for n in vars(properties) if n.startswith("test_")]:
    if any(word in name for word in ("derivatives", "check_grads", "tape", "ties")):
        delattr(properties, name)
"""
FAILING = """
def test_that_fails(name):
    assert False, "as it should"
properties.test_that_fails = test_that_fails
"""
DEADLY = """
import os, signal
from tools import mutate, mutants
def dies(*shapes):
    os.kill(os.getpid(), signal.SIGSEGV)
def cannot(*shapes):
    mutants.changed(lambda x: x.nothing, ())
mutate.mutants = lambda op: [mutants.Mutant("shape", "dies", {"shape": dies}),
                             mutants.Mutant("shape", "cannot", {"shape": cannot})]
"""


def mutate(*arguments: str, change: str = "") -> tuple[int, str]:
    """The exit status of tools/mutate.py and what it printed, with blanks made one."""
    code = START.format(change=change, arguments=[*arguments, "--jobs", "1"])
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_every_mutant_of_an_op_is_caught() -> None:
    status, text = mutate("matrix_transpose")
    assert "0 survived, 0 broken" in text, text
    assert status == 0
    for rule in ("shape", "dtype", "vjp x", "jvp x", "batch", "view"):
        assert f"matrix_transpose {rule}" in text, text


def test_what_blind_tests_do_not_see_survives() -> None:
    status, text = mutate("neg", change=BLIND)
    assert status == 1
    assert "neg vjp x times 1.5: SURVIVED" in text, text
    assert "neg jvp x missing: SURVIVED" in text, text
    assert "neg shape axes reversed: SURVIVED" not in text, text


def test_a_property_that_fails_anyway_catches_nothing() -> None:
    status, text = mutate("neg", change=FAILING)
    assert status == 1
    assert "BROKEN fails without a mutant: test_that_fails: AssertionError as it should" in text, text
    assert "1 mutants of 1 ops: 0 caught, 0 survived, 1 broken" in text, text


def test_a_crash_is_caught_and_a_change_that_cannot_be_made_is_broken() -> None:
    status, text = mutate("neg", "--verbose", change=DEADLY)
    assert status == 1
    assert "neg shape dies: by process: died of SIGSEGV" in text, text
    assert "neg shape cannot: BROKEN AttributeError: 'tuple' object has no attribute 'nothing'" in text, text


@pytest.mark.parametrize("arguments", [("nothing",), ("neg", "--jobs", "none")])
def test_wrong_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    assert mutate(*arguments)[0] == 2
