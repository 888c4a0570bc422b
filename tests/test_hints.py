"""Names of other libraries are answered with ours, and each answer is true."""

from __future__ import annotations

import operator
import re
import subprocess
import sys
from typing import Any

import pytest

import shapetensor as st
from shapetensor.methods import hints

M = st.tensor([[1.0, 2.0], [3.0, 4.0]])


def raises(error: type[Exception], text: str) -> Any:
    """The error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(text)}$")


def test_did_you_mean() -> None:
    x: Any = M
    with raises(AttributeError, "Tensor has no attribute 'index_select': did you mean 'take'?"):
        _ = x.index_select
    with raises(AttributeError, "Tensor has no attribute 'mul': did you mean 'x * y'?"):
        x.mul(2)
    with raises(AttributeError, "Tensor has no attribute 'view': did you mean 'reshape'?"):
        _ = st.Tensor.view  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", hints.METHODS)
def test_advice_for_methods_is_true(name: str) -> None:
    """Each name is missing indeed, and what is said instead exists: an attribute, or an expression that runs."""
    x = st.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert not hasattr(x, name)
    assert name not in dir(x)
    advice = hints.METHODS[name]
    if advice.isidentifier():
        assert hasattr(x, advice)
    else:
        indices, condition = st.tensor([[0, 1], [1, 0]]), x > 0
        row = st.tensor([0, 1]) if "st.scatter_add(" in advice else indices
        known = {"indices": row, "condition": condition, "axis": 0, "n": 2, "shape": (2,), "value": 0.0, "f": st.exp}
        known["f"] = (lambda v: v.sum()) if "grad" in advice else st.exp
        eval(advice, {"st": st, "x": x, "y": x, **known})


@pytest.mark.parametrize("name", hints.FUNCTIONS)
def test_advice_for_functions_is_true(name: str) -> None:
    assert not hasattr(st, name)
    assert operator.attrgetter(hints.FUNCTIONS[name])(st) is not None


def test_typing_errors_have_pythons_own_suggestion() -> None:
    code = "import shapetensor as st; st.ones(2).reshap"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "'Tensor' object has no attribute 'reshap'. Did you mean: 'reshape'?" in done.stderr


def test_attributes_are_as_fast_as_without_advice() -> None:
    """A `__getattr__` would take reading any attribute off the interpreter's fast path."""
    assert not hasattr(st.Tensor, "__getattr__")
    assert st.Tensor.__getattribute__ is object.__getattribute__
