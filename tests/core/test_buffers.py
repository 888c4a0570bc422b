"""CPU memory: aligned, given out again only when nobody can see it, bounded, and safe to share between threads."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import shapetensor as st
from shapetensor._core.buffers import ALIGNMENT, POOL, Pool
from shapetensor._core.dtypes import DTYPES
from shapetensor.tensor import AnyTensor

F32 = np.dtype(np.float32)


def address(x: AnyTensor | NDArray[Any]) -> int:
    return int((x if isinstance(x, np.ndarray) else x._buffer).ctypes.data)


def churn(like: AnyTensor, times: int = 20) -> list[AnyTensor]:
    """New tensors of this kind, which take every free buffer of it."""
    return [like + like for _ in range(times)]


# --- alignment --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 3, 64, 1001])
def test_buffers_are_aligned(dtype: st.DType, size: int) -> None:
    x = st.zeros(size, dtype=dtype)  # type: ignore[call-overload]
    made = [x, st.from_numpy(np.ones(size)), x.astype(st.F32), x.reshape(1, -1)]
    assert [address(y) % ALIGNMENT for y in made] == [0] * len(made)
    assert ALIGNMENT == 64


def test_outputs_of_many_and_scratch_are_aligned() -> None:
    values, order = (f(st.ones((3, 5)).mT) for f in (st.sort, st.argsort))
    assert [address(x) % ALIGNMENT for x in (values, order)] == [0, 0]


# --- reuse ------------------------------------------------------------------------------------------------------------


def test_a_dead_tensors_buffer_is_used_again() -> None:
    x = st.ones(1237)
    y = x + x
    where = address(y)
    allocated = POOL.allocated
    del y
    assert address(x + x) == where
    assert POOL.allocated == allocated


def test_an_exported_array_keeps_the_buffer() -> None:
    x = st.ones(1239)
    t = x * 3.0
    a = t.numpy()
    where = address(a)
    del t
    others = churn(x)
    assert where not in map(address, others)
    assert (a == 3.0).all()
    del a
    assert where not in map(address, others)


VIEWS: dict[str, Callable[[AnyTensor], Any]] = {
    "numpy": lambda t: t.numpy(),
    "asarray": np.asarray,
    "slice of the array": lambda t: t.numpy()[3:7],
    "transposed array": lambda t: t.numpy().T,
    "memoryview": lambda t: t.numpy().data,
    "array of a view": lambda t: t.reshape(2, -1).mT.numpy()[1:],
    "slice": lambda t: t[2:9],
    "one element": lambda t: t[5],
    "reshape": lambda t: t.reshape(4, -1),
    "mT": lambda t: t.reshape(4, -1).mT,
    "broadcast": lambda t: t.broadcast_to((2, 1240)),
    "unstacked": lambda t: t.reshape(4, -1).unstack()[2],
    "traced": lambda t: t.traced(),
    "dlpack": lambda t: np.from_dlpack(t, copy=False),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_view_keeps_the_buffer(view: Callable[[AnyTensor], Any]) -> None:
    x = st.ones(1240)
    t = x * 5.0
    kept = view(t)
    where = address(t)
    del t
    gc.collect()
    others = churn(x)
    assert where not in map(address, others)
    assert (np.asarray(kept) == 5.0).all()


def test_views_of_views_keep_the_buffer_until_the_last_dies() -> None:
    x = st.ones(1243)
    t = x * 5.0
    where = address(t)
    second = t.reshape(1243, 1)
    del t
    third = second.mT
    del second
    assert where not in map(address, churn(x))
    assert third.numpy().sum() == 5.0 * 1243
    del third
    assert where in map(address, churn(x))


def test_a_tensor_on_foreign_memory_never_enters_the_pool() -> None:
    a = np.full(1249, 2.0, np.float32)
    t = st.from_numpy(a, copy=False)
    where = address(t)
    assert where == address(a)
    del t
    assert where not in map(address, churn(st.ones(1249)))
    assert (a == 2.0).all()


def test_foreign_memory_lives_as_long_as_the_tensor() -> None:
    t = st.from_numpy(np.full(1259, 2.0, np.float32), copy=False)
    view = t[3:5]
    del t
    churn(st.ones(1259))
    assert view.tolist() == [2.0, 2.0]


def test_a_kernel_that_fails_gives_its_memory_back() -> None:
    x, bad = st.ones((5, 257)), st.tensor([7])
    for _ in range(3):
        with pytest.raises(IndexError):
            x.take(bad, axis=0)
    allocated = POOL.allocated
    for _ in range(10):
        with pytest.raises(IndexError):
            x.mT.take(st.tensor([999]), axis=0)
    assert POOL.allocated - allocated <= 13  # the outputs at most: what they held died with the error


def test_values_are_not_those_of_the_last_user() -> None:
    """Zeros are zeros although the memory is a used one."""
    x = st.full(1277, 9.0)
    del x
    assert (st.zeros(1277).numpy() == 0.0).all()
    padded = st.grad(lambda v: v[3:5].sum())(st.ones(1277))
    assert padded.numpy().sum() == 2.0


# --- bounds -----------------------------------------------------------------------------------------------------------


def cached_bytes(pool: Pool) -> int:
    return sum(len(stack) * size * dtype.itemsize for (size, dtype), stack in pool._free.items())


def test_the_pool_is_bounded() -> None:
    pool = Pool(limit=1 << 16)
    for size in range(100, 5000, 37):
        pool.give(pool.fresh(size, F32))
        assert cached_bytes(pool) <= pool.limit
    assert cached_bytes(pool) > 0


def test_the_pool_is_bounded_for_one_kind() -> None:
    pool = Pool(limit=1 << 16)
    flats = [pool.fresh(1000, F32) for _ in range(50)]
    while flats:
        pool.give(flats.pop())
        assert cached_bytes(pool) <= pool.limit


def test_arrays_above_the_limit_are_not_kept() -> None:
    pool = Pool(limit=1 << 12)
    pool.give(pool.fresh(5000, F32))
    assert cached_bytes(pool) == 0


def test_clear_gives_everything_back() -> None:
    pool = Pool()
    pool.give(pool.fresh(100, F32))
    stack = pool.stack(100, F32)
    pool.clear()
    assert cached_bytes(pool) == 0
    assert pool.stack(100, F32) is stack  # launches hold on to it
    assert pool.take(100, F32).size == 100


def test_kinds_are_not_mixed() -> None:
    pool = Pool()
    pool.give(pool.fresh(100, F32))
    assert pool.take(100, np.dtype(np.int32)).dtype == np.int32
    assert pool.take(50, F32).size == 50
    assert pool.allocated == 3
    pool.take(100, F32)
    assert pool.allocated == 3


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: st.zeros((1 << 30, 1 << 24)), "cannot allocate 72,057,594,037,927,936 bytes"),
        (lambda: st.ones((1 << 50,)) + 1.0, "cannot allocate 4,503,599,627,370,496 bytes"),
        (lambda: st.ones(1).broadcast_to((1 << 45,)) * 2.0, "cannot allocate 140,737,488,355,328 bytes"),
        (lambda: st.zeros((1 << 40, 1 << 40)), "cannot allocate 4,835,703,278,458,516,698,824,704 bytes"),
    ],
)
def test_oversized_requests_name_the_bytes(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(MemoryError) as caught:
        make()
    assert str(caught.value).startswith(text)
    assert str(caught.value).endswith(" of float32")


# --- threads ----------------------------------------------------------------------------------------------------------


def in_threads(function: Callable[[int], None], count: int = 4) -> list[BaseException]:
    """Run at once in so many threads; the exceptions."""
    found: list[BaseException] = []
    gate = threading.Barrier(count)

    def target(number: int) -> None:
        try:
            gate.wait()
            function(number)
        except BaseException as error:
            found.append(error)

    threads = [threading.Thread(target=target, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_tensors_are_shared_between_threads() -> None:
    shared = st.from_numpy(np.arange(1000.0).reshape(20, 50))
    want = (shared @ shared.mT).numpy().copy()

    def work(number: int) -> None:
        for _ in range(50):
            np.testing.assert_array_equal((shared @ shared.mT).numpy(), want)
            np.testing.assert_array_equal((shared + float(number)).numpy(), shared.numpy() + number)
            np.testing.assert_array_equal(shared[::2].mT.sum(axis=0).numpy(), shared.numpy()[::2].sum(axis=1))

    assert in_threads(work) == []


def test_no_buffer_is_given_to_two_threads() -> None:
    """Each thread fills tensors with its own number and finds nothing else in them."""
    base = st.zeros(517)

    def work(number: int) -> None:
        held: list[AnyTensor] = []
        for i in range(400):
            held.append(base + float(number))
            if i % 3 == 0:
                held = held[-2:]
            assert all((x.numpy() == number).all() for x in held[-3:])

    assert in_threads(work) == []


def test_a_tensor_made_here_may_die_there() -> None:
    made = [st.ones(523) * float(i) for i in range(200)]

    def work(number: int) -> None:
        for _ in range(50):
            x = made.pop()
            value = x.numpy()[0]
            assert (x.numpy() == value).all()

    assert in_threads(work) == []
    assert made == []


def test_a_pool_below_its_limit_keeps_what_it_has() -> None:
    pool = Pool(1 << 16)
    for _ in range(10):
        pool.give(pool.take(10_000, np.dtype(np.float32)))
    assert pool.allocated == 1
