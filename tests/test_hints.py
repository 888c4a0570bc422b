"""Names of other libraries are answered with ours, and each answer is true."""

from __future__ import annotations

import copy
import operator
import pickle
import re
import subprocess
import sys
from typing import Any

import pytest

import shapetensor as st
from shapetensor import nn
from shapetensor.methods import hints
from shapetensor.tensor import AnyTensor

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


@pytest.mark.parametrize("name", [name for name in hints.METHODS if name not in hints.TENSOR_REASONS])
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


class Moved(st.Module):
    """A module with fields and a method of names that are explained elsewhere."""

    cpu: str
    cuda: AnyTensor

    def train(self) -> str:
        return "mine"


LAYER = nn.Linear(2, 1, key=st.random.key(0))
OWNERS: list[tuple[Any, dict[str, str]]] = [
    (M, hints.TENSOR_REASONS),
    (st, hints.FUNCTION_REASONS),
    (nn, hints.NN_REASONS),
    (LAYER, hints.MODULE_REASONS),
    (st.optim.SGD(), hints.OPTIMIZER_REASONS),
    (st.optim.AdamW(), hints.OPTIMIZER_REASONS),
]
REASONS = [(owner, name, reason) for owner, reasons in OWNERS for name, reason in reasons.items()]


@pytest.mark.parametrize(("owner", "name", "reason"), REASONS, ids=[name for _, name, _ in REASONS])
def test_reasons_are_true(owner: Any, name: str, reason: str) -> None:
    """The name is missing and not listed, the error ends with the reason, and the names in the reason exist."""
    assert not hasattr(owner, name)
    assert name not in dir(owner)
    with pytest.raises(AttributeError, match=f" has no attribute {name!r}: {re.escape(reason)}$"):
        getattr(owner, name)
    known = {"st": st, "nn": nn, "x": M, "model": LAYER, "optimizer": st.optim.SGD()}
    for code in re.findall("`([^`]+)`", reason):
        for start, path in re.findall(r"\b(st|nn|x|model|optimizer)\.([\w.]+)", code):
            assert operator.attrgetter(path)(known[start]) is not None


@pytest.mark.parametrize(
    ("owner", "name", "text"),
    [
        (M, "cuda", "Tensor has no attribute 'cuda': write `x.to('cuda')`, or `x.to('cuda:1')` for another one"),
        (
            LAYER,
            "cuda",
            "Linear has no attribute 'cuda': write `model.to('cuda')`, which returns the module there",
        ),
        (M, "clone", "Tensor has no attribute 'clone': a tensor never changes, so `x` itself will do"),
        (M, "cpu", "Tensor has no attribute 'cpu': did you mean 'x.to(\"cpu\")'?"),
        (M, "requires_grad_", "Tensor has no attribute 'requires_grad_': did you mean 'traced'?"),
        (
            st,
            "no_grad",
            "module 'shapetensor' has no attribute 'no_grad': gradients are computed only where you ask for them, with "
            "`st.grad` or `x.traced()`: leave it out",
        ),
        (
            st,
            "randn",
            "module 'shapetensor' has no attribute 'randn': write `st.random.normal(key, shape)`, with key = "
            "`st.random.key(seed)`",
        ),
        (
            st,
            "save",
            "module 'shapetensor' has no attribute 'save': write `st.io.save_file(model.state_dict(), path)`, or "
            "`st.io.save_checkpoint` for a whole run",
        ),
        (st, "from_torch", "module 'shapetensor' has no attribute 'from_torch': did you mean 'from_dlpack'?"),
        (
            nn,
            "CrossEntropyLoss",
            "module 'shapetensor.nn' has no attribute 'CrossEntropyLoss': write "
            "`st.losses.cross_entropy(scores, labels)`; classes are the last axis",
        ),
        (nn, "BatchNorm2d", "module 'shapetensor.nn' has no attribute 'BatchNorm2d': it is not there yet"),
        (nn, "Liner", "module 'shapetensor.nn' has no attribute 'Liner': did you mean 'Linear'?"),
        (nn, "qqqqq", "module 'shapetensor.nn' has no attribute 'qqqqq'"),
        (
            LAYER,
            "eval",
            "Linear has no attribute 'eval': `model(x)` is inference and `model.training(x, key=key)` is training: "
            "there are no modes",
        ),
        (
            st.optim.AdamW(),
            "step",
            "AdamW has no attribute 'step': write `model, state = optimizer.update(model, gradients, state)`",
        ),
    ],
)
def test_the_texts(owner: Any, name: str, text: str) -> None:
    with raises(AttributeError, text):
        getattr(owner, name)


def test_a_module_may_have_such_names_itself() -> None:
    moved = Moved("here", st.ones(2))
    assert (moved.cpu, moved.cuda.shape, moved.train()) == ("here", (2,), "mine")
    assert {"cpu", "cuda", "train"} <= set(dir(moved))
    assert "eval" not in dir(moved)
    assert moved.replace(cpu="there").cpu == "there"
    with pytest.raises(TypeError, match="missing 2 required positional arguments: 'cpu' and 'cuda'"):
        Moved()  # type: ignore[call-arg]


def test_modules_are_copied_and_pickled_as_before() -> None:
    for again in (copy.copy(LAYER), copy.deepcopy(LAYER), pickle.loads(pickle.dumps(LAYER))):
        assert again.state_dict()["weight"].tolist() == LAYER.weight.tolist()
    assert not hasattr(LAYER, "_private")
    assert not hasattr(LAYER, "__array__")
    assert not hasattr(nn.Module, "__getattr__")
