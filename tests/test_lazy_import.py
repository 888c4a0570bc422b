"""What importing costs: names load when they are used, and heavy libraries when something is computed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "numba", "llvmlite", "jaxtyping", "beartype", "onnx", "scipy", "typing_extensions", "safetensors")


def _loaded_by(code: str) -> set[str]:
    """Which of the heavy libraries are loaded after this code, in a process of its own."""
    report = f"{code}\nimport sys\nprint('loaded:', *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_the_package_alone_loads_nothing() -> None:
    assert _loaded_by("import shapetensor") == set()


def test_dtypes_and_errors_load_nothing() -> None:
    assert _loaded_by("import shapetensor as st; st.F32, st.bool_, st.ShapeError, dir(st)") == set()


def test_functions_load_nothing_before_they_are_called() -> None:
    assert _loaded_by("import shapetensor as st; st.ones, st.matmul, st.Tensor, st.grad, st.softmax") == set()


@pytest.mark.parametrize(
    "code",
    [
        "st.ones((2, 2))",
        "st.tensor([[1.0, 2.0], [3.0, 4.0]]).numpy()",
        "st.ones(3)[1:2].item()",
        "st.ones((2, 3)).mT[0].shape",
        "repr(st.zeros(3))",
        "st.random.key(0)",
    ],
)
def test_creation_views_and_text_need_numpy_only(code: str) -> None:
    assert _loaded_by(f"import shapetensor as st; {code}") == {"numpy"}


def test_the_first_kernel_loads_numba() -> None:
    assert "numba" in _loaded_by("import shapetensor as st; st.ones(2) + 1.0")


def test_no_kernel_needs_the_type_checking_libraries() -> None:
    loaded = _loaded_by("import shapetensor as st; (st.ones((2, 2)) @ st.ones((2, 2))).sum().item()")
    assert not loaded & {"jaxtyping", "beartype", "onnx"}


@pytest.mark.parametrize(
    "name", ["tensor", "nn", "random", "losses", "optim", "optim.schedules", "autodiff", "checked"]
)
def test_no_module_builds_hints(name: str) -> None:
    """A hint such as `Tensor[F32]` loads jaxtyping: annotations of the library are texts, its aliases are lazy."""
    assert not _loaded_by(f"import shapetensor.{name}") & {"numpy", "numba", "jaxtyping", "beartype"}


def test_no_model_needs_the_type_checking_libraries() -> None:
    code = """
import shapetensor as st
model = st.nn.Sequential(st.nn.Linear(4, 3, key=st.random.key(0)), st.nn.ReLU(), st.nn.BatchNorm1d(3))
optimizer = st.optim.Adam(lr=0.1)
grads = st.grad(lambda m: st.losses.cross_entropy(m(st.ones((2, 4))), st.tensor([0, 1])))(model)
model, state = optimizer.update(model, grads, optimizer.init(model), lr=st.optim.schedules.constant(0.1)(0))
"""
    assert not _loaded_by(code) & {"jaxtyping", "beartype"}


def test_a_hint_loads_jaxtyping_and_a_checked_call_beartype() -> None:
    alias = "import shapetensor as st; st.random.Key"
    assert _loaded_by(alias) & {"jaxtyping", "beartype"} == {"jaxtyping"}
    call = "import shapetensor as st; st.checked(lambda x: x)(st.ones(2))"
    assert _loaded_by(call) & {"jaxtyping", "beartype"} == {"jaxtyping", "beartype"}


def test_dir_lists_the_public_names_and_loads_none() -> None:
    code = """
import sys, shapetensor as st
assert dir(st) == sorted(st.__all__)
assert not [m for m in sys.modules if m.startswith("shapetensor.")], sys.modules
"""
    assert _loaded_by(code) == set()


def test_an_unknown_name_loads_no_library() -> None:
    assert _loaded_by("import shapetensor as st; hasattr(st, 'no_such_name')") == set()
