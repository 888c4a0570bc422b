"""What somebody meets who has no device, no driver or not even numba-cuda; and that nobody pays for what he leaves."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import shapetensor as st
from shapetensor._core import cuda

USES_THE_CPU_ONLY = """
import sys
import shapetensor as st
from shapetensor import nn
model = nn.Linear(3, 2, key=st.random.key(0))
step = st.compile(st.grad(lambda m, x: m(x).sum()))
step(model, st.ones((4, 3)))
x = st.softmax(st.ones((2, 3)) @ st.ones((3, 2))).to("cpu")
st.to_device((model, x), "cpu")
print(x.device, hasattr(x, "__cuda_array_interface__"), repr(x))
st.clear_caches()
unwanted = "numba.cuda", "numba_cuda", "cuda.", "shapetensor._core.kernels.cuda"
found = [m for m in sys.modules if m.startswith(unwanted)]
assert not found, found
"""

ASKS_FOR_A_DEVICE = """
import sys
import shapetensor as st
try:
    st.ones(2).to("cuda:0")
except st.DeviceError as error:
    print(error)
"""


def output(code: str, **environment: str) -> str:
    given = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"} | environment
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_who_uses_the_cpu_never_imports_numba_cuda() -> None:
    assert output(USES_THE_CPU_ONLY).startswith("cpu False Tensor[F32, 2, 2]")


def test_without_numba_cuda_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError('the package numba-cuda is not installed: pip install "shapetensor[cuda]"')

    monkeypatch.setattr(cuda, "compat", missing)
    monkeypatch.setattr(st.Cuda, "_made", {})
    for ask in (lambda: st.ones(2, device="cuda"), lambda: st.ones(2).to("cuda:0"), lambda: st.Cuda(0)):
        with pytest.raises(st.DeviceError) as caught:
            ask()
        text = 'cuda:0: the package numba-cuda is not installed: pip install "shapetensor[cuda]"'
        assert str(caught.value) == text


def test_numbas_own_cuda_is_refused() -> None:
    """As where numba-cuda is installed and its redirection of imports does not work."""
    code = "import sys, types; sys.meta_path[:] = [f for f in sys.meta_path if 'NumbaCuda' not in type(f).__name__]\n"
    code += "from importlib import util; find = util.find_spec\n"
    code += "util.find_spec = lambda name, *more: True if name == 'numba_cuda' else find(name, *more)\n"
    code += "import warnings; warnings.simplefilter('ignore')\n"
    text = output(code + ASKS_FOR_A_DEVICE)
    assert text.startswith("cuda:0: numba.cuda is Numba's own and not numba-cuda, which should take its place: pip"), (
        text
    )


def test_without_a_driver_the_error_says_so() -> None:
    pytest.importorskip("numba_cuda", reason="no extra", exc_type=ImportError)
    if cuda.compat().driver_error() == "":
        pytest.skip("there is a device here")
    text = output(ASKS_FOR_A_DEVICE)
    assert text.startswith("cuda:0: no CUDA driver was found (")
    assert text.endswith(
        "): install NVIDIA's driver; NUMBA_ENABLE_CUDASIM=1, set before Python starts, simulates a device, slowly"
    )
    assert "\n" not in text


def test_names_that_no_device_has() -> None:
    for name in ("gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", ""):
        with pytest.raises(st.DeviceError) as caught:
            st.ones(2, device=name)
        text = f"there is no device {name!r}: this version has 'cpu' and 'cuda:0', 'cuda:1', ..."
        assert str(caught.value) == text
    with pytest.raises(st.DeviceError, match=r"3 is not a device: use 'cpu', 'cuda:0' or x\.device"):
        st.ones(2).to(3)
