"""Threads: the same bits with any number of them, and no harm where there are none to be had.

What depends on the number of threads, or on Numba's choice of a layer, runs in processes of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import shapetensor as st
from shapetensor._core.kernels import threads
from shapetensor.tensor import AnyTensor

# Calls on both sides of every way to cut work: rows, columns, long axes, strides, several steps, errors in between.
EVERYTHING = """
import hashlib, sys
import numpy as np
import shapetensor as st
from shapetensor._core.kernels import threads
from shapetensor._core.pytree import flatten

rng = np.random.default_rng(0)
state = hashlib.sha256()
def note(*tensors):
    for x in tensors:
        state.update(np.ascontiguousarray(x.numpy()).tobytes())

for shape in ((200_003,), (1009, 257), (3, 70001), (70001, 3), (5, 30011, 2), (2, 3, 5, 7, 11, 13, 5)):
    x = st.from_numpy(rng.standard_normal(shape).astype(np.float32))
    y = st.from_numpy(rng.standard_normal(shape[-1:]).astype(np.float32))
    note(x + y, x * 2, x.exp(), x.sin(), (x * 1e6).cos(), st.where(x > 0, x, y), x.mT + 1 if x.ndim > 1 else x)
    note(st.softmax(x), st.log_softmax(x, axis=0), *st.value_and_grad(lambda z: (st.softmax(z) * x).sum())(x))
    for axis in (None, *range(x.ndim), tuple(range(0, x.ndim, 2))):
        note(x.sum(axis=axis), x.max(axis=axis), x.var(axis=axis), x.logsumexp(axis=axis), (x > 3).any(axis=axis))
        note(x.astype(st.I32).sum(axis=axis), (x * 0.001 + 1).prod(axis=axis))
optimizer = st.optim.Adam(lr=0.1)
parameter = {"w": st.from_numpy(rng.standard_normal(200_003).astype(np.float32))}
new, after = optimizer.update(parameter, parameter, optimizer.init(parameter))
note(new["w"], *flatten(after)[0])
labels = st.from_numpy(rng.integers(0, 257, 1009))
x = st.from_numpy(rng.standard_normal((1009, 257)).astype(np.float32))
note(*st.value_and_grad(lambda z: st.losses.cross_entropy(z, labels))(x))
for row in (0, 500, 1008):
    bad = labels.at[row].set(257)
    try:
        st.losses.cross_entropy(x, bad)
    except IndexError as error:
        state.update(str(error).encode())
print(threads.count(), threads.layer() or "none", state.hexdigest())
"""


def run(code: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"SHAPETENSOR_QUIET": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    one, two, three = (run(EVERYTHING, NUMBA_NUM_THREADS=n) for n in "123")
    assert [one[0], two[0], three[0]] == ["1", "2", "3"]
    assert one[2] == two[2] == three[2]


def test_the_slow_layer_is_not_used() -> None:
    code = "import shapetensor as st; x = st.ones((1000, 1000)); print(float((x + x).sum()), st.get_num_threads())"
    assert run(code, NUMBA_THREADING_LAYER="workqueue", NUMBA_NUM_THREADS="2") == ["2000000.0", "1"]


FORK = """
import os
import shapetensor as st
x = st.ones((1000, 1000))
assert float((x + x).sum()) == 2e6 and st.get_num_threads() == 2
child = os.fork()
if child == 0:
    right = float((x * 3.0).sum()) == 3e6 and st.get_num_threads() == 1
    os._exit(0 if right else 3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), float((x + x).sum()), st.get_num_threads())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_after_threads_were_used_computes_on_one() -> None:
    # Python warns of forks in processes with threads of its own kind only, from 3.12 on of all
    code = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n" + FORK
    assert run(code, NUMBA_NUM_THREADS="2") == ["0", "2000000.0", "2"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_after_others_used_numbas_threads_computes_on_one() -> None:
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
import numba, numpy as np, os
import shapetensor as st
@numba.njit(parallel=True)
def work(x):
    for i in numba.prange(x.size):
        x[i] += 1
work(np.ones(1000))
x = st.ones((3,)) * 2.0
child = os.fork()
if child == 0:
    y = st.ones((1000, 1000))
    os._exit(0 if float((y + y).sum()) == 2e6 and st.get_num_threads() == 1 else 3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code, NUMBA_NUM_THREADS="2") == ["0"]


def test_the_setting_of_other_users_of_numba_stays() -> None:
    code = """
import numba
import shapetensor as st
x = st.ones((1000, 1000))
y = x + x
numba.set_num_threads(1)
y = x + x
print(numba.get_num_threads())
"""
    assert run(code, NUMBA_NUM_THREADS="2") == ["1"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_before_threads_were_used_has_its_own() -> None:
    code = """
import os
import shapetensor as st
child = os.fork()
x = st.ones((1000, 1000))
right = float((x + x).sum()) == 2e6 and st.get_num_threads() == 2
if child == 0:
    os._exit(0 if right else 3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), right)
"""
    assert run(code, NUMBA_NUM_THREADS="2") == ["0", "True"]


def test_threads_of_python_may_make_large_calls_at_once() -> None:
    x = st.arange(1_000_000, dtype=st.F32).reshape((1000, 1000))
    want = [(x * i).sum(axis=1).numpy().copy() for i in range(8)]

    def work(i: int) -> AnyTensor:
        for _ in range(5):
            found: AnyTensor = (x * i).sum(axis=1)
        return found

    with ThreadPoolExecutor(4) as pool:
        for got, wanted in zip(pool.map(work, range(8)), want, strict=True):
            np.testing.assert_array_equal(got.numpy(), wanted)


def test_the_number_of_threads_can_be_set() -> None:
    most = st.get_num_threads()
    try:
        st.set_num_threads(1)
        assert st.get_num_threads() == 1
        st.set_num_threads(10_000)
        assert st.get_num_threads() == most
    finally:
        threads._State.limit = None


@pytest.mark.parametrize(("number", "error"), [(0, ValueError), (-2, ValueError), (1.5, TypeError), (True, TypeError)])
def test_no_number_of_threads(number: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="set_num_threads: number"):
        st.set_num_threads(number)


def test_small_calls_start_no_threads() -> None:
    code = """
import sys
import shapetensor as st
x = st.ones((100, 100))
x.exp().sum(), st.softmax(x)
from shapetensor._core.kernels import threads
print(threads._State.layer, any(name.endswith("omppool") for name in sys.modules))
"""
    assert run(code) == ["None", "False"]
